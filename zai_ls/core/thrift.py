"""What speaks for a cheaper model now: what is left of the quota, the pace at which it goes, and the hour. Pure.

Three objections can be made to a model, each with a bound of its own (settings `routing.…`) and a sentence:

- *share*: this one request would take so large a part of what is left of a window;
- *pace*: at the pace of late a window would be used up well before it refills;
- *peak*: credits cost more at this hour, and the score is close to the threshold that the model is taken from.

An objection that held at the last choice goes on to hold until its bound is missed by a margin: who hovers about a bound
does not get another model at every request.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from zai_ls.domain import Expense, Thinking, Usage
from zai_ls.messages import say, told

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from zai_ls.catalogue import Catalogue, Currency, ModelEntry
    from zai_ls.domain import PlanName, Window

_HOUR_S = 3600.0

LIKELY_SHARE = 0.5
"""Of the reply's bound, what a reply likely takes: the expected cost, not the ceiling, is reserved."""
_THOUGHT_SHARE = 0.125
"""Of the room for thinking, what thinking likely takes: a guess from the few published measurements (some hundreds of tokens
with little effort, some thousands with much)."""


@dataclass(frozen=True, slots=True)
class Load:
    """How large a request is, by our own count."""

    prompt_tokens: int = 2_000
    max_tokens: int = 1_000
    """Bound on the reply, without room for thinking."""
    thinking: Thinking = Thinking.AUTO


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where on an objection holds; the settings of the same names say more."""

    most_share: float = 0.03
    """*share*: the part of what is left of a window; 1: no objection while there is anything left."""
    scarce_below: float = 10.0
    """*share* where only the percentage is known: so many per cent left."""
    pace_margin: float = 0.8
    """*pace*: the part of the time to the reset before which it must not be used up; 0: no objection."""
    peak_margin: float = 0.1
    """*peak*: how close to the threshold is close; 0: no objection."""
    steadiness: float = 0.25
    """By which part a bound must be missed before an objection that held holds no more."""


@dataclass(frozen=True, slots=True)
class Means:
    """What an account has at one instant."""

    windows: tuple[Window, ...] = ()
    pace: Mapping[str, float] = field(default_factory=dict)
    """By window: what has been taken from it per hour of late, in its unit; in per cent where its limit is not known."""
    now: float = 0.0
    saving: frozenset[str] = frozenset()
    """Ids of the objections that held at the last choice."""


@dataclass(frozen=True, slots=True)
class Objection:
    """One thing that speaks for a cheaper model."""

    id: str
    """Such as `share:5h`."""
    text: str
    """The same in words, to stand after a colon."""


def likely(load: Load, entry: ModelEntry, factor: float = 1.0) -> Usage:
    """The tokens that a request of *load* likely takes with the model *entry*.

    *factor* corrects our count of the prompt by what the service counted for the like.
    """
    rule = entry.thinking
    thinks = load.thinking is not Thinking.OFF and (rule.auto or not rule.can_disable)
    thought = round(rule.room * _THOUGHT_SHARE) if thinks else 0
    return Usage(
        prompt_tokens=round(load.prompt_tokens * factor),
        completion_tokens=round(load.max_tokens * LIKELY_SHARE) + thought,
        reasoning_tokens=thought,
        estimated=True,
    )


def expense(
    catalogue: Catalogue,
    plan: PlanName,
    model: str,
    load: Load,
    now: float,
    factor: float = 1.0,
    currency: Currency = "usd",
) -> Expense:
    """What a request of *load* likely takes from an account of *plan* with *model* at *now* (epoch seconds)."""
    usage = likely(load, catalogue.model(model), factor)
    if plan == "payg":
        return Expense(usage, money=catalogue.price(model, usage, currency))
    return Expense(usage, catalogue.credits(model, usage, now), catalogue.prompts(model, now))


def left_of(window: Window) -> float | None:
    """What is left of *window* in its own unit; None when that is not known."""
    if window.limit is None:
        return None
    if window.used is not None:
        return max(0.0, window.limit - window.used)
    if window.used_percent is None:
        return None
    return max(0.0, window.limit * (1 - window.used_percent / 100))


def share_of(cost: Expense, window: Window) -> float | None:
    """Which part of what is left of *window* a request of *cost* takes; None when that is not known, 1 when nothing is left."""
    amount, left = cost.of(window.unit), left_of(window)
    if amount is None or left is None or amount <= 0:
        return None
    return min(1.0, amount / left) if left > 0 else 1.0


def too_large(cost: Expense, means: Means, bounds: Bounds) -> Iterator[Objection]:
    """The objections of *share*: one for each window."""
    for window in means.windows:
        id_ = f"share:{window.name}"
        ease = bounds.steadiness if id_ in means.saving else 0.0
        share = share_of(cost, window)
        if share is not None:
            if share >= bounds.most_share * (1 - ease):
                yield Objection(
                    id_, say("thrift.share", share=percent(share), window=told(window.name), bound=percent(bounds.most_share))
                )  # fmt: skip
        elif left_of(window) is None and window.used_percent is not None and window.unit != "money":
            left = 100 - window.used_percent
            if left < bounds.scarce_below * (1 + ease):
                yield Objection(
                    id_, say("thrift.scarce", left=f"{left:.0f}", window=told(window.name), bound=f"{bounds.scarce_below:g}")
                )  # fmt: skip


def too_fast(means: Means, bounds: Bounds) -> Iterator[Objection]:
    """The objections of *pace*: one for each window."""
    for window in means.windows:
        id_ = f"pace:{window.name}"
        left, pace = left_of(window), means.pace.get(window.name, 0.0)
        if left is None and window.used_percent is not None:
            left = 100 - window.used_percent  # a pace in per cent, where the limit is not known
        if left is None or window.resets_at is None or pace <= 0:
            continue
        ease = bounds.steadiness if id_ in means.saving else 0.0
        to_reset, to_end = (window.resets_at - means.now) / _HOUR_S, left / pace
        if to_reset > 0 and to_end < bounds.pace_margin * (1 + ease) * to_reset:
            yield Objection(
                id_, say("thrift.pace", window=told(window.name), end=_hours(to_end), reset=_hours(to_reset))
            )


def too_dear_now(
    catalogue: Catalogue, model: str, means: Means, bounds: Bounds, *, score: float, threshold: float
) -> Iterator[Objection]:
    """The objection of *peak*: only where windows are filled by credits or prompts that cost more at this hour."""
    if score - threshold >= bounds.peak_margin:
        return
    if any(catalogue.is_dear(model, means.now, window.unit) for window in means.windows):
        yield Objection("peak", say("thrift.peak", score=f"{score:.2f}", threshold=f"{threshold:g}"))


def percent(share: float) -> str:
    """A part as a person reads it: two digits that matter, never a bare 0 for a little."""
    return f"{100 * share:.2g}" if share < 0.995 else f"{100 * share:.0f}"


def _hours(hours: float) -> str:
    return f"{hours:.1f}" if hours < 10 else f"{hours:.0f}"
