"""Who is next for the slot: rank, supersede, preempt, expire. Pure; the slot implementations act on what it says.

`decide` looks at the whole line and says all that follows from it. Every change of the line ends by asking it again, so
nothing is patched step by step and nothing drifts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core import throttle
from zai_ls.domain import Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from zai_ls.core.throttle import Closure


HANDICAP_S: Mapping[Lane, float] = {Lane.ACTION: 0.0, Lane.INVOKED: 0.0, Lane.TYPING: 0.0, Lane.AGENT: 10.0}
"""Added to the arrival to give the rank (product, "Order")."""

COMES_FIRST = frozenset({Lane.ACTION, Lane.INVOKED})
"""Lanes of a person: `typing` never starts while one of them is eligible, and gives way in flight."""

SET_BACK_S = 1.0
"""A clock this far behind what was seen before was set back; less is two processes reading it in turn."""

RELATIVE_S = 60.0
"""A closure that ends within this was made as "so long from now" and moves with a clock that is set back; a later end is a
time of day that the service named, and stays."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """A wish for the slot."""

    id: str
    account: str
    lane: Lane
    model: str
    topic: str = ""
    """Tickets of one topic replace each other, the newer the older; empty means never."""
    eligible_at: float = 0.0
    """Not served before."""
    deadline: float | None = None
    """Not served after: answered as busy instead."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket in line, with the rank it got when it was inserted."""

    ticket: Ticket
    rank: float
    arrived_at: float


@dataclass(frozen=True, slots=True)
class Holding:
    """A ticket in flight."""

    ticket: Ticket
    since: float
    revoked: bool = False
    """True when it has been told to give way."""


@dataclass(frozen=True, slots=True)
class SlotView:
    """What anyone can see of an account's line, at one instant."""

    account: str
    waiting: tuple[Waiting, ...]
    holding: tuple[Holding, ...]
    closures: tuple[Closure, ...]
    service_s: float = 0.0
    """How long a request lately took on average; 0 when unknown."""


@dataclass(frozen=True, slots=True)
class Decision:
    """All that follows from a line as it stands."""

    start: tuple[Waiting, ...] = ()
    """May start now, in this order."""
    expired: tuple[Waiting, ...] = ()
    """Past their deadline: to be answered as busy."""
    refused: tuple[tuple[Waiting, throttle.Refuse], ...] = ()
    """Held up by a closure that is too long to wait for: to be answered with it."""
    revoke: tuple[Holding, ...] = ()
    """Must give way now."""
    look_at: float | None = None
    """When time alone changes the answer; None: never."""


# -- arrival and rank ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Arrivals:
    """The line's own time: it never goes back, and runs on at the clock's pace after the clock was set back."""

    last: float = 0.0
    skew: float = 0.0
    """What is added to the clock."""

    def next(self, now: float) -> Arrivals:
        """The arrival of a ticket that is inserted *now*; read it as `.last`."""
        skew = max(self.skew, self.last - now)
        return Arrivals(now + skew, skew)


def rank(lane: Lane, arrival: float) -> float:
    """Smaller goes first; equal ranks go in the order of insertion."""
    return arrival + HANDICAP_S[lane]


def set_back(now: float, seen: float) -> float:
    """By how many seconds the clock was set back since *seen*; 0 when it was not."""
    return seen - now if seen - now > SET_BACK_S else 0.0


# -- the line -----------------------------------------------------------------------------------------------


def decide(
    waiting: Sequence[Waiting],
    holding: Sequence[Holding],
    closures: Sequence[Closure],
    now: float,
    slots: int = 1,
    is_single: Callable[[str], bool] = lambda _model: False,
) -> Decision:
    """What to do now.

    *waiting* is in the order of insertion. Of a model that *is_single* one request is in flight at the most, however many
    *slots* the account has.
    Each waiting ticket is one of four: 1. its deadline has passed; 2. a closure refuses it; 3. it is not eligible yet;
    4. it is eligible, and starts if a slot is free.
    """
    expired, refused, eligible = [], [], []
    for one in waiting:
        if one.ticket.deadline is not None and one.ticket.deadline <= now:
            expired.append(one)
            continue
        verdict = throttle.decide(one.ticket.lane, one.ticket.model, closures, now)
        if isinstance(verdict, throttle.Refuse):
            refused.append((one, verdict))
        elif one.ticket.eligible_at <= now and not isinstance(verdict, throttle.Wait):
            eligible.append(one)
    return Decision(
        start=next_tickets(eligible, holding, slots, is_single),
        expired=tuple(expired),
        refused=tuple(refused),
        revoke=to_preempt(eligible, holding, slots),
        look_at=wake_at(waiting, closures, now),
    )


