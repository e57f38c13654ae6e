"""The public shapes of quota: JSON that other programs build on. Names stay, new ones may come; unknown is null."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zai_ls.assistant.report import Report
    from zai_ls.domain import Window


def window_row(window: Window) -> dict[str, object]:
    """A window in its public shape."""
    return {
        "name": window.name,
        "used_percent": window.used_percent,
        "resets_at": window.resets_at,
        "source": window.source,
    }


def report_row(found: Report) -> dict[str, object]:
    """The report in its public shape; times in epoch seconds, unknown is null."""
    forecasts = {f.name: f for f in found.forecasts}
    windows = []
    for window in found.windows:
        forecast = forecasts.get(window.name)
        windows.append(
            {
                **window_row(window),
                "limit": window.limit,
                "used": window.used,
                "unit": window.unit,
                "read_at": window.read_at,
                "others_percent": window.others,
                "ends_at": None if forecast is None else forecast.ends_at,
                "returns_at": None if forecast is None else forecast.returns_at,
                "returns": None if forecast is None else forecast.returns,
            }
        )
    return {
        "account": found.account,
        "host": found.host,
        "plan": found.plan,
        "level": found.level or None,
        "at": found.at,
        "read_at": found.read_at,
        "trouble": found.trouble or None,
        "windows": windows,
        "balance": found.balance,
        "currency": found.currency,
        "money_today": found.money_today,
        "money_month": found.money_month,
        "closed": {"until": found.closed_until, "reason": found.closed_reason}
        if found.closed_reason
        else None,
        "today": [asdict(row) for row in found.today],
        "week": [asdict(row) for row in found.week],
        "refusals": [
            {"at": e.started_at, "code": e.code, "model": e.model, "lane": e.lane.value}
            for e in found.refusals
        ],
    }
