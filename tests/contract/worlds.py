"""Worlds for the slot's contract: several "processes" that share accounts, with a clock turned by hand."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

from tests.clock import TurnedClock, settle
from zai_ls.core.scheduling import Ticket
from zai_ls.domain import Lane, Usage
from zai_ls.state.db import Database
from zai_ls.state.ledger import Ledger, Reservation
from zai_ls.state.slot import Slot
from zai_ls.state.slot_local import LocalSlot
from zai_ls.state.slot_memory import Lines, MemorySlot

ACCOUNT = "acme"


class World:
    """One machine: make processes on it, wish for the slot, and look."""

    frees_after_s = 0.0
    """How long a place stays taken after its holder was killed; 0 where nobody can be killed."""

    def __init__(self) -> None:
        self.clock = TurnedClock()
        self._count = itertools.count(1)
        self._tasks: list[asyncio.Task] = []
        self.processes: list[Slot] = []

    def process(self, slots: int = 1) -> Slot:
        slot = self._new_process(lambda account: slots)
        self.processes.append(slot)
        return slot

    def _new_process(self, slots_of: Callable[[str], int]) -> Slot:
        raise AssertionError

    def takes(self, lane: Lane, seconds: float) -> None:
        """Requests of *lane* lately took so long."""
        raise AssertionError

    def ticket(self, lane: Lane = Lane.ACTION, **fields) -> Ticket:
        fields = {"account": ACCOUNT, "model": "glm-5.2", **fields}
        return Ticket(id=fields.pop("id", None) or f"t{next(self._count)}", lane=lane, **fields)

    async def wish(self, slot: Slot, lane: Lane = Lane.ACTION, *, on_position=None, **fields) -> asyncio.Task:
        """A ticket put in line; the task ends with its lease or its refusal."""
        return await self.wish_for(slot, self.ticket(lane, **fields), on_position)

    async def wish_for(self, slot: Slot, ticket: Ticket, on_position=None) -> asyncio.Task:
        task = asyncio.ensure_future(slot.hold(ticket, on_position))
        self._tasks.append(task)
        await self.settle()
        return task

    async def hold(self, slot: Slot, lane: Lane = Lane.ACTION, **fields):
        """A lease that is to be had without waiting."""
        task = await self.wish(slot, lane, **fields)
        assert task.done(), "had to wait"
        return task.result()

    async def settle(self) -> None:
        await settle(40)

    async def turn(self, seconds: float) -> None:
        await self.clock.turn(seconds)
        await self.settle()

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for slot in self.processes:
            await slot.aclose()


class LocalWorld(World):
    """Each process with a database connection, lock files and a port of its own."""

    frees_after_s = 1.0

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder
        self.databases: list[Database] = []
        self.messages: list[str] = []

    def database(self) -> Database:
        database = Database(self.folder, on_message=self.messages.append)
        self.databases.append(database)
        return database

    def _new_process(self, slots_of: Callable[[str], int]) -> Slot:
        return LocalSlot(self.database(), self.folder, self.clock, slots_of=slots_of)

    def takes(self, lane: Lane, seconds: float) -> None:
        ledger = Ledger(self.database(), self.clock)
        from zai_ls.core.throttle import Go

        entry = ledger.reserve(Reservation(ACCOUNT, lane, "glm-5.2", Usage()), lambda view: Go())
        self.clock.set_back(-seconds)
        ledger.settle(entry, Usage(), "complete")

    async def aclose(self) -> None:
        await super().aclose()
        for database in self.databases:
            database.close()


class MemoryWorld(World):
    """Processes that are told apart in memory only."""

    def __init__(self) -> None:
        super().__init__()
        self._lines = Lines()
        self._service_s: dict[Lane, float] = {}

    def _new_process(self, slots_of: Callable[[str], int]) -> Slot:
        return MemorySlot(self.clock, slots_of=slots_of, lines=self._lines, service_s=self._service_s)

    def takes(self, lane: Lane, seconds: float) -> None:
        self._service_s[lane] = seconds
