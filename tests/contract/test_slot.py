"""What every implementation of the slot does; `World` is all that differs between them."""

from __future__ import annotations

import asyncio

import pytest

from tests.contract.worlds import ACCOUNT, LocalWorld, MemoryWorld, World
from zai_ls.domain import Lane
from zai_ls.errors import Busy, Cancelled, Closed, Paused, QuotaExhausted, Superseded
from zai_ls.state.pause import pause, resume

ACTION, INVOKED, TYPING, AGENT = Lane.ACTION, Lane.INVOKED, Lane.TYPING, Lane.AGENT


@pytest.fixture(params=["local", "memory"])
async def world(request, tmp_path):
    world: World = LocalWorld(tmp_path / "state") if request.param == "local" else MemoryWorld()
    yield world
    await world.aclose()


async def served(world: World, tasks: dict[str, asyncio.Task]) -> list[str]:
    """The names of *tasks* in the order in which they get the slot, each released cleanly at once."""
    order = []
    while tasks:
        ready = [name for name, task in tasks.items() if task.done()]
        assert len(ready) == 1, f"{ready} of {list(tasks)} hold the slot"
        order += ready
        tasks.pop(ready[0]).result().release(clean=True)
        await world.settle()
    return order


async def test_one_holds_and_the_others_wait_in_the_order_they_came(world):
    """Over all processes one request is in flight; the others are served in the order of arrival."""
    a, b = world.process(), world.process()
    tasks = {}
    for name, slot in (("1", a), ("2", b), ("3", a), ("4", b)):
        tasks[name] = await world.wish(slot)
        await world.turn(0.01)
    assert await served(world, tasks) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("arrivals", "order"),
    [
        ([("typing", TYPING), ("action", ACTION)], ["action", "typing"]),
        ([("typing", TYPING), ("invoked", INVOKED)], ["invoked", "typing"]),
        ([("agent", AGENT), ("action", ACTION)], ["action", "agent"]),
        ([("agent", AGENT), ("typing", TYPING)], ["typing", "agent"]),
        ([("action", ACTION), ("invoked", INVOKED)], ["action", "invoked"]),
        ([("invoked", INVOKED), ("action", ACTION)], ["invoked", "action"]),
        ([("typing", TYPING), ("agent", AGENT), ("action", ACTION)], ["action", "typing", "agent"]),
    ],
)
async def test_lanes_go_in_their_order(world, arrivals, order):
    """`typing` never starts before a person's ticket; `agent` counts as having come ten seconds later."""
    a, b = world.process(), world.process()
    holder = await world.hold(a, AGENT)
    tasks = {}
    for name, lane in arrivals:
        tasks[name] = await world.wish(b, lane)
        await world.turn(0.1)
    holder.release(clean=True)
    await world.settle()
    assert await served(world, tasks) == order


async def test_an_agent_that_has_waited_its_handicap_goes_first(world):
    """The handicap is ten seconds, not a lower class."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    tasks = {"agent": await world.wish(a, AGENT)}
    await world.turn(10.5)
    tasks["action"] = await world.wish(b)
    holder.release(clean=True)
    await world.settle()
    assert await served(world, tasks) == ["agent", "action"]


@pytest.mark.parametrize(
    ("holding", "waiting", "gives_way"),
    [
        (TYPING, ACTION, True),
        (TYPING, INVOKED, True),
        (TYPING, AGENT, False),
        (TYPING, TYPING, False),
        (AGENT, ACTION, False),
        (INVOKED, ACTION, False),
    ],
)
@pytest.mark.parametrize("same_process", [True, False])
async def test_typing_in_flight_gives_way_to_a_person(world, holding, waiting, gives_way, same_process):
    """Only `typing` is preempted, and only by `action` and `invoked`."""
    a = world.process()
    b = a if same_process else world.process()
    lease = await world.hold(a, holding)
    task = await world.wish(b, waiting)
    assert lease.revoked.is_set() == gives_way
    assert not task.done()
    lease.release(clean=True)
    await world.settle()
    assert task.done()


async def test_one_waiter_preempts_one_holder(world):
    """With two slots a person takes one of two guesses, not both."""
    a, b = world.process(2), world.process(2)
    older = await world.hold(a, TYPING)
    await world.turn(0.1)
    newer = await world.hold(b, TYPING)
    await world.wish(a)
    await world.wish(a, TYPING)  # deciding once more revokes no more
    assert (older.revoked.is_set(), newer.revoked.is_set()) == (False, True)


async def test_a_newer_ticket_of_a_topic_replaces_the_older(world):
    """The older one is answered as superseded, in whichever process it waits; other topics stay."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    old = await world.wish(a, TYPING, topic="file.py")
    other = await world.wish(a, TYPING, topic="other.py")
    new = await world.wish(b, TYPING, topic="file.py")
    with pytest.raises(Superseded):
        await old
    holder.release(clean=True)
    await world.settle()
    assert await served(world, {"other": other, "new": new}) == ["other", "new"]


