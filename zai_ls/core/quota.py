"""What was sent, what the service said, and now -> quota windows, and where they are going. Pure.

A window refills in one of three ways (`PlanWindow.refill`):

- `block`: it opens at the first use, refills whole when its time is over, and does not exist while nothing is used. So the
  service's 5 hours behave, as far as anybody has seen.
- `sliding`: each use returns by itself when the window's time has passed since. So they have been described.
- `cycle`: fixed periods, one behind the other, such as the week from the hour of the order.

The service's last word counts, and our own requests are added to it. A period of which it has said nothing is estimated.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf, nextafter
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

from zai_ls.domain import Forecast, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import tzinfo

    from zai_ls.catalogue import PlanWindow
    from zai_ls.domain import Lane, Reading, Unit


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum over requests, in each unit that a window may count; refused ones took nothing."""

    calls: int = 0
    credits: float = 0.0
    prompts: float = 0.0
    """Calls, each as often as its model and hour count on plans whose windows are in prompts."""
    tokens: int = 0
    """Of prompts and replies."""
    money: float = 0.0

    def __add__(self, other: Amount) -> Amount:
        return Amount(
            self.calls + other.calls,
            self.credits + other.credits,
            self.prompts + other.prompts,
            self.tokens + other.tokens,
            self.money + other.money,
        )

    def of(self, unit: Unit) -> float:
        """The amount in *unit*."""
        return float(getattr(self, unit))


class History(Protocol):
    """What this machine has sent for one account; open requests count at their expected cost. Times are epoch seconds."""

    def first_from(self, at: float) -> float | None:
        """When the first request that took something was started at or after *at*; None when there was none."""
        ...

    def last(self) -> float | None:
        """When the latest request that took something was started; None when there was none."""
        ...

    def between(self, since: float, until: float, lane: Lane | None = None) -> Amount:
        """What was started at or after *since* and before *until*, of all lanes or of one."""
        ...

    def unsettled_at(self, at: float) -> Amount:
        """What the service had not counted yet at *at*: what ended after it, or has not ended, whenever it was started."""
        ...


_HOUR_S = 3600.0
_DAY_S = 86_400.0
_ORDER = ("5h", "week", "month", "budget")
_SAME_S = 60.0
"""Two reset times that lie no farther apart are one."""
_LOOK_BACK = 20
"""Periods before which nobody looks for the start of a chain of blocks: nobody works a hundred hours without five of rest."""
_PART = 60
"""Of a sliding window, the part whose uses are told as returning together."""


def windows_at(
    plan: Iterable[PlanWindow],
    history: History,
    readings: Sequence[Reading],
    now: float,
    *,
    learnt: Mapping[str, float] = MappingProxyType({}),
) -> tuple[Window, ...]:
    """The windows of an account at *now*; *readings* oldest first, of which the last one with windows counts.

    *learnt* says how many prompts a call is, by window (`prompts_a_call`); where it does not: one.

    A clock that was set back changes little: what lies in the future counts as just now.
    """
    known: dict[str, PlanWindow] = {window.name: window for window in plan}
    told = [reading for reading in readings if reading.windows]
    if not told:
        return tuple(_estimated(window, history, now) for window in known.values())
    last = told[-1]
    found: dict[str, Window] = {}
    for name in {window.name for window in last.windows} | ({"5h"} & known.keys()):
        ours = known.get(name)
        word = _last_word(name, told, now)
        if word is None:  # there is no plan without the five hours, and nobody says how full they are
            found[name] = _at_least(_estimated(known[name], history, now))
            continue
        at, window = word
        scale = _scale(window, ours, learnt)
        found[name] = replace(
            _since(window, ours, at, history, scale, now),
            others=0.0 if ours is None else _others(window, scale, told, history),
        )
    return tuple(found[name] for name in _ORDER if name in found)


def _last_word(name: str, readings: Sequence[Reading], now: float) -> tuple[float, Window] | None:
    """When the service last said how full the window *name* is, and what it said.

    A later reading that leaves it out, or does not say how full it is, does not take back what was said of the same period.
    """
    unsaid: tuple[float, Window] | None = None
    for reading in reversed(readings):
        window = next((w for w in reading.windows if w.name == name), None)
        if window is None:
            continue
        is_last = reading is readings[-1]
        if window.used_percent is not None and (
            is_last or (window.resets_at is not None and now < window.resets_at)
        ):
            return reading.at, window
        if is_last:
            unsaid = reading.at, window
    return unsaid


