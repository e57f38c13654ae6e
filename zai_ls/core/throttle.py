"""Quota + lane -> go, wait, use another model, or refuse. Pure; asked before a ticket is made and again with the slot in hand.

What the service has refused is closed (`Closure`), and no lane sends anything before it opens. Beyond that typing is held
back first: its pauses get longer (`stretch`), then it is paced to what is left minus a reserve for what a person asks for,
then it is off. What a person asks for goes on to the end of every window, with a lighter model where only that has room;
the service itself says when it is over. Only a person's own budget is ours to enforce, for all lanes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zai_ls.domain import Lane
from zai_ls.messages import say, told

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zai_ls.domain import Expense, Window, WindowName
    from zai_ls.settings import Profile


@dataclass(frozen=True, slots=True)
class Closure:
    """Until when an account, or one model of it, takes no request."""

    until: float
    code: str
    """Business code, or one of ours: `gap`, `paused`, `reserve`, `paced`, `budget`."""
    model: str = ""
    """Empty: the whole account."""
    lane: str = ""
    """Empty: all lanes."""
    reason: str = ""
    """For a person; no secrets."""


@dataclass(frozen=True, slots=True)
class Go:
    """Send it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not before *until*; the ticket keeps its place."""

    until: float
    code: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Use:
    """Send it with another model."""

    model: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer all tickets of the lane with this."""

    code: str
    reason: str
    until: float | None = None


Verdict = Go | Wait | Use | Refuse


@dataclass(frozen=True, slots=True)
class Bounds:
    """How full a window must be for what, in per cent used; the settings of the same names say more."""

    stretch_from: float = 60.0
    """From here on pauses in typing get longer."""
    pace_from: float = 80.0
    """From here on typing takes no more than its even share of what is left until the window refills."""
    reserve: float = 10.0
    """Per cent left at which typing is off: they are for what a person asks for."""
    longest_stretch: float = 4.0
    """How many times longer the longest pause is."""
    steadiness: float = 0.25
    """By which part of it the reserve must be exceeded before typing goes on again."""


PROFILES: Mapping[Profile, Bounds] = {
    "saver": Bounds(stretch_from=30.0, pace_from=50.0, reserve=25.0, longest_stretch=6.0),
    "balanced": Bounds(),
    "eager": Bounds(stretch_from=80.0, pace_from=90.0, reserve=5.0, longest_stretch=2.0),
}

PACED_S = 600.0
"""Typing's share is looked at over so long."""
_PEAK_SHIFT = 10.0
"""In peak hours, when a request costs more, both bounds of typing lie so many per cent lower."""
_GUESSED_REST_S = 5 * 3600.0
"""Until a window refills, where nobody says when."""

RESERVE, PACED, BUDGET = "reserve", "paced", "budget"
"""Codes of our own for what is closed: typing to keep the reserve, typing for a while, and all for a person's own budget."""


@dataclass(frozen=True, slots=True)
class Quota:
    """What the throttle knows of an account's windows at one instant."""

    windows: tuple[Window, ...] = ()
    bounds: Bounds = field(default_factory=Bounds)
    typed: Mapping[WindowName, float] = field(default_factory=dict)
    """Per cent of each window that typing took in the last `PACED_S`."""
    runs_out: frozenset[WindowName] = frozenset()
    """Windows that will be used up before they refill, at the pace of late."""
    is_peak: bool = False
    """Does a request cost more now than at other hours?"""
    costs: Mapping[str, Expense] = field(default_factory=dict)
    """By model, the one that is asked for and those that could stand in for it: what the request takes."""


_UNKNOWN = Quota()
_BALANCED = PROFILES["balanced"]

PATIENCE_S = {Lane.ACTION: 60.0, Lane.INVOKED: 8.0, Lane.TYPING: 3.0, Lane.AGENT: 60.0}
"""How long a lane waits for a closed account before it is told so instead."""


def concerns(closure: Closure, lane: Lane, model: str) -> bool:
    """Does *closure* hold up a request of *lane* for *model*?"""
    return (not closure.model or closure.model == model) and (not closure.lane or closure.lane == lane)


