"""What the page shows, as JSON: the report, the windows over time, and the usage in steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zai_ls.assistant.telling import course_of
from zai_ls.cli.account import local
from zai_ls.cli.gauges import amounts_text, percent_text, window_title
from zai_ls.cli.public import report_row
from zai_ls.language import in_use
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zai_ls.assistant.kit import Kit
    from zai_ls.assistant.report import Report
    from zai_ls.domain import Account, Forecast, Reading, Window
    from zai_ls.state.ledger import Bucket

_HOUR_S = 3600.0
SPANS: Mapping[str, tuple[float, float]] = {
    "5h": (5 * _HOUR_S, 300.0),
    "24h": (24 * _HOUR_S, 1_800.0),
    "7d": (168 * _HOUR_S, 6 * _HOUR_S),
}
"""Name to length and step, in seconds."""
_AHEAD_S = 5 * _HOUR_S
"""So far ahead the windows are drawn."""
_MOST_SERIES = 6
WORDS = (
    "title", "windows", "usage", "refusals", "when", "code", "model", "lane", "requests", "amount",
    "none", "updated", "lost", "gone", "others", "span_5h", "span_24h", "span_7d", "no_usage", "forecast",
)  # fmt: skip


def page_data(kit: Kit, account: Account, found: Report) -> dict[str, Any]:
    """Everything; times in epoch seconds, and as sentences where a person reads them."""
    forecasts = {f.name: f for f in found.forecasts}
    readings = kit.gauge.readings(account.label)
    return {
        **report_row(found),
        "sentences": [_sentence(window, forecasts.get(window.name), found) for window in found.windows],
        "notes": [text for text in (found.peak, found.trouble, found.closed_reason) if text],
        "tracks": [
            track(w, forecasts.get(w.name), readings, found.at) for w in found.windows if w.unit != "calls"
        ],
        "usage": {name: usage(kit, account, found, *span) for name, span in SPANS.items()},
        "unit": "money" if found.plan == "payg" else "credits",
        "refused": [
            {"when": local(e.started_at), "code": e.code, "model": e.model, "lane": e.lane.value}
            for e in found.refusals
        ],
    }


def words() -> dict[str, str]:
    """The page's own words, in the language in force."""
    return {"lang": in_use().replace("_", "-") or "en", **{word: say(f"page.{word}") for word in WORDS}}


def _sentence(window: Window, forecast: Forecast | None, found: Report) -> dict[str, Any]:
    return {
        "name": window.name,
        "title": window_title(window),
        "used_percent": window.used_percent,
        "used": say("tell.window_unknown")
        if window.used_percent is None
        else say("tell.window_used", percent=percent_text(window.used_percent)),
        "amounts": amounts_text(window, found.currency),
        "text": " · ".join(course_of(window, forecast, local)),
    }


def track(
    window: Window, forecast: Forecast | None, readings: Sequence[Reading], now: float
) -> dict[str, Any]:
    """A window over time, as points of (time, per cent used): what the service told, now, and where it is going."""
    past: list[tuple[float, float]] = []
    for reading in readings:
        for earlier in reading.windows:
            if (
                earlier.name == window.name
                and earlier.used_percent is not None
                and now - _AHEAD_S <= reading.at < now
            ):
                if earlier.resets_at is not None and past and past[-1][1] > earlier.used_percent:
                    past.append((reading.at, past[-1][1]))  # it refilled somewhere in between
                past.append((reading.at, earlier.used_percent))
    used = window.used_percent
    ahead: list[tuple[float, float]] = []
    if used is not None:
        past.append((now, used))
        end = now + _AHEAD_S
        refills_at = window.resets_at if window.resets_at is not None else end + 1
        full_at = forecast.ends_at if forecast is not None and forecast.ends_at is not None else None
        ahead.append((now, used))
        if full_at is not None and full_at < min(refills_at, end):
            ahead += [(full_at, 100.0), (min(refills_at, end), 100.0)]
        else:
            a_second = _percent_a_second(window, forecast)
            until = min(refills_at, end)
            ahead.append((until, min(100.0, used + a_second * (until - now))))
        if refills_at < end:
            ahead += [(refills_at, 0.0), (end, 0.0)]
    return {"name": window.name, "title": window_title(window), "past": past, "ahead": ahead}


def _percent_a_second(window: Window, forecast: Forecast | None) -> float:
    if forecast is None or forecast.pace <= 0:
        return 0.0
    share = forecast.pace if window.limit is None else 100.0 * forecast.pace / window.limit
    return share / _HOUR_S


def usage(kit: Kit, account: Account, found: Report, length_s: float, step_s: float) -> dict[str, Any]:
    """What was spent in each step of the last *length_s*, by model and lane; the smallest ones together."""
    since = found.at - length_s
    steps = round(length_s / step_s)
    buckets = kit.ledger.usage(account.label, since, found.at, step_s)
    sums: dict[str, list[float]] = {}
    counts: dict[str, int] = {}
    for bucket in buckets:
        amount = _amount(bucket, found)
        name = f"{bucket.model} · {bucket.lane}"
        row = sums.setdefault(name, [0.0] * steps)
        row[min(steps - 1, max(0, round((bucket.at - since) / step_s)))] += amount
        counts[name] = counts.get(name, 0) + bucket.totals.requests
    sums = {name: row for name, row in sums.items() if counts[name]}  # what was refused took nothing
    order = sorted(sums, key=lambda name: -sum(sums[name]))
    series = [{"name": name, "values": sums[name], "requests": counts[name]} for name in order[:_MOST_SERIES]]
    rest = order[_MOST_SERIES:]
    if rest:
        together = [sum(values) for values in zip(*(sums[name] for name in rest), strict=True)]
        series.append(
            {"name": say("page.others"), "values": together, "requests": sum(counts[name] for name in rest)}
        )
    return {"times": [since + (at + 0.5) * step_s for at in range(steps)], "series": series}


def _amount(bucket: Bucket, found: Report) -> float:
    return bucket.totals.money if found.plan == "payg" else bucket.totals.credits
