"""The slot between real processes: killed, of different versions, and with the database lost under them."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from itertools import pairwise

import pytest

from tests.contract.processes import ACCOUNT
from tests.contract.worlds import LocalWorld
from zai_ls.clock import SystemClock
from zai_ls.core.scheduling import Ticket
from zai_ls.domain import Lane
from zai_ls.state import schema
from zai_ls.state.db import Database
from zai_ls.state.ledger import Ledger
from zai_ls.state.slot_local import LocalSlot

FREE_AFTER_S = LocalWorld.frees_after_s
AT_ONCE_S = 0.02
"""Wishes closer than this may be served in either order: a wish is noted before it is in line."""


def flights(folder, *, killed=()):
    """All holds that the workers noted, as (begin, end, worker); one that was killed ends with its death."""
    found = []
    deaths = dict(killed)
    for record in folder.glob("*.record"):
        begun = None
        for line in record.read_text().splitlines():
            kind, *times = line.split()
            if kind == "+":
                begun = float(times[0])
            else:
                found.append((begun, float(times[2]), record.stem))
                begun = None
        if begun is not None:
            found.append((begun, deaths[record.stem], record.stem))
    return sorted(found)


def wishes(folder):
    """For all holds that have ended: when the slot was wished for, and when it was had."""
    ended = [line.split() for record in folder.glob("*.record") for line in record.read_text().splitlines()]
    return [(float(times[1]), float(times[2])) for times in ended if times[0] == "-"]


def check_never_two(found):
    for (_, end, one), (begin, _, other) in pairwise(found):
        assert end <= begin, f"{one} and {other} in flight at once"


@contextlib.asynccontextmanager
async def me(folder):
    """This test's own process at the slot."""
    database = Database(folder / "state")
    slot = LocalSlot(database, folder / "state", SystemClock(), slots_of=lambda account: 1)
    yield slot, Ledger(database, SystemClock())
    await slot.aclose()
    database.close()


@pytest.mark.parametrize("count", [2, 4])
async def test_never_two_and_fair(start, tmp_path, count):
    """Processes that all want the slot all the time take turns; none overlaps another."""
    workers = [await start() for _ in range(count)]
    for number, worker in enumerate(workers):
        worker.tell("race", turns=15, record=str(tmp_path / f"{number}.record"), flight_s=0.005)
    await asyncio.gather(*(worker.answer() for worker in workers))
    found = flights(tmp_path)
    check_never_two(found)
    assert len(found) == 15 * count
    overtakings = sum(
        wished > mine + AT_ONCE_S and begin < my_begin
        for mine, my_begin in wishes(tmp_path)
        for wished, begin in wishes(tmp_path)
    )
    assert overtakings <= len(found) / 4  # polling lets nearly every wish be overtaken


@pytest.mark.parametrize("victims", [("holder",), ("head",), ("holder", "head")])
async def test_a_killed_process_frees_its_place_within_a_second(start, tmp_path, victims):
    """Whoever is killed, holding or first in line: the next one gets the slot, and never before the death."""
    holder, head = await start(), await start()
    await holder.ask("hold")
    assert not (await head.ask("wish"))["done"]
    async with me(tmp_path) as (slot, _):
        task = asyncio.ensure_future(slot.hold(Ticket("mine", ACCOUNT, Lane.ACTION, "glm-5.2")))
        while not any(one.ticket.id == "mine" for one in slot.view(ACCOUNT).waiting):
            await asyncio.sleep(0.001)
        died = 0.0
        for name in victims:
            died = await {"holder": holder, "head": head}[name].kill()
        if "holder" not in victims:
            died = (await holder.ask("release", clean=True))["at"]
        if "head" not in victims:
            died = (await head.ask("got"))["at"]
            await head.ask("release", clean=True)
        lease = await asyncio.wait_for(task, 10)
        assert 0 <= time.monotonic() - died < FREE_AFTER_S
        lease.release(clean=True)


async def test_what_a_killed_process_reserved_is_settled_as_an_orphan(start, tmp_path):
    """It counts as the prompt's estimate + what had arrived, marked estimated."""
    worker = await start()
    await worker.ask("hold")
    entry = (await worker.ask("reserve"))["entry"]
    await worker.kill()
    async with me(tmp_path) as (slot, ledger):
        assert ledger.spent(ACCOUNT, 0).completion_tokens == 50  # open: at its expected cost
        (await slot.hold(Ticket("mine", ACCOUNT, Lane.ACTION, "glm-5.2"))).release(clean=True)
        (found,) = ledger.recent(ACCOUNT, 9)
        assert (found.id, found.state) == (entry, "orphaned")
        assert (found.usage.prompt_tokens, found.usage.completion_tokens) == (100, 20)
        assert found.usage.estimated
        assert found.credits == pytest.approx(10 * 120 / 150)


