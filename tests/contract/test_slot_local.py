"""What is true of the embedded slot alone: its lock files and its rows may be lost, and the kernel is right."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3

import pytest

from tests.contract.worlds import ACCOUNT, LocalWorld
from zai_ls.core.throttle import Go
from zai_ls.domain import Lane, Usage
from zai_ls.errors import StateLocked, StateUnusable
from zai_ls.state.ledger import Ledger, Reservation
from zai_ls.state.pause import pause


@pytest.fixture
async def world(tmp_path):
    world = LocalWorld(tmp_path / "state")
    yield world
    await world.aclose()


def lose_the_database(world):
    for ending in ("", "-wal", "-shm"):
        (world.folder / f"state.db{ending}").unlink(missing_ok=True)


async def test_the_lock_is_the_truth(world):
    """Whoever finds an empty database still finds the lock taken, and its holder back in line."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    lose_the_database(world)
    task = await world.wish(b)
    assert not task.done()
    await world.turn(5)
    assert not task.done()
    holder.release(clean=True)
    await world.settle()
    assert task.done()


async def test_a_flight_that_the_database_forgot_still_counts(world):
    """With its row gone its lock still keeps the others out, also when the limit has been lowered below its place."""
    a, b = world.process(2), world.process(2)
    first, second = await world.hold(a), await world.hold(b)
    lose_the_database(world)
    modest = world.process(1)
    task = await world.wish(modest)
    assert not task.done()
    first.release(clean=True)
    await world.turn(1)
    assert not task.done()
    second.release(clean=True)
    await world.turn(1)
    assert task.done()


async def test_the_limit_of_a_process_that_the_database_forgot_still_counts(world):
    """Nobody knows what it was, so it is taken to be the smallest."""
    modest, b, c = world.process(1), world.process(2), world.process(2)
    (await world.hold(modest)).release(clean=True)
    lose_the_database(world)
    await world.hold(b)
    task = await world.wish(c)
    assert not task.done()
    await modest.aclose()
    world.processes.remove(modest)
    await world.turn(1)
    assert task.done()


async def test_waiters_and_closures_outlive_the_database(world):
    """Who waits keeps its rank, and what was closed stays closed as far as anyone remembers."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    first = await world.wish(b)
    await world.turn(0.01)
    second = await world.wish(a)
    a.close(ACCOUNT, world.clock.now() + 30, "1302")
    lose_the_database(world)
    await world.turn(0.3)
    assert [c.code for c in b.closures(ACCOUNT)] == ["1302"]
    a.reopen(ACCOUNT)
    holder.release(clean=True)
    await world.settle()
    assert first.done()
    assert not second.done()


async def test_the_whole_folder_is_removed(world):
    """Waiters put themselves back and are served."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    task = await world.wish(b)
    shutil.rmtree(world.folder)
    holder.release(clean=True)
    await world.turn(1)
    assert task.done()
    third = await world.wish(a)
    task.result().release(clean=True)
    await world.settle()
    assert third.done()


async def test_rows_removed_by_hand_are_put_back(world):
    """A ticket that somebody deleted, or whose process was taken for dead, is in line again at its owner's next look."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    task = await world.wish(b)
    world.databases[0].transaction(
        lambda c: [c.execute(f"DELETE FROM {table}") for table in ("ticket", "proc")]
    )
    await world.turn(0.3)
    assert [one.ticket.id for one in a.view(ACCOUNT).waiting] == ["t2"]
    holder.release(clean=True)
    await world.settle()
    assert task.done()


async def test_a_holder_whose_row_stayed_behind(world):
    """When the row could not be removed, the free lock tells; the next one waits the gap and starts."""
    a, b = world.process(), world.process()
    await world.hold(a)
    ((_, flight),) = a._turns.flights.items()
    flight.lock.free()
    task = await world.wish(b)
    assert not task.done()
    await world.turn(0.3)
    assert task.done()


async def test_a_state_that_cannot_be_used_is_an_answer(world):
    """Nobody hangs: who waits and who comes is told, and a release still frees the lock."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    task = await world.wish(b)
    world.folder.chmod(0o755)
    for database in world.databases:
        database.close()
    await world.turn(0.3)
    with pytest.raises(StateUnusable):
        await asyncio.wait_for(task, 1)
    with pytest.raises(StateUnusable):
        await b.hold(world.ticket())
    holder.release(clean=True)
    world.folder.chmod(0o700)
    task = await world.wish(b)
    await world.turn(0.3)
    assert task.done()


async def test_nothing_runs_while_nothing_waits(world):
    """No look is planned once nobody waits and no guess is in flight."""
    a = world.process()
    lease = await world.hold(a)
    await world.turn(1)
    assert world.clock.sleeping == 0
    task = await world.wish(a)
    assert world.clock.sleeping == 1
    lease.release(clean=True)
    task.result().release(clean=True) if task.done() else (await task).release(clean=True)
    await world.turn(1)
    assert world.clock.sleeping == 0


async def test_a_process_without_a_loop_of_its_own_can_close(world):
    """What a command line does: no port, no life of its own, yet everyone is told."""
    a = world.process()
    holder = await world.hold(a)
    task = await world.wish(a)
    pause(world.process(), ACCOUNT)
    await world.settle()
    assert task.done()
    assert task.exception() is not None
    holder.release(clean=True)
    assert list((world.folder / "procs").glob("*.lock")) == [
        world.folder / "procs" / f"{world.databases[0].process_id}.lock"
    ]


