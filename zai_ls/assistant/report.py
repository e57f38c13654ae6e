"""All there is to say about an account's quota at one instant: what `zai-ls quota` prints and its page shows."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from zai_ls.catalogue import currency_of
from zai_ls.core.quota import day_around, month_around
from zai_ls.state.slot import FAIR_USE, PAUSED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zai_ls.assistant.kit import Kit
    from zai_ls.catalogue import Currency
    from zai_ls.domain import Account, Forecast, Window
    from zai_ls.state.ledger import Bucket, Entry

_WEEK_S = 7 * 86_400.0
_REFUSALS = 10


@dataclass(frozen=True, slots=True)
class Spend:
    """What was spent by requests of one lane, with one model, in one editor."""

    lane: str
    model: str
    editor: str
    requests: int
    tokens: int
    credits: float
    money: float
    estimated: int
    """How many of the requests we counted ourselves."""


@dataclass(frozen=True, slots=True)
class Report:
    """The account's quota. Times are epoch seconds."""

    at: float
    account: str
    host: str
    plan: str
    level: str
    """The plan in the service's word; empty when it does not say."""
    currency: Currency
    windows: tuple[Window, ...]
    forecasts: tuple[Forecast, ...]
    read_at: float | None
    """When the service was heard last."""
    peak: str
    """That requests take more now, or soon will, as a sentence; else empty."""
    trouble: str
    """Why there is no fresh reading, as a sentence; empty when there is one."""
    balance: float | None
    """Money left, pay-as-you-go."""
    money_today: float
    """Spent since midnight, in the account's currency; 0 on a plan."""
    money_month: float
    """The same since the first of the month."""
    closed_until: float | None
    closed_reason: str
    """A sentence; empty when the account takes requests."""
    today: tuple[Spend, ...]
    """Since midnight, the dearest first."""
    week: tuple[Spend, ...]
    """Of the last seven days."""
    refusals: tuple[Entry, ...]
    """The latest, the newest first."""


def report(kit: Kit, account: Account) -> Report:
    """How the account stands now. Raises `StateUnusable`."""
    now, label = kit.clock.now(), account.label
    windows = kit.windows(account)
    readings = kit.gauge.readings(label)
    last = kit.closed(account)
    start, _ = day_around(now)
    first, _ = month_around(now)
    history = kit.ledger.history(label)
    return Report(
        at=now,
        account=label,
        host=account.host,
        plan=account.plan,
        level=kit.gauge.level(label),
        currency=currency_of(account.base_url),
        windows=windows,
        forecasts=kit.gauge.forecasts(account, windows),
        read_at=readings[-1].at if readings else None,
        peak=kit.gauge.peak_text(windows),
        trouble=kit.gauge.trouble(account),
        balance=next((r.balance for r in reversed(readings) if r.balance is not None), None),
        money_today=history.between(start, inf).money,
        money_month=history.between(first, inf).money,
        closed_until=last.until if last is not None and last.code not in {PAUSED, FAIR_USE} else None,
        closed_reason="" if last is None else last.reason or last.code,
        today=spend(kit.ledger.usage(label, start, now, max(1.0, now - start))),
        week=spend(kit.ledger.usage(label, now - _WEEK_S, now, _WEEK_S)),
        refusals=kit.ledger.refusals(label, _REFUSALS),
    )


def spend(buckets: Iterable[Bucket]) -> tuple[Spend, ...]:
    """*buckets* summed over time, the dearest first."""
    sums: dict[tuple[str, str, str], list[float]] = defaultdict(lambda: [0.0] * 5)
    for bucket in buckets:
        totals = bucket.totals
        amounts = (
            totals.requests,
            totals.prompt_tokens + totals.completion_tokens,
            totals.credits,
            totals.money,
            totals.estimated,
        )
        key = bucket.lane, bucket.model, bucket.editor
        sums[key] = [a + b for a, b in zip(sums[key], amounts, strict=True)]
    rows = (
        Spend(*key, round(requests), round(tokens), credits_, money, round(estimated))
        for key, (requests, tokens, credits_, money, estimated) in sums.items()
        if requests
    )
    return tuple(sorted(rows, key=lambda row: (-row.money, -row.credits, -row.tokens, row.model)))
