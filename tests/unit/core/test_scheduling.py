"""Who is next, as tables: pure values in, decisions out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zai_ls.core.scheduling import (
    COMES_FIRST,
    Arrivals,
    Holding,
    Ticket,
    Waiting,
    ahead_of,
    decide,
    expected_wait,
    in_order,
    rank,
    set_back,
    superseded_by,
    wake_at,
)
from zai_ls.core.throttle import Closure, Refuse
from zai_ls.domain import Lane

NOW = 1000.0
LANES = {lane.value: lane for lane in Lane}


def waiting(text: str) -> list[Waiting]:
    """`"typing@1 action@2"`: lanes with their arrivals; ids are lane and arrival."""
    return [
        Waiting(Ticket(word, "acme", LANES[lane], "glm-5.2"), rank(LANES[lane], float(at)), float(at))
        for word in text.split()
        for lane, at in [word.split("@")]
    ]


def holding(text: str) -> list[Holding]:
    """`"typing@1 typing@2!"`: lanes with when they began; `!` is revoked."""
    return [
        Holding(Ticket(word, "acme", LANES[lane], "glm-5.2"), float(at.rstrip("!")), at.endswith("!"))
        for word in text.split()
        for lane, at in [word.split("@")]
    ]


def names(items) -> str:
    return " ".join(item.ticket.id for item in items)


@pytest.mark.parametrize(
    ("line", "order"),
    [
        ("action@2 action@1", "action@1 action@2"),
        ("typing@1 action@5", "action@5 typing@1"),
        ("typing@1 invoked@5 typing@0", "invoked@5 typing@0 typing@1"),
        ("agent@1 action@10", "action@10 agent@1"),
        ("agent@1 action@12", "agent@1 action@12"),
        ("agent@1 typing@10 action@12", "agent@1 action@12 typing@10"),
        ("agent@1 typing@12", "agent@1 typing@12"),
        ("agent@1 typing@10", "typing@10 agent@1"),
        ("action@1 invoked@1", "action@1 invoked@1"),
        ("invoked@1 action@1", "invoked@1 action@1"),
    ],
)
def test_order(line, order):
    """By rank; `typing` after the last person; equals in the order of insertion."""
    assert names(in_order(waiting(line))) == order
    last = order.split()[-1]
    assert names(ahead_of(last, waiting(line))) == " ".join(order.split()[:-1])


@pytest.mark.parametrize(
    ("line", "flying", "slots", "start", "revoke"),
    [
        ("action@1 action@2", "", 1, "action@1", ""),
        ("action@1 action@2", "agent@0", 1, "", ""),
        ("action@1 action@2 action@3", "", 2, "action@1 action@2", ""),
        ("action@1 typing@2", "", 2, "action@1 typing@2", ""),
        ("typing@1 action@2", "", 1, "action@2", ""),
        ("action@1", "typing@0", 1, "", "typing@0"),
        ("invoked@1", "typing@0", 1, "", "typing@0"),
        ("action@1", "typing@0!", 1, "", ""),
        ("agent@1", "typing@0", 1, "", ""),
        ("typing@1", "typing@0", 1, "", ""),
        ("action@1", "typing@0", 2, "action@1", ""),
        ("action@3", "typing@1 typing@2", 2, "", "typing@2"),
        ("action@3 action@4", "typing@1 typing@2", 2, "", "typing@2 typing@1"),
        ("action@3 action@4", "typing@1 typing@2!", 2, "", "typing@1"),
        ("action@1", "action@0 action@0", 1, "", ""),
    ],
)
def test_start_and_revoke(line, flying, slots, start, revoke):
    """Free slots are filled in order; a person who finds none takes the newest guess in flight, one for one."""
    decision = decide(waiting(line), holding(flying), (), NOW, slots)
    assert (names(decision.start), names(decision.revoke)) == (start, revoke)


def ticket(**fields) -> list[Waiting]:
    fields = {"lane": Lane.ACTION, "model": "glm-5.2", **fields}
    return [Waiting(Ticket("it", "acme", **fields), 0.0, 0.0)]


@pytest.mark.parametrize(
    ("line", "closures", "becomes", "look_at"),
    [
        (ticket(), [], "start", None),
        (ticket(eligible_at=NOW + 5), [], "wait", NOW + 5),
        (ticket(deadline=NOW), [], "expired", None),
        (ticket(deadline=NOW + 1), [], "start", NOW + 1),
        (ticket(), [Closure(NOW + 5, "gap")], "wait", NOW + 5),
        (ticket(), [Closure(NOW, "gap")], "start", None),
        (ticket(), [Closure(NOW + 5, "1305", model="other")], "start", None),
        (ticket(), [Closure(NOW + 5, "1305", model="glm-5.2")], "wait", NOW + 5),
        (ticket(), [Closure(NOW + 5, "1113", lane="typing")], "start", None),
        (ticket(lane=Lane.TYPING), [Closure(NOW + 2, "1302", lane="typing")], "wait", NOW + 2),
        (ticket(lane=Lane.TYPING), [Closure(NOW + 5, "1302", lane="typing")], "refused", NOW + 5),
        (ticket(), [Closure(NOW + 5, "paused")], "refused", NOW + 5),
        (ticket(), [Closure(NOW + 500, "1308")], "refused", NOW + 500),
        (ticket(deadline=NOW + 2), [Closure(NOW + 5, "gap")], "wait", NOW + 2),
    ],
)
def test_a_ticket_is_one_of_four(line, closures, becomes, look_at):
    """Expired, refused, not eligible, or starting; and when time alone changes that."""
    decision = decide(line, (), closures, NOW)
    found = (
        "start"
        if decision.start
        else "expired"
        if decision.expired
        else "refused"
        if decision.refused
        else "wait"
    )
    assert (found, decision.look_at) == (becomes, look_at)
    if becomes == "refused":
        assert isinstance(decision.refused[0][1], Refuse)


def test_a_person_who_is_not_eligible_is_not_in_the_way():
    """Neither strictness nor preemption counts a ticket that may not start."""
    closed = [Closure(NOW + 5, "1305", model="big")]
    person = Waiting(Ticket("person", "acme", Lane.ACTION, "big"), 0.0, 0.0)
    guess = Waiting(Ticket("guess", "acme", Lane.TYPING, "small"), 1.0, 1.0)
    assert names(decide([person, guess], (), closed, NOW).start) == "guess"
    assert decide([person], holding("typing@1"), closed, NOW).revoke == ()


@pytest.mark.parametrize(
    ("line", "flying", "slots", "start"),
    [
        ("free free other", "", 3, "free other"),
        ("free free other", "free", 3, "other"),
        ("free free", "free", 2, ""),
        ("other other free", "", 3, "other other free"),
        ("free free", "", 1, "free"),
    ],
)
def test_a_free_model_takes_one_request_at_a_time(line, flying, slots, start):
    """However many places the account has; whoever waits for another model is not held up."""
    wishes = [
        Waiting(Ticket(f"{n}", "acme", Lane.ACTION, model), float(n), float(n))
        for n, model in enumerate(line.split())
    ]
    held = [
        Holding(Ticket(f"h{n}", "acme", Lane.ACTION, model), 0.0, False)
        for n, model in enumerate(flying.split())
    ]
    decision = decide(wishes, held, (), NOW, slots, lambda model: model == "free")
    assert " ".join(one.ticket.model for one in decision.start) == start


def test_superseding():
    """A newer ticket replaces the waiting ones of its topic and account, and none without a topic."""
    line = [
        Waiting(Ticket("same", "acme", Lane.TYPING, "m", topic="a"), 0, 0),
        Waiting(Ticket("other topic", "acme", Lane.TYPING, "m", topic="b"), 0, 0),
        Waiting(Ticket("other account", "bolt", Lane.TYPING, "m", topic="a"), 0, 0),
        Waiting(Ticket("none", "acme", Lane.TYPING, "m"), 0, 0),
    ]
    assert names(superseded_by(Ticket("new", "acme", Lane.TYPING, "m", topic="a"), line)) == "same"
    assert superseded_by(Ticket("new", "acme", Lane.TYPING, "m"), line) == ()
    assert superseded_by(line[0].ticket, line) == ()


def test_nothing_to_look_at():
    """Closures that concern nobody who waits, and instants that have passed, wake nobody."""
    assert wake_at((), [Closure(NOW + 5, "1302")], NOW) is None
    assert wake_at(ticket(eligible_at=NOW - 1), [Closure(NOW - 1, "gap")], NOW) is None


@pytest.mark.parametrize(
    ("line", "flying", "mine", "slots", "expected"),
    [
        ("action@1", "", "action@1", 1, 0.0),
        ("action@1", "action@996", "action@1", 1, 6.0),
        ("action@1 action@2", "action@996", "action@2", 1, 16.0),
        ("action@1 action@2", "action@996", "action@2", 2, 8.0),
        ("action@1", "action@900", "action@1", 1, 0.0),
        ("action@1", "typing@999", "action@1", 1, 0.0),
        ("typing@1 action@2", "", "typing@1", 1, 10.0),
        ("typing@1", "agent@999", "typing@1", 1, None),
        ("typing@1 agent@0", "action@999", "typing@1", 1, 9.0),
    ],
)
def test_expected_wait(line, flying, mine, slots, expected):
    """What is left of the flights, and all who are served before, at what their lanes lately took."""
    found = waiting(line)
    (me,) = [one.ticket for one in found if one.ticket.id == mine]
    usual = {Lane.ACTION: 10.0, Lane.TYPING: 1.0}
    assert expected_wait(me, found, holding(flying), (), NOW, service_s=usual, slots=slots) == expected


def test_a_closure_is_part_of_the_expected_wait():
    """Nobody starts before it ends."""
    (one,) = ticket()
    closed = [Closure(NOW + 7, "1302")]
    assert expected_wait(one.ticket, [one], (), closed, NOW, service_s={}) == 7.0


@given(st.lists(st.floats(-1e6, 1e6), max_size=50))
def test_arrivals_never_go_back(steps):
    """Whatever the clock does, a later insertion has no smaller arrival, and time runs on at the clock's pace."""
    arrivals, now = Arrivals(), 1_795_000_000.0
    for step in steps:
        now += step
        after = arrivals.next(now)
        assert after.last >= arrivals.last
        assert after.next(now + 10).last == pytest.approx(after.last + 10)
        arrivals = after


@pytest.mark.parametrize(("now", "by"), [(1000.0, 0), (999.5, 0), (900.0, 100.0), (1100.0, 0)])
def test_set_back(now, by):
    """Less than a second is two processes reading the clock in turn."""
    assert set_back(now, 1000.0) == by


@given(
    st.lists(st.tuples(st.sampled_from(list(Lane)), st.integers(0, 30)), max_size=8),
    st.lists(st.sampled_from(list(Lane)), max_size=3),
    st.integers(1, 3),
)
def test_whatever_the_line(wishes, flying, slots):
    """No slot is left free while somebody may start, none is given twice, and no guess starts before a person."""
    line = waiting(" ".join(f"{lane}@{at}" for lane, at in wishes))
    flights = holding(" ".join(f"{lane}@1" for lane in flying))
    decision = decide(line, flights, (), NOW, slots)
    free = max(0, slots - len(flights))
    assert len(decision.start) == min(free, len(line))
    left = [one for one in line if one not in decision.start]
    if any(one.ticket.lane is Lane.TYPING for one in decision.start):
        assert not any(one.ticket.lane in COMES_FIRST for one in left)
    assert all(one.ticket.lane is Lane.TYPING for one in decision.revoke)