def _at_least(estimate: Window) -> Window:
    """*estimate* where the service tells of other windows but not of this one: what we have sent is known, nothing is not."""
    return estimate if estimate.used else replace(estimate, used_percent=None, used=None)


def percent_of(amount: Amount, window: Window, plan: PlanWindow | None, learnt: Mapping[str, float]) -> float:
    """Per cent of *window* that *amount* fills; 0 where that cannot be told."""
    if window.unit == "calls":  # of tools, which are not ours
        return 0.0
    filled = _scale(window, plan, learnt) * amount.of(window.unit)
    if window.limit is not None:
        return 100.0 * filled / window.limit if window.limit > 0 else 0.0
    return filled if window.unit == "prompts" and plan is not None else 0.0


def forecast(
    window: Window,
    plan: PlanWindow | None,
    history: History,
    readings: Sequence[Reading],
    now: float,
    *,
    learnt: Mapping[str, float] = MappingProxyType({}),
) -> Forecast:
    """Where *window* is going, at the faster of two paces: our own of late, and that of all tools between readings."""
    left, used = _left_and_used(window)
    if window.unit == "calls":
        return Forecast(
            window.name, 0.0, None, window.resets_at, used if window.resets_at is not None else None
        )
    seconds = plan.seconds if plan is not None else _DAY_S
    scale = _scale(window, plan, learnt)
    own = (
        scale * history.between(now - _LATELY * seconds, inf).of(window.unit) / (_LATELY * seconds / _HOUR_S)
    )
    pace = max(own, _told_pace(window, seconds, readings, now))
    ends_at = None
    if left and pace > 0:  # what is used up already does not end any more
        ends_at = now + left / pace * _HOUR_S
        if window.resets_at is not None and ends_at >= window.resets_at:
            ends_at = None
    returns_at, returns = window.resets_at, used
    if plan is not None and plan.refill == "sliding":
        first = history.first_from(_after(now - seconds))
        if first is not None:
            first = min(first, now)
            returns_at = first + seconds
            returns = scale * history.between(first, first + seconds / _PART).of(window.unit)
    return Forecast(window.name, pace, ends_at, returns_at, returns if returns_at is not None else None)


# -- one window ----------------------------------------------------------------------------------------------


def _estimated(plan: PlanWindow, history: History, now: float) -> Window:
    """As far as this machine's own requests tell, with no word of the service; new plans count credits."""
    if plan.refill == "sliding":
        used = history.between(_after(now - plan.seconds), inf).credits
        last = history.last()
        resets_at = None if last is None or last <= now - plan.seconds else min(last, now) + plan.seconds
    else:
        opened = _opened(history, plan.seconds, now - _LOOK_BACK * plan.seconds, now)
        used = 0.0 if opened is None else history.between(opened, inf).credits
        resets_at = None if opened is None else min(opened, now) + plan.seconds
    return Window(
        plan.name, _percent(used, plan.credits), resets_at, "estimated", plan.credits, used, "credits"
    )


def _since(
    told: Window,
    plan: PlanWindow | None,
    read_at: float,
    history: History,
    scale: float,
    now: float,
) -> Window:
    """*told*, as the service had it at *read_at*, at *now*."""
    read_at = min(read_at, now)
    if told.name == "month" or plan is None:  # of tool calls, which are not ours
        if told.resets_at is not None and now >= told.resets_at:
            return Window(
                told.name, None, None, "estimated", told.limit, unit=told.unit
            )  # a new month, of which nothing is known
        return replace(told, read_at=read_at)

    def sum_of(amount: Amount) -> float:
        return scale * amount.of(told.unit)

    if plan.refill == "sliding":
        return _slid(told, plan, read_at, history, sum_of, now)
    if told.resets_at is None and now < read_at + plan.seconds:
        return _just_opened(told, plan, read_at, history, sum_of, now)
    if told.resets_at is not None and now < told.resets_at:
        added = sum_of(history.unsettled_at(read_at))
        return _filled(told, added, resets_at=told.resets_at, read_at=read_at)
    start: float | None
    if told.resets_at is not None and plan.refill == "cycle":
        start = told.resets_at + (now - told.resets_at) // plan.seconds * plan.seconds
        resets_at: float | None = start + plan.seconds
    else:
        since = told.resets_at if told.resets_at is not None else read_at
        start = _opened(history, plan.seconds, max(since, now - _LOOK_BACK * plan.seconds), now)
        resets_at = None if start is None else min(start, now) + plan.seconds
    used = 0.0 if start is None else sum_of(history.between(start, inf))
    fresh = replace(told, used_percent=0.0, used=None if told.limit is None else 0.0, source="estimated")
    return _filled(fresh, used, resets_at=resets_at, read_at=None)


