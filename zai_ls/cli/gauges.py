"""The lines that `zai-ls quota` prints: a bar for each window, where it is going, what was spent, what was refused."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from zai_ls.assistant.telling import course_of, money_text
from zai_ls.cli.account import local
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.assistant.report import Report, Spend
    from zai_ls.catalogue import Currency
    from zai_ls.domain import Forecast, Window

_FULL, _EMPTY = "█", "░"
_NARROW = 60
_BAR = (8, 30)
_MOST_ROWS = 12
_COLOURS = ((95.0, "red"), (80.0, "yellow"), (0.0, "green"))


def lines(found: Report, width: int) -> list[Text]:
    """The whole report for a terminal of *width* columns; what is longer goes on below, as far in as it began."""
    return [part for text in _all(found, width) for part in _wrapped(text, width)]


def _wrapped(text: Text, width: int) -> list[Text]:
    if text.cell_len <= width:
        return [text]
    plain = text.plain
    indent = min(len(plain) - len(plain.lstrip()), width // 2)
    console = Console(width=width, file=StringIO())
    parts = text[len(plain) - len(plain.lstrip()) :].wrap(console, width - indent)
    return [Text(" " * indent) + part for part in parts]


def _all(found: Report, width: int) -> list[Text]:
    out = [Text(say("status.account", account=found.account, host=found.host, plan=found.plan), "dim")]
    if found.level and found.plan not in {found.level, "payg"}:
        out.append(Text(say("quota.other_level", level=found.level, plan=found.plan), "yellow"))
    if found.closed_reason:
        resumes = (
            "" if found.closed_until is None else " " + say("error.resumes", when=local(found.closed_until))
        )
        out.append(Text(found.closed_reason + resumes, "red"))
    out.append(Text())
    forecasts = {f.name: f for f in found.forecasts}
    title_width = max((cell_len(window_title(w)) for w in found.windows), default=0)
    for window in found.windows:
        out += window_lines(window, forecasts.get(window.name), title_width, width, found)
    if not found.windows:
        out.append(Text(say("quota.no_windows") if found.plan == "payg" else say("quota.none")))
    if found.balance is not None:
        out.append(Text(say("quota.balance", money=money_text(found.balance, found.currency))))
    if found.plan == "payg":
        today, month = (money_text(money, found.currency) for money in (found.money_today, found.money_month))
        out.append(Text(say("quota.spent", today=today, month=month)))
    if found.peak:
        out.append(Text(found.peak, "dim"))
    if found.trouble:
        out.append(Text(found.trouble, "dim"))
    out += _spent(found, width)
    if found.refusals:
        out += [Text(), Text(say("quota.refusals"), "bold")]
        out += [
            Text(f"  {local(e.started_at)}  {e.code or '?'}  {e.model}  {e.lane.value}")
            for e in found.refusals
        ]
    return out


def window_lines(
    window: Window, forecast: Forecast | None, title_width: int, width: int, found: Report
) -> list[Text]:
    """One window: bar, per cent and amounts; below it when it refills, where it is going, and who says so."""
    is_narrow = width < _NARROW
    bar_width = max(_BAR[0], min(_BAR[1], width - title_width - 40))
    title = window_title(window)
    head = Text(title + " " * (title_width - cell_len(title) + 2), "bold")
    percent = window.used_percent
    if percent is None:
        head.append(say("tell.window_unknown"), "dim")
    else:
        colour = next(name for start, name in _COLOURS if percent >= start)
        filled = min(bar_width, round(percent / 100 * bar_width))
        if percent > 0 and not filled:
            filled = 1
        bar = Text(_FULL * filled, colour) + Text(_EMPTY * (bar_width - filled), "dim")
        number = Text(f"  {percent_text(percent)} %", colour)
        if is_narrow:
            return [
                head + number,
                Text("  ") + bar,
                *_below(window, forecast, found, indent=2, one_a_line=True),
            ]
        head += bar + number
        amounts = amounts_text(window, found.currency)
        if amounts:
            head.append(f"  {amounts}")
    return [head, *_below(window, forecast, found, indent=title_width + 2, one_a_line=is_narrow)]


def percent_text(percent: float) -> str:
    """Per cent in as many digits as it takes: a little use must not look like none, nor a little left like nothing."""
    if 0 < percent < 0.1:
        return f"{max(percent, 0.01):.2f}"
    return f"{percent:.1f}" if (percent < 1 and percent > 0) or 99 < percent < 100 else f"{percent:.0f}"


def _below(
    window: Window, forecast: Forecast | None, found: Report, *, indent: int, one_a_line: bool
) -> list[Text]:
    parts = course_of(window, forecast, local)
    if forecast is not None and forecast.returns and forecast.returns_at not in {None, window.resets_at}:
        amount = f"{forecast.returns:,.0f} {_unit(window, found.currency)}"
        back = say("window.returns", amount=amount, when=local(forecast.returns_at or 0.0))
        parts.insert(-1, back)  # before who says so
    texts = parts if one_a_line else [" · ".join(parts)]
    return [Text(" " * indent + text, "dim") for text in texts]


def window_title(window: Window) -> str:
    """What *window* is called."""
    return say(f"window.{window.name}")


def _unit(window: Window, currency: Currency) -> str:
    if window.limit is None:
        return "%"
    return {"usd": "$", "cny": "¥"}[currency] if window.unit == "money" else say(f"unit.{window.unit}")


def amounts_text(window: Window, currency: Currency) -> str:
    """How much of *window* is used, in its own unit; empty when that is not known."""
    if window.used is None or window.limit is None:
        return ""
    if window.unit == "money":
        return say(
            "window.amounts",
            used=money_text(window.used, currency),
            limit=money_text(window.limit, currency),
            unit="",
        ).rstrip()
    digits = 0 if window.limit >= 1_000 and not 0 < window.used < 10 else 1
    return say(
        "window.amounts",
        used=f"{window.used:,.{digits}f}",
        limit=f"{window.limit:,.0f}",
        unit=_unit(window, currency),
    )


def _spent(found: Report, width: int) -> list[Text]:
    """What was spent today and in the last seven days, by model, lane and editor."""
    if not found.week:
        return []
    by_who = {(row.model, row.lane, row.editor): row for row in found.today}
    rows = [
        (row.model, row.lane, row.editor or "-", _cell(by_who.get((row.model, row.lane, row.editor)), found), _cell(row, found))
        for row in found.week[:_MOST_ROWS]
    ]  # fmt: skip
    heads = tuple(say(f"quota.head_{name}") for name in ("model", "lane", "editor", "today", "week"))
    if width < _NARROW:
        out = [Text(), Text(f"{heads[0]}: {heads[3]} / {heads[4]}", "bold")]
        return out + [Text(f"  {model} {lane}: {today} / {week}") for model, lane, _, today, week in rows]
    widths = [max(cell_len(row[at]) for row in [heads, *rows]) for at in range(len(heads))]
    out = [Text(), Text(_row(heads, widths), "bold")]
    out += [Text(_row(row, widths)) for row in rows]
    left = len(found.week) - _MOST_ROWS
    return [*out, Text(say("quota.more_rows", count=left), "dim")] if left > 0 else out


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(
        cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)
    ).rstrip()


def _cell(row: Spend | None, found: Report) -> str:
    """Amount and number of requests; `~` where we have counted some of it ourselves."""
    if row is None:
        return "-"
    mark = "~" if row.estimated else ""
    amount = (
        money_text(row.money, found.currency)
        if found.plan == "payg"
        else f"{row.credits:,.1f} {say('unit.credits')}"
    )
    return f"{mark}{amount} ({row.requests})"
