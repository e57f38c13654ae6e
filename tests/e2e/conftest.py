"""Fixtures of the end-to-end tests."""

from __future__ import annotations

import pytest

from tests.e2e.clients import a_desk


@pytest.fixture
async def desk(tmp_path):
    """A desk with an account that answers at once, unless told otherwise."""
    async with a_desk(tmp_path) as desk:
        yield desk
