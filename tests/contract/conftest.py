"""Fixtures of the tests on one shared state folder."""

from __future__ import annotations

import pytest

from tests.contract.desks import Desk


@pytest.fixture
def desk(tmp_path):
    """A folder of which several processes have databases."""
    desk = Desk(tmp_path / "state")
    yield desk
    desk.close()