def _just_opened(
    told: Window, plan: PlanWindow, read_at: float, history: History, sum_of: _SumOf, now: float
) -> Window:
    """The service named no reset: nothing was used at *read_at*, and the window opens with the first use after it."""
    added = sum_of(history.unsettled_at(read_at))
    if not added or told.used_percent != 0:
        return _filled(told, added, resets_at=None, read_at=read_at)
    opened = history.first_from(read_at)
    opened = read_at if opened is None else min(opened, now)  # None: what was under way then has opened it
    return _filled(told, added, resets_at=opened + plan.seconds, read_at=read_at)


def _slid(
    told: Window, plan: PlanWindow, read_at: float, history: History, sum_of: _SumOf, now: float
) -> Window:
    """A window whose uses return one by one: ours as we know them; the others' share as it was, until all of it has returned."""
    ours = sum_of(history.between(_after(now - plan.seconds), inf))
    before = told.used if told.used is not None else told.used_percent
    counted = sum_of(history.between(_after(read_at - plan.seconds), inf)) - sum_of(
        history.unsettled_at(read_at)
    )
    theirs = 0.0 if before is None else max(0.0, before - max(0.0, counted))
    is_over = now >= read_at + plan.seconds
    last = history.last()
    resets_at = told.resets_at if last is None else max(min(last, now) + plan.seconds, told.resets_at or 0.0)
    if resets_at is not None and resets_at <= now:
        resets_at = None
    empty = replace(told, used_percent=0.0, used=None if told.limit is None else 0.0)
    if before is None and not is_over:
        return _filled(told, 0.0, resets_at=resets_at, read_at=read_at)
    filled = _filled(
        empty, ours + (0.0 if is_over else theirs), resets_at=resets_at, read_at=None if is_over else read_at
    )
    return replace(filled, source="estimated") if is_over else filled


def _filled(window: Window, added: float, *, resets_at: float | None, read_at: float | None) -> Window:
    """*window* with *added* of its unit (per cent where its limit is not known) on top. Unknown stays unknown."""
    if window.limit is None:
        percent = None if window.used_percent is None else min(100.0, window.used_percent + added)
        return replace(window, used_percent=percent, resets_at=resets_at, read_at=read_at)
    used = window.used
    if used is None and window.used_percent is not None:
        used = window.limit * window.used_percent / 100
    if used is None:
        return replace(window, resets_at=resets_at, read_at=read_at)
    return replace(
        window,
        used=used + added,
        used_percent=_percent(used + added, window.limit),
        resets_at=resets_at,
        read_at=read_at,
    )


def _opened(history: History, seconds: float, since: float, now: float) -> float | None:
    """When the block that is open at *now* was opened; None when none is. Blocks are followed from *since* on."""
    opened = history.first_from(since)
    while opened is not None and opened + seconds <= now:
        opened = history.first_from(opened + seconds)
    return opened


def _after(at: float) -> float:
    """The first instant after *at*: what was used exactly a period ago has returned."""
    return nextafter(at, inf)


class _SumOf(Protocol):
    def __call__(self, amount: Amount, /) -> float: ...


def _percent(used: float, limit: float) -> float:
    return min(100.0, max(0.0, 100.0 * used / limit)) if limit > 0 else 100.0


def _left_and_used(window: Window) -> tuple[float | None, float | None]:
    """What is left and what is used, in the unit of a forecast's pace."""
    if window.limit is not None and window.used is not None:
        return max(0.0, window.limit - window.used), window.used
    if window.used_percent is None:
        return None, None
    share = 100.0 if window.limit is None else window.limit
    return share * (1 - window.used_percent / 100), share * window.used_percent / 100


# -- what readings teach -------------------------------------------------------------------------------------

_LATELY = 0.2
"""Of a window's length, the time that tells the pace: an hour for five hours, a day and a half, nights included, for a week."""
_LEAST_APART_S = 600.0
"""Between two readings that tell a pace."""
_LEARNT_FROM = 25
"""So many of the latest readings teach what a call takes."""


def _scale(window: Window, plan: PlanWindow | None, learnt: Mapping[str, float]) -> float:
    """By what an amount in the window's unit becomes what fills it."""
    if window.unit != "prompts" or plan is None:
        return 1.0
    factor = learnt.get(window.name, 1.0)
    return factor if window.limit is not None else factor * 100.0 / plan.prompts