async def test_a_guess_past_its_deadline_is_busy(world):
    """It is dropped at its deadline, not served late."""
    a = world.process()
    holder = await world.hold(a)
    task = await world.wish(a, TYPING, deadline=world.clock.now() + 3)
    await world.turn(2.9)
    assert not task.done()
    await world.turn(0.2)
    with pytest.raises(Busy):
        await task
    holder.release(clean=True)


async def test_a_guess_that_cannot_make_its_deadline_is_busy_at_once(world):
    """When the expected wait exceeds the deadline nobody waits for it."""
    a, b = world.process(), world.process()
    world.takes(ACTION, 20)
    await world.hold(a)
    late = await world.wish(b, TYPING, deadline=world.clock.now() + 3)
    with pytest.raises(Busy):
        await asyncio.wait_for(late, 1)
    patient = await world.wish(b, TYPING, deadline=world.clock.now() + 30)
    assert not patient.done()


async def test_after_an_abort_the_next_one_waits_the_gap(world):
    """A holder that did not read its body to the end leaves a gap of 250 ms, for every process."""
    a, b = world.process(), world.process()
    lease = await world.hold(a)
    task = await world.wish(b)
    lease.release(clean=False)
    await world.turn(0.2)
    assert not task.done()
    await world.turn(0.1)
    assert task.done()


async def test_releasing_twice_releases_once(world):
    """A second release does not free the next holder's slot."""
    a, b = world.process(), world.process()
    lease = await world.hold(a)
    next_one, third = await world.wish(a), await world.wish(b)
    lease.release(clean=True)
    lease.release(clean=False)
    lease.give_back(0)
    await world.settle()
    assert b.closures(ACCOUNT) == ()
    assert next_one.done()
    assert not third.done()


@pytest.mark.parametrize(
    ("closing", "waits"),
    [
        ({}, {ACTION: True, TYPING: True}),
        ({"model": "glm-5.2"}, {ACTION: True, TYPING: True}),
        ({"model": "other"}, {ACTION: False, TYPING: False}),
        ({"lane": "typing"}, {ACTION: False, TYPING: True}),
    ],
)
async def test_what_is_closed_starts_only_when_it_opens(world, closing, waits):
    """A closure holds for the account, for one model of it, or for one lane, in every process."""
    a, b = world.process(), world.process()
    a.close(ACCOUNT, world.clock.now() + 2, "1305", **closing)
    assert [c.code for c in b.closures(ACCOUNT)] == ["1305"]
    for lane, must_wait in waits.items():
        task = await world.wish(b, lane)
        assert task.done() != must_wait, lane
        if task.done():
            task.result().release(clean=True)
        else:
            task.cancel()
            await world.settle()
    late = await world.wish(b)
    await world.turn(2.1)
    assert late.done()
    assert b.closures(ACCOUNT) == ()


async def test_a_later_end_counts_and_reopening_ends_it(world):
    """Of two closures of one code the later end counts, whichever came first; `reopen` wakes who waits."""
    a, b = world.process(), world.process()
    now = world.clock.now()
    a.close(ACCOUNT, now + 20, "1302")
    b.close(ACCOUNT, now + 5, "1302")
    assert [c.until for c in a.closures(ACCOUNT)] == [now + 20]
    task = await world.wish(b)
    a.reopen(ACCOUNT, "another")
    await world.settle()
    assert not task.done()
    a.reopen(ACCOUNT, "1302")
    await world.settle()
    assert task.done()