async def test_what_the_dead_left_is_cleared_away(world):
    """The first ticket of a process removes the lock files and rows of those who died, and nobody else's."""
    alive = world.process()
    (await world.hold(alive)).release(clean=True)
    (world.folder / "procs" / "dead.lock").touch(mode=0o600)
    world.databases[0].transaction(
        lambda c: c.executemany("INSERT INTO proc (id) VALUES (?)", [("dead",), ("dead too",)])
    )
    (await world.hold(world.process())).release(clean=True)
    ids = world.databases[0].read(lambda c: {proc for (proc,) in c.execute("SELECT id FROM proc")})
    assert ids == {database.process_id for database in world.databases}
    assert {path.stem for path in (world.folder / "procs").iterdir()} == ids


async def test_a_listener_that_fails_costs_nothing(world, caplog):
    """Its fault is logged; the ticket is served."""
    a = world.process()
    holder = await world.hold(a)
    task = await world.wish(a, Lane.INVOKED, on_position=lambda place: 1 / 0)
    holder.release(clean=True)
    await world.settle()
    assert task.done()
    assert "position" in caplog.text


def lose_the_lock_files(world, ending="*"):
    for path in world.folder.glob(f"slot-*-{ending}.lock"):
        path.unlink()


async def test_a_lock_file_removed_in_flight_lets_nobody_in(world):
    """A missing file says nothing: the holder's process lives, so its request does."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    lose_the_lock_files(world)
    task = await world.wish(b)
    await world.turn(5)
    assert not task.done()
    holder.release(clean=True)
    await world.turn(1)
    assert task.done()


async def test_a_lock_file_removed_and_its_holder_dead(world):
    """Then nobody is in flight; the next one waits the gap and starts."""
    a, b = world.process(), world.process()
    (await world.hold(b)).release(clean=True)
    await world.hold(a)
    lose_the_lock_files(world)
    a._presence.die()
    task = await world.wish(b)
    assert not task.done()
    await world.turn(0.3)
    assert task.done()


async def test_a_missing_lock_file_hides_no_other(world):
    """A flight in a higher place counts, whichever files below it are gone."""
    a = world.process(3)
    leases = [await world.hold(a) for _ in range(3)]
    for lease in leases[:2]:
        lease.release(clean=True)
    lose_the_lock_files(world, "1")
    lose_the_database(world)
    task = await world.wish(world.process(1))
    assert not task.done()
    leases[2].release(clean=True)
    await world.turn(1)
    assert task.done()


async def test_a_holder_puts_back_rows_and_lock(world):
    """Whatever is removed in flight is there again as soon as its holder writes to the database."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    lose_the_database(world)
    lose_the_lock_files(world)
    world.databases[0].transaction(lambda c: None)
    assert len(list(world.folder.glob("slot-*.lock"))) == 1
    task = await world.wish(b)
    await world.turn(5)
    assert not task.done()
    holder.release(clean=True)
    await world.settle()
    assert task.done()


@pytest.fixture
def lock(world):
    """Another program that writes to the database until told to end."""
    others = []

    def lock() -> sqlite3.Connection:
        other = sqlite3.connect(world.folder / "state.db", isolation_level=None)
        others.append(other)
        other.execute("BEGIN IMMEDIATE")
        return other

    yield lock
    for other in others:
        other.close()


async def test_who_waits_outlasts_a_locked_database(world, lock):
    """For some seconds nobody in line is sent away, whoever comes is let in later, and what was released is free."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    first = await world.wish(b)
    other = lock()
    await world.turn(0.3)
    second = await world.wish(b)
    holder.release(clean=True)
    await world.turn(0.3)
    assert (first.done(), second.done()) == (False, False)
    other.close()
    await world.turn(0.6)
    assert first.done()
    first.result().release(clean=True)
    await world.turn(0.6)
    assert second.done()


async def test_a_row_that_could_not_be_removed_goes_by_itself(world, lock):
    """Nobody else needs to come for it; afterwards nothing is looked for any more."""
    a = world.process()
    holder = await world.hold(a)
    other = lock()
    holder.release(clean=True)
    await world.turn(0.6)
    other.close()
    await world.turn(0.6)
    assert world.databases[0].read(lambda c: c.execute("SELECT count(*) FROM ticket").fetchone()) == (0,)
    assert world.clock.sleeping == 0


async def test_a_database_locked_for_too_long_is_an_answer(world, lock):
    """Who waits and who comes is told, in the words for it."""
    a, b = world.process(), world.process()
    await world.hold(a)
    waits = await world.wish(b)
    lock()
    comes = await world.wish(a)
    await world.turn(0.3)
    world.clock.set_back(-11)
    await world.turn(0.6)
    for task in (waits, comes):
        assert isinstance(task.exception(), StateLocked)


async def test_who_leaves_leaves_nothing_open(world):
    """An entry whose request was never settled would count as spent for good: nobody could tell whose it was."""
    a, b = world.process(), world.process()
    mine, theirs = (Ledger(database, world.clock) for database in world.databases)
    for slot, ledger in ((a, mine), (b, theirs)):
        (await world.hold(slot)).release(clean=True)
        ledger.reserve(Reservation(ACCOUNT, Lane.ACTION, "glm-5.2", Usage(10, 0, 10)), lambda view: Go())
    await a.aclose()
    world.processes.remove(a)
    assert sorted(entry.state for entry in theirs.recent(ACCOUNT, 9)) == ["open", "orphaned"]


async def test_open_entries_of_nobody_are_settled_at_the_start(world):
    """Left by a process that no table and no lock file knows any more."""
    gone = Ledger(world.database(), world.clock)
    gone.reserve(Reservation(ACCOUNT, Lane.ACTION, "glm-5.2", Usage(10, 0, 10)), lambda view: Go())
    await world.hold(world.process())
    assert [entry.state for entry in gone.recent(ACCOUNT, 9)] == ["orphaned"]