def in_order(waiting: Iterable[Waiting]) -> list[Waiting]:
    """The order in which these are served, were all of them eligible: by rank, `typing` after the last person."""
    ranked = sorted(waiting, key=lambda one: one.rank)
    guesses = [one for one in ranked if one.ticket.lane is Lane.TYPING]
    others = [one for one in ranked if one.ticket.lane is not Lane.TYPING]
    persons = [place for place, one in enumerate(others) if one.ticket.lane in COMES_FIRST]
    strict = persons[-1] + 1 if persons else 0
    return others[:strict] + sorted(others[strict:] + guesses, key=lambda one: one.rank)


def next_tickets(
    eligible: Iterable[Waiting],
    holding: Sequence[Holding],
    slots: int = 1,
    is_single: Callable[[str], bool] = lambda _model: False,
) -> tuple[Waiting, ...]:
    """Those of *eligible* that may start in the places left, in order."""
    free = max(0, slots - len(holding))
    starting: list[Waiting] = []
    flying = {one.ticket.model for one in holding}
    for one in in_order(eligible):
        if len(starting) == free:
            break
        model = one.ticket.model
        if model in flying and is_single(model):
            continue
        flying.add(model)
        starting.append(one)
    return tuple(starting)


def to_preempt(
    eligible: Iterable[Waiting], holding: Sequence[Holding], slots: int = 1
) -> tuple[Holding, ...]:
    """The `typing` holders that must give way: as many as persons wait for, less those already told; newest first."""
    persons = sum(1 for one in eligible if one.ticket.lane in COMES_FIRST)
    free = max(0, slots - len(holding))
    told = sum(1 for one in holding if one.revoked)
    guesses = [one for one in holding if one.ticket.lane is Lane.TYPING and not one.revoked]
    guesses.sort(key=lambda one: one.since, reverse=True)
    return tuple(guesses[: max(0, persons - free - told)])


def superseded_by(ticket: Ticket, waiting: Iterable[Waiting]) -> tuple[Waiting, ...]:
    """The waiting tickets that *ticket* replaces: the older ones of its topic."""
    if not ticket.topic:
        return ()
    return tuple(
        one
        for one in waiting
        if one.ticket.topic == ticket.topic
        and one.ticket.account == ticket.account
        and one.ticket.id != ticket.id
    )


def wake_at(waiting: Iterable[Waiting], closures: Iterable[Closure], now: float) -> float | None:
    """The next instant at which time alone changes what `decide` says; None when there is none."""
    line = list(waiting)
    instants = [at for one in line for at in (one.ticket.eligible_at, one.ticket.deadline) if at is not None]
    instants += [
        closure.until
        for closure in closures
        if any(throttle.concerns(closure, one.ticket.lane, one.ticket.model) for one in line)
    ]
    return min((at for at in instants if at > now), default=None)


# -- what a waiter is told ----------------------------------------------------------------------------------


def ahead_of(ticket_id: str, waiting: Iterable[Waiting]) -> list[Waiting]:
    """The tickets that are served before that one, as the line stands."""
    ahead: list[Waiting] = []
    for one in in_order(waiting):
        if one.ticket.id == ticket_id:
            break
        ahead.append(one)
    return ahead


def holds_up(ticket: Ticket, closures: Iterable[Closure], now: float) -> Closure | None:
    """The closure that holds *ticket* up longest, or None."""
    concerned = [c for c in closures if c.until > now and throttle.concerns(c, ticket.lane, ticket.model)]
    return max(concerned, key=lambda c: c.until, default=None)


def expected_wait(
    ticket: Ticket,
    waiting: Sequence[Waiting],
    holding: Sequence[Holding],
    closures: Sequence[Closure],
    now: float,
    *,
    service_s: Mapping[Lane, float],
    slots: int = 1,
    ahead: Sequence[Waiting] | None = None,
) -> float | None:
    """Likely seconds until *ticket* starts; None when there is no telling.

    *service_s* is how long a request of each lane lately took. A lane that it lacks is unknown, and so is any wait behind
    it. *ahead* is `ahead_of` the ticket where that is known already.
    """
    closed = holds_up(ticket, closures, now)
    not_before = max(0.0, ticket.eligible_at - now, closed.until - now if closed else 0.0)
    # A `typing` request in flight gives way to a person at once, and so costs no wait worth naming.
    blocking = [h for h in holding if not (h.ticket.lane is Lane.TYPING and ticket.lane in COMES_FIRST)]
    ahead = ahead_of(ticket.id, waiting) if ahead is None else ahead
    if len(blocking) + len(ahead) < slots:
        return not_before
    left = 0.0
    for flying in blocking:
        usual = service_s.get(flying.ticket.lane)
        if usual is None:
            return None
        left += max(0.0, usual - max(0.0, now - flying.since))
    for one in ahead:
        usual = service_s.get(one.ticket.lane)
        if usual is None:
            return None
        left += usual
    return max(not_before, left / slots)
