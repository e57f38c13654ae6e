"""Fixtures of the tests on one shared state folder."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.desks import Desk
from tests.contract.processes import Worker


@pytest.fixture
def desk(tmp_path):
    """A folder of which several processes have databases."""
    desk = Desk(tmp_path / "state")
    yield desk
    desk.close()


@pytest.fixture
async def start(tmp_path):
    """Start a worker on the state folder of this test."""
    workers = []

    async def start(*options: str) -> Worker:
        worker = await Worker.start(tmp_path / "state", *options)
        workers.append(worker)
        return worker

    yield start
    await asyncio.gather(*(worker.end() for worker in workers))