def decide(
    lane: Lane, model: str, closures: Iterable[Closure], now: float, quota: Quota = _UNKNOWN
) -> Verdict:
    """May a request of *lane* for *model* go?

    A closure that ends within the lane's patience is waited for; a longer one is answered at once. Whether there is enough
    left for typing is looked at anew each time: the closure that keeps the reserve only tells that it was off.
    """
    in_force = [c for c in closures if c.until > now and concerns(c, lane, model)]
    held = [c for c in in_force if c.code != RESERVE or not quota.windows]
    if held:
        last = max(held, key=lambda c: c.until)
        if last.code != "paused" and last.until - now <= PATIENCE_S[lane]:
            return Wait(last.until, last.code, last.reason)
        return Refuse(last.code, last.reason, last.until)
    for window in quota.windows:
        if window.name == "budget" and window.used_percent is not None and window.used_percent >= 100:
            return Refuse(BUDGET, say("throttle.budget"), window.resets_at)
    verdict = _typing(quota, now, was_off=bool(in_force)) if lane is Lane.TYPING else _with_room(model, quota)
    taken = verdict.model if isinstance(verdict, Use) else model
    budget = [window for window in quota.windows if window.name == "budget"]
    if not isinstance(verdict, Refuse) and not _fits(quota.costs.get(taken), budget):
        return Refuse(BUDGET, say("throttle.budget"), budget[0].resets_at)
    return verdict


def _typing(quota: Quota, now: float, *, was_off: bool) -> Verdict:
    """The strictest word of any window."""
    bounds = quota.bounds
    reserve = bounds.reserve * (1 + bounds.steadiness if was_off else 1)
    pace_from = bounds.pace_from - (_PEAK_SHIFT if quota.is_peak else 0.0)
    waits: list[tuple[float, Refuse]] = []
    for window in quota.windows:
        if window.used_percent is None or window.unit == "calls":
            continue
        left = 100.0 - window.used_percent
        refills_at = window.resets_at or now + _GUESSED_REST_S
        if left <= reserve:
            reason = say("throttle.reserve", window=told(window.name), left=f"{left:.0f}")
            return Refuse(RESERVE, reason, refills_at)
        is_short = window.used_percent >= pace_from or (
            window.name in quota.runs_out and window.used_percent >= bounds.stretch_from
        )
        if not is_short:
            continue
        a_second = (left - bounds.reserve) / max(PACED_S, refills_at - now)
        over = quota.typed.get(window.name, 0.0) - a_second * PACED_S
        if over > 0:
            until = now + min(PACED_S, over / a_second)
            reason = say("throttle.paced", window=told(window.name), left=f"{left:.0f}")
            waits.append((until, Refuse(PACED, reason, until)))
    if not waits:
        return Go()
    until, last = max(waits, key=lambda wait: wait[0])
    return Wait(until, PACED, last.reason) if until - now <= PATIENCE_S[Lane.TYPING] else last


def _with_room(model: str, quota: Quota) -> Verdict:
    """*model*; where a window has no room for what it takes, the first other that every window has room for."""
    if _fits(quota.costs.get(model), quota.windows):
        return Go()
    others = (name for name, cost in quota.costs.items() if name != model and _fits(cost, quota.windows))
    other = next(others, None)
    return Go() if other is None else Use(other, say("throttle.lighter", model=other, before=model))


def _fits(cost: Expense | None, windows: Iterable[Window]) -> bool:
    """Has every window room for *cost*, as far as is known? Of one that is used up the service itself says so."""
    for window in windows:
        amount = None if cost is None else cost.of(window.unit)
        if amount and window.limit is not None and window.used is not None:
            left = window.limit - window.used
            if 0 < left < amount:
                return False
    return True


def stretch(windows: Iterable[Window], bounds: Bounds = _BALANCED, *, is_peak: bool = False) -> float:
    """By how much a pause in typing must be longer than usual before a completion is asked for: 1 while there is plenty.

    The fullest window counts, the longest pause is reached with the reserve; unknown windows stretch nothing.
    """
    used = max((w.used_percent or 0.0 for w in windows if w.unit != "calls"), default=0.0)
    start = bounds.stretch_from - (_PEAK_SHIFT if is_peak else 0.0)
    end = max(start + 1.0, 100.0 - bounds.reserve)
    share = min(1.0, max(0.0, (used - start) / (end - start)))
    return 1.0 + share * (bounds.longest_stretch - 1.0)


# -- what "too fast" teaches ---------------------------------------------------------------------------------

_FIRST_GAP_S = 0.5
_LONGEST_GAP_S = 8.0
_RECOVERED_IN_S = 300.0
"""In so long without a refusal half of what was learnt is forgotten."""


def recovered(gap_s: float, since_s: float) -> float:
    """The pause between requests that is left of one of *gap_s* after *since_s* without a refusal; 0 once it is hardly one."""
    left = gap_s * 0.5 ** (max(0.0, since_s) / _RECOVERED_IN_S)
    return left if left >= _FIRST_GAP_S / 4 else 0.0


def slower(gap_s: float) -> float:
    """The pause between requests after one more 1302 or 1303: twice as long, within bounds.

    The service refuses even single requests that come too fast behind each other: a place of one's own is not enough.
    """
    return min(_LONGEST_GAP_S, max(_FIRST_GAP_S, 2 * gap_s))