def prompts_a_call(name: str, limit: float, history: History, readings: Sequence[Reading]) -> float:
    """How many prompts of the window *name*, of which there are *limit*, a call takes: 1 until readings prove that it is less.

    The vendor counts a prompt as 15 to 20 calls, but not in a way that could be relied on. Two readings of one period prove a
    bound: what our calls between them took is at most what the window filled by, rounding included, because other tools only
    add to that. The least bound that any two readings prove is taken.
    """
    points: list[tuple[float, float, float]] = []
    for reading in readings[-_LEARNT_FROM:]:
        window = next((w for w in reading.windows if w.name == name), None)
        if window is not None and window.used_percent is not None and window.resets_at is not None:
            points.append((window.resets_at, window.used_percent, -history.unsettled_at(reading.at).prompts))
    least = 1.0
    for at, (resets_at, percent, calls) in enumerate(points):
        for later_reset, later_percent, later_calls in points[at + 1 :]:
            if abs(later_reset - resets_at) <= _SAME_S and later_calls - calls >= 1:
                most = (max(0.0, later_percent - percent) + 1) / 100 * limit
                least = min(least, most / (later_calls - calls))
    return least


def _others(told: Window, scale: float, readings: Sequence[Reading], history: History) -> float:
    """Per cent by which the last reading lies above what the one before it and our own requests explain."""
    if len(readings) < 2 or told.used_percent is None:
        return 0.0
    before, last = readings[-2], readings[-1]
    earlier = next((w for w in before.windows if w.name == told.name), None)
    if earlier is None or earlier.used_percent is None:
        return 0.0
    if told.resets_at is not None and earlier.resets_at is not None:
        if abs(told.resets_at - earlier.resets_at) > _SAME_S:
            return 0.0
    elif told.used_percent < earlier.used_percent:
        return 0.0
    ours = scale * (
        history.unsettled_at(before.at).of(told.unit) - history.unsettled_at(last.at).of(told.unit)
    )
    if told.limit is not None:
        ours = _percent(ours, told.limit)
    return max(0.0, told.used_percent - earlier.used_percent - max(0.0, ours))


def _told_pace(window: Window, seconds: float, readings: Sequence[Reading], now: float) -> float:
    """How fast *window* was filled by all tools since the oldest reading of late that tells of the same period, an hour."""
    used = _left_and_used(window)[1]
    if used is None or window.resets_at is None:
        return 0.0
    for reading in readings:
        if not _LEAST_APART_S <= now - reading.at <= _LATELY * seconds:
            continue
        for earlier in reading.windows:
            is_same = (
                earlier.name == window.name
                and earlier.resets_at is not None
                and abs(earlier.resets_at - window.resets_at) <= _SAME_S
            )
            before = _left_and_used(earlier)[1]
            if is_same and before is not None:
                return max(0.0, used - before) / ((now - reading.at) / _HOUR_S)
    return 0.0


# -- a person's own budget -----------------------------------------------------------------------------------


def budget_window(
    daily: float, monthly: float, history: History, now: float, zone: tzinfo | None = None
) -> Window | None:
    """What is used of a person's own budget, in money; of two the fuller one, None without any (0: none).

    Days and months are those of *zone*; None: of this machine.
    """
    found: list[Window] = []
    for limit, period in ((daily, day_around), (monthly, month_around)):
        if limit > 0:
            start, end = period(now, zone)
            used = history.between(start, inf).money
            found.append(Window("budget", _percent(used, limit), end, "estimated", limit, used, "money"))
    return max(found, key=lambda window: (window.used_percent or 0.0, window.resets_at or 0.0), default=None)


def day_around(now: float, zone: tzinfo | None = None) -> tuple[float, float]:
    """Start and end of the day that *now* is in: 23 to 25 hours where clocks are changed."""
    here = datetime.fromtimestamp(now, zone)
    start = here.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    tomorrow = datetime(start.year, start.month, start.day, tzinfo=zone) + timedelta(days=1)
    return start.timestamp(), tomorrow.timestamp()


def month_around(now: float, zone: tzinfo | None = None) -> tuple[float, float]:
    """Start and end of the month that *now* is in."""
    here = datetime.fromtimestamp(now, zone)
    start = here.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    after = start + timedelta(days=32)
    return start.timestamp(), datetime(after.year, after.month, 1, tzinfo=zone).timestamp()