@pytest.mark.parametrize(("code", "error"), [("1308", QuotaExhausted), ("1305", Closed), ("paused", Paused)])
async def test_a_closure_too_long_to_wait_for_is_an_answer(world, code, error):
    """Who waits learns why and until when, at once; so does who comes later."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    waiting = await world.wish(b)
    until = world.clock.now() + 3600
    a.close(ACCOUNT, until, code, reason="spent")
    await world.settle()
    for task in (waiting, await world.wish(b)):
        assert task.done()
        with pytest.raises(error) as caught:
            task.result()
        assert error is Paused or caught.value.resets_at == until
    holder.release(clean=True)


async def test_a_pause_stops_everyone_until_resume(world):
    """Paused is paused in every process, for every lane; what is in flight ends in peace."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    pause(b, ACCOUNT)
    assert not holder.revoked.is_set()
    holder.release(clean=True)
    for lane in (ACTION, TYPING):
        with pytest.raises(Paused):
            await b.hold(world.ticket(lane))
    resume(a, ACCOUNT)
    (await world.hold(b)).release(clean=True)


async def test_a_refusal_answers_one_lane_in_all_processes(world):
    """`refuse` answers all waiting tickets of the lane, wherever they wait, and no other."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    guesses = [await world.wish(slot, TYPING) for slot in (a, b)]
    action = await world.wish(b)
    a.refuse(ACCOUNT, "typing", world.clock.now() + 600, "1308", "spent")
    await world.settle()
    for guess in guesses:
        with pytest.raises(QuotaExhausted):
            await asyncio.wait_for(guess, 1)
    holder.release(clean=True)
    await world.settle()
    assert action.done()


async def test_accounts_do_not_block_each_other(world):
    """Two accounts have two slots, and closing one leaves the other open."""
    a, b = world.process(), world.process()
    await world.hold(a, account="one")
    a.close("one", world.clock.now() + 50, "1302")
    await world.hold(b, account="two")


async def test_the_smallest_limit_among_the_living_counts(world):
    """As many are in flight as the most modest process allows, for as long as it lives."""
    generous, modest = world.process(3), world.process(2)
    (await world.hold(modest)).release(clean=True)
    leases = [await world.hold(generous), await world.hold(generous)]
    third = await world.wish(generous)
    assert not third.done()
    await modest.aclose()
    world.processes.remove(modest)
    await world.wish(generous, TYPING)  # looks again
    assert third.done()
    assert len(leases) == 2


async def test_a_lowered_limit_lets_flights_end(world):
    """When the limit falls below what is in flight, nobody starts until it fits again."""
    generous, modest = world.process(2), world.process(1)
    first, second = await world.hold(generous), await world.hold(generous)
    task = await world.wish(modest)
    first.release(clean=True)
    await world.settle()
    assert not task.done()
    second.release(clean=True)
    await world.settle()
    assert task.done()


async def test_a_ticket_given_back_keeps_its_place(world):
    """It goes in front of who came after it, once its time has come."""
    a, b = world.process(), world.process()
    ticket = world.ticket()
    lease = (await world.wish_for(a, ticket)).result()
    await world.turn(0.1)
    later = await world.wish(b)
    blocker = await world.wish(b)
    back = world.clock.now() + 5
    lease.give_back(back)
    again = await world.wish_for(a, world.ticket(id=ticket.id, eligible_at=back))
    await world.settle()
    assert later.done()
    assert not again.done()
    await world.turn(6)
    later.result().release(clean=True)
    await world.settle()
    assert again.done()
    assert not blocker.done()


async def test_not_eligible_is_not_in_the_way(world):
    """A ticket that waits for its time blocks nobody, and preempts nobody."""
    a, b = world.process(), world.process()
    later = await world.wish(a, eligible_at=world.clock.now() + 10)
    guess = await world.hold(b, TYPING)
    assert not guess.revoked.is_set()
    guess.release(clean=True)
    await world.turn(10.1)
    assert later.done()


async def test_cancelling_leaves_nothing_behind(world):
    """Wherever in `hold` the caller is cancelled: no ticket, no lock, and the next one is served."""
    a, b = world.process(), world.process()
    for busy in (False, True):
        for steps in range(12):
            holder = await world.hold(b) if busy else None
            task = asyncio.ensure_future(a.hold(world.ticket()))
            for _ in range(steps):
                await asyncio.sleep(0)
            if holder is not None and steps % 2:
                holder.release(clean=True)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            if task.done() and not task.cancelled():
                task.result().release(clean=True)
            if holder is not None:
                holder.release(clean=True)
            await world.settle()
            view = b.view(ACCOUNT)
            assert (view.waiting, view.holding) == ((), ()), (busy, steps)
            (await world.hold(b)).release(clean=True)


async def test_cancelled_in_the_instant_of_the_grant(world):
    """A slot that was granted to somebody who has just gone is passed on."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    gone = await world.wish(a)
    then = await world.wish(b)
    holder.release(clean=True)
    gone.cancel()
    await world.settle()
    assert gone.cancelled()
    assert then.done()


