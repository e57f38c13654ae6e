"""What a person reads of a choice besides its reason: score, cost, windows, and whom to ask next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.core.routing import told_features
from zai_ls.core.thrift import percent, share_of
from zai_ls.messages import say, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls.catalogue import Currency
    from zai_ls.core.routing import Routing
    from zai_ls.domain import Choice, Expense, Forecast, Window


def facts(choice: Choice, routing: Routing, when: Callable[[float | None], str]) -> tuple[str, ...]:
    """The facts behind *choice*, a sentence each; *when* puts a time into the reader's words."""
    lines = [
        _score(choice, routing),
        _cost(choice, routing),
        *(_window(window, when) for window in routing.means.windows),
    ]
    if choice.fallbacks:
        lines.append(say("tell.next", models=", ".join(choice.fallbacks)))
    elif choice.tier == "chosen":
        lines.append(say("tell.next_none_chosen"))
    return tuple(line for line in lines if line)


def _score(choice: Choice, routing: Routing) -> str:
    """Only for a model that a person chose: else the reason says it."""
    if choice.tier != "chosen":
        return ""
    why = told_features(choice.features)
    return say(
        "tell.score",
        score=f"{choice.score:.2f}",
        why=f" ({why})" if why else "",
        tier=told(routing.tier_of(choice.score)),
    )


def _cost(choice: Choice, routing: Routing) -> str:
    cost = choice.expense
    if cost is None:
        return ""
    usage = cost.usage
    shares = [
        say("tell.share", share=percent(share), window=told(window.name))
        for window in routing.means.windows
        if (share := share_of(cost, window)) is not None
    ]
    return say(
        "tell.cost",
        prompt=usage.prompt_tokens,
        reply=usage.completion_tokens,
        amount=amount(cost, routing),
        shares=f" ({'; '.join(shares)})" if shares else "",
    )


def amount(cost: Expense, routing: Routing) -> str:
    """What *cost* is, in what the plan is paid in; unknown is said."""
    if routing.plan == "payg":
        return say("tell.price_unknown") if cost.money is None else money_text(cost.money, routing.currency)
    peak = routing.catalogue.peak.covers(routing.means.now)
    return say("tell.credits_peak" if peak else "tell.credits", credits=f"{cost.credits:.2f}")


_OTHERS_FROM = 5.0
"""Per cent of a window from which it is told that other tools took it."""


def course_of(window: Window, forecast: Forecast | None, when: Callable[[float], str]) -> list[str]:
    """Where *window* is going, and who says so: short phrases, in this order; *when* puts a time into the reader's words."""
    parts = []
    if window.resets_at is not None:
        parts.append(say("window.refills", when=when(window.resets_at)))
    if forecast is not None and forecast.ends_at is not None:
        parts.append(say("window.ends", when=when(forecast.ends_at)))
    if window.others >= _OTHERS_FROM:
        parts.append(say("window.others", percent=f"{window.others:.0f}"))
    if window.read_at is not None:
        parts.append(say("window.read_at", when=when(window.read_at)))
    else:
        parts.append(say(f"window.{window.source}"))
    return parts


def money_text(money: float, currency: Currency) -> str:
    """An amount with its sign; a little is not told as nothing."""
    digits = 4 if abs(money) < 1 else 2
    return f"{'¥' if currency == 'cny' else '$'}{money:,.{digits}f}"


def _window(window: Window, when: Callable[[float | None], str]) -> str:
    used = (
        say("tell.window_unknown")
        if window.used_percent is None
        else say("tell.window_used", percent=f"{window.used_percent:.0f}")
    )
    resets = say("tell.window_resets", when=when(window.resets_at)) if window.resets_at is not None else ""
    return say("tell.window", window=told(window.name), used=used, resets=resets, source=told(window.source))
