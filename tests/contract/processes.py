"""Real processes that take the slot, and other things of which there is one: a worker program, and how a test speaks with it.

A worker reads one JSON command a line and answers each with one line. Times are of the monotonic clock, which all
processes of a machine share. `race` holds the slot again and again and notes each hold in a file of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import sys
import time
from pathlib import Path

from zai_ls.clock import SystemClock
from zai_ls.core.scheduling import Ticket
from zai_ls.core.throttle import Go
from zai_ls.domain import Lane, Reading, Usage
from zai_ls.state import schema
from zai_ls.state.db import Database
from zai_ls.state.ledger import Ledger, Reservation
from zai_ls.state.notices import Notices
from zai_ls.state.readings import Readings
from zai_ls.state.slot_local import LocalSlot

ACCOUNT = "acme"
ROOT = Path(__file__).parents[2]

_NEWER = (
    "ALTER TABLE ticket ADD COLUMN mood TEXT NOT NULL DEFAULT 'calm'",
    "ALTER TABLE request ADD COLUMN weather TEXT",
    "ALTER TABLE closure ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",
    "ALTER TABLE question ADD COLUMN manner TEXT NOT NULL DEFAULT 'polite'",
    "ALTER TABLE proc ADD COLUMN dialect INTEGER NOT NULL DEFAULT 7",
    "CREATE TABLE tomorrow (id INTEGER PRIMARY KEY)",
)
"""What a later version of zai-ls may add."""


class Worker:
    """A process under test, as the test has it."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    @classmethod
    async def start(cls, folder: Path, *options: str) -> Worker:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.contract.processes",
            str(folder),
            *options,
            cwd=ROOT,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        return cls(process)

    async def ask(self, do: str, **values) -> dict:
        """Command, and the answer to it."""
        self.tell(do, **values)
        return await self.answer()

    def tell(self, do: str, **values) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **values}).encode() + b"\n")

    async def answer(self) -> dict:
        assert self.process.stdout is not None
        line = await asyncio.wait_for(self.process.stdout.readline(), 30)
        assert line, "the worker ended"
        return json.loads(line)

    async def kill(self) -> float:
        """End it as nothing can be caught; the time of its death."""
        self.process.kill()
        died = time.monotonic()
        await self.end()
        return died

    async def end(self) -> None:
        """Let it end, or see that it has."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.process.stdin.close()
            await self.process.stdin.wait_closed()
        try:
            await asyncio.wait_for(self.process.wait(), 10)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()


async def _work(folder: Path, slots: int) -> None:
    clock = SystemClock()
    database = Database(folder, on_message=lambda text: print(text, file=sys.stderr))
    slot = LocalSlot(database, folder, clock, slots_of=lambda account: slots)
    ledger = Ledger(database, clock)
    readings = Readings(database, clock)
    notices = Notices(database, clock)
    ids = itertools.count()
    leases = {}
    waiting: dict[str, asyncio.Task] = {}
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    def ticket(lane: str = "action") -> Ticket:
        return Ticket(f"{os.getpid()}-{next(ids)}", ACCOUNT, Lane(lane), "glm-5.2")

    def reserve(expected: Usage) -> int:
        entry = ledger.reserve(
            Reservation(ACCOUNT, Lane.ACTION, "glm-5.2", expected, credits=10.0), lambda view: Go()
        )
        assert isinstance(entry, int)
        return entry

    async def race(turns: int, record: str, flight_s: float) -> None:
        with Path(record).open("a", buffering=1) as notes:
            for _ in range(turns):
                wished = time.monotonic()
                lease = await slot.hold(ticket())
                began = time.monotonic()
                notes.write(f"+ {began}\n")
                entry = reserve(Usage(10, 0, 10))
                await asyncio.sleep(flight_s)
                ledger.settle(entry, Usage(10, 0, 5), "complete")
                notes.write(f"- {wished} {began} {time.monotonic()}\n")
                lease.release(clean=True)

    def say(**values) -> None:
        print(json.dumps(values), flush=True)

    while line := await reader.readline():
        command = json.loads(line)
        match command.pop("do"):
            case "hold":
                leases["it"] = await slot.hold(ticket(**command))
                say(at=time.monotonic())
            case "wish":
                waiting["it"] = asyncio.ensure_future(slot.hold(ticket(**command)))
                while not (slot.view(ACCOUNT).waiting or waiting["it"].done()):
                    await asyncio.sleep(0.001)
                say(done=waiting["it"].done())
            case "got":
                leases["it"] = await waiting.pop("it")
                say(at=time.monotonic())
            case "reserve":
                entry = reserve(Usage(100, 0, 50))
                ledger.sent(entry)
                ledger.received(entry, 20)
                say(entry=entry)
            case "release":
                leases.pop("it").release(**command)
                say(at=time.monotonic())
            case "revoked":
                await leases["it"].revoked.wait()
                say(at=time.monotonic())
            case "claim":
                say(won=readings.claim(ACCOUNT, **command))
            case "told":
                readings.put(ACCOUNT, Reading(clock.now()))
                say(at=time.monotonic())
            case "notice":
                say(first=notices.first(ACCOUNT, **command))
            case "race":
                await race(**command)
                say(at=time.monotonic())
    await slot.aclose()
    database.close()


if __name__ == "__main__":
    if "newer" in sys.argv:
        schema.MIGRATIONS = (*schema.MIGRATIONS, _NEWER)
    asyncio.run(_work(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:3] and sys.argv[2].isdigit() else 1))