async def test_who_waits_is_told_where_it_stands(world):
    """Places in line, who is in flight, and what is closed; told again only when that has changed."""
    a, b = world.process(), world.process()
    places: list = []
    first = await world.hold(a, AGENT)
    second = await world.wish(a)
    third = await world.wish(
        b, on_position=lambda place: places.append((place.ahead, place.holder, place.reason))
    )
    assert places == [(2, "agent", "")]
    await world.turn(1)
    assert places == [(2, "agent", "")]
    first.release(clean=True)
    await world.turn(0.3)
    assert places[1:] == [(1, "action", "")]
    a.close(ACCOUNT, world.clock.now() + 20, "1302")
    await world.settle()
    assert places[2:] == [(1, "action", "1302")]
    second.result().release(clean=True)
    await world.turn(21)
    assert third.done()


async def test_the_expected_wait_is_told(world):
    """It is what requests of those lanes lately took."""
    world.takes(ACTION, 8)
    a = world.process()
    await world.hold(a)
    places: list = []
    await world.turn(2)
    await world.wish(a)
    await world.wish(a, on_position=lambda place: places.append(place.expected_s))
    assert places == [pytest.approx(14, abs=0.1)]


async def test_the_view_shows_the_line(world):
    """Anyone can see who waits, who holds, and what is closed."""
    a, b = world.process(), world.process()
    await world.hold(a)
    await world.wish(b, TYPING)
    b.close(ACCOUNT, world.clock.now() + 2, "1302")
    view = a.view(ACCOUNT)
    assert [h.ticket.lane for h in view.holding] == [ACTION]
    assert [w.ticket.lane for w in view.waiting] == [TYPING]
    assert [c.code for c in view.closures] == ["1302"]


async def test_leaving_answers_and_releases(world):
    """At the end of a process its waiters are answered and its slot goes on, after the gap."""
    a, b = world.process(), world.process()
    await world.hold(a)
    waiting = await world.wish(a)
    other = await world.wish(b)
    await a.aclose()
    world.processes.remove(a)
    with pytest.raises(Cancelled):
        await waiting
    await world.turn(0.3)
    assert other.done()


async def test_order_survives_a_clock_that_is_set_back(world):
    """Ranks never go back, an agent's handicap still runs out, and no gap or deadline lasts longer for it."""
    a, b = world.process(), world.process()
    holder = await world.hold(a)
    tasks = {"1": await world.wish(a), "agent": await world.wish(a, AGENT)}
    guess = await world.wish(b, TYPING, deadline=world.clock.now() + 3)
    world.clock.set_back(3600)
    tasks["2"] = await world.wish(b)
    await world.turn(11)
    tasks["3"] = await world.wish(b)
    with pytest.raises(Busy):
        await asyncio.wait_for(guess, 1)
    holder.release(clean=True)
    await world.settle()
    assert await served(world, tasks) == ["1", "2", "agent", "3"]


async def test_a_gap_does_not_grow_when_the_clock_is_set_back(world):
    """What was meant as "so long from now" moves along with the clock; a time of day that the service named stays."""
    a, b = world.process(), world.process()
    (await world.hold(a)).release(clean=False)
    reset = world.clock.now() + 7200
    a.close(ACCOUNT, reset, "1308", lane="agent")
    world.clock.set_back(3600)
    task = await world.wish(b)
    await world.turn(0.3)
    assert task.done()
    assert [c.until for c in b.closures(ACCOUNT)] == [reset]