async def test_a_person_preempts_a_guess_in_another_process(start, tmp_path):
    """The holder elsewhere is told within milliseconds, not at its next look."""
    guess, person = await start(), await start()
    await guess.ask("hold", lane="typing")
    await person.ask("wish")
    assert await guess.ask("revoked")
    await guess.ask("release", clean=False)
    assert await person.ask("got")


async def test_a_stopped_waiter_is_passed_over(start, tmp_path):
    """A suspended process that is first in line does not keep the others out; a suspended holder does."""
    import signal

    holder, stopped, other = await start(), await start(), await start()
    await holder.ask("hold")
    await stopped.ask("wish")
    await other.ask("wish")
    stopped.process.send_signal(signal.SIGSTOP)
    try:
        released = (await holder.ask("release", clean=True))["at"]
        assert (await other.ask("got"))["at"] - released < 3
    finally:
        stopped.process.send_signal(signal.SIGCONT)
    await other.ask("release", clean=True)
    assert await stopped.ask("got")


async def test_older_and_newer_versions_side_by_side(start, tmp_path):
    """A process that runs since before an update goes on beside the newer one, and an older one may start later."""
    older = await start()
    await older.ask("hold")
    newer = await start("newer")
    await newer.ask("wish")
    late = await start()
    await older.ask("release", clean=True)
    await newer.ask("got")
    await newer.ask("reserve")
    await newer.ask("release", clean=False)
    workers = {"older": older, "newer": newer, "late": late}
    for name, worker in workers.items():
        worker.tell("race", turns=8, record=str(tmp_path / f"{name}.record"), flight_s=0.003)
    await asyncio.gather(*(worker.answer() for worker in workers.values()))
    found = flights(tmp_path)
    check_never_two(found)
    assert {name for _, _, name in found} == set(workers)
    with contextlib.closing(sqlite3.connect(tmp_path / "state" / "state.db")) as database:
        assert database.execute("PRAGMA user_version").fetchone()[0] == len(schema.MIGRATIONS) + 1
        assert {mood for (mood,) in database.execute("SELECT dialect FROM proc")} == {7}


def delete(path):
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)


def delete_only_the_file(path):
    path.unlink(missing_ok=True)


def overwrite(path):
    path.write_bytes(b"this is no database " * 5000)


def truncate(path):
    with path.open("r+b") as file:
        file.truncate(5000)


def empty_in_place(path):
    with path.open("r+b") as file:
        file.truncate(0)


def replace(path):
    other = path.with_name("other")
    other.write_bytes(b"neither is this" * 999)
    other.replace(path)


@pytest.mark.parametrize(
    "harm",
    [delete, delete_only_the_file, overwrite, truncate, empty_in_place, replace],
    ids=lambda f: f.__name__,
)
async def test_the_database_is_lost_under_running_processes(start, tmp_path, harm):
    """Whatever happens to the file, never two are in flight, and everybody gets through."""
    workers = [await start() for _ in range(3)]
    for number, worker in enumerate(workers):
        worker.tell("race", turns=25, record=str(tmp_path / f"{number}.record"), flight_s=0.004)
    while len(wishes(tmp_path)) < 20:
        await asyncio.sleep(0.005)
    harm(tmp_path / "state" / "state.db")
    await asyncio.gather(*(worker.answer() for worker in workers))
    found = flights(tmp_path)
    check_never_two(found)
    assert len(found) == 75


async def test_killed_again_and_again(start, tmp_path):
    """Kills at any instant of a race leave the slot to the survivors, and never two in flight."""
    survivor = await start()
    survivor.tell("race", turns=30, record=str(tmp_path / "s.record"), flight_s=0.002)
    deaths = {}
    for number in range(5):
        victim = await start()
        record = tmp_path / f"v{number}.record"
        victim.tell("race", turns=500, record=str(record), flight_s=0.002)
        while not record.exists() or record.stat().st_size < 60 + 7 * number:
            await asyncio.sleep(0.001 * (number + 1) / 3)
        deaths[f"v{number}"] = await victim.kill()
    await survivor.answer()
    check_never_two(flights(tmp_path, killed=deaths))
