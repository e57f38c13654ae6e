"""The quota windows of one key, and how the quota endpoint tells of them.

The 5-hour window is a block that opens with the first call that costs something and refills whole at its end;
the week runs in fixed seven-day cycles from the day of the order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zai_ls.catalogue import PlanEntry
    from zai_ls.emulator.config import Unit

Generation = Literal["credits", "tokens"]

_UNITS = {"5h": (3, 5), "week": (6, 1)}
"""How the endpoint spells a window: `unit`, `number`."""
_CODES = {"5h": "1308", "week": "1310"}
_TOOL_CALLS = {"lite": 100, "pro": 1000, "max": 4000}
_MONTH_S = 30 * 86_400.0


@dataclass(slots=True)
class Window:
    """One of them."""

    name: str
    seconds: float
    limit: float
    used: float = 0.0
    resets_at: float | None = None
    """None while nothing was spent in a 5-hour window: it has not opened."""

    @property
    def spent(self) -> bool:
        """Nothing is left."""
        return self.used >= self.limit


class Windows:
    """All windows of one key; times are those of the emulator's clock."""

    def __init__(self, plan: PlanEntry, unit: Unit, limits: Mapping[str, float], ordered_at: float) -> None:
        self._plan = plan.name
        self._unit = unit
        self._ordered_at = ordered_at
        self._all = [
            Window(
                window.name,
                window.seconds,
                limits.get(window.name, window.credits if unit == "credits" else window.prompts),
            )
            for window in plan.windows
        ]

    def at(self, now: float) -> list[Window]:
        """The windows as they are at *now*."""
        for window in self._all:
            if window.name == "week":
                cycle = ((now - self._ordered_at) // window.seconds + 1) * window.seconds
                if window.resets_at != self._ordered_at + cycle:
                    window.used, window.resets_at = 0.0, self._ordered_at + cycle
            elif window.resets_at is not None and now >= window.resets_at:
                window.used, window.resets_at = 0.0, None
        return self._all

    def spend(self, amount: float, now: float) -> None:
        """Take *amount* from each."""
        for window in self.at(now):
            if amount > 0 and window.resets_at is None:
                window.resets_at = now + window.seconds
            window.used += amount

    def fill(self, name: str, percent: float, now: float) -> None:
        """Set how full window *name* is, as if so much had been spent before."""
        for window in self.at(now):
            if window.name == name:
                window.used = window.limit * percent / 100
                if window.resets_at is None and window.used > 0:
                    window.resets_at = now + window.seconds

    def exhausted(self, now: float) -> tuple[str, float] | None:
        """Business code and reset time of the longest window that has nothing left, or None."""
        for window in reversed(self.at(now)):
            if window.spent and window.resets_at is not None:
                return _CODES[window.name], window.resets_at
        return None

    def payload(self, now: float, generation: Generation | None = None) -> dict[str, Any]:
        """What the quota endpoint says; the older generation tells only percentages.

        Without a *generation*: the one that belongs to the unit.
        """
        told = generation or ("credits" if self._unit == "credits" else "tokens")
        limits = [_limit(window, told) for window in self.at(now)]
        if told == "tokens":
            calls = _TOOL_CALLS.get(self._plan, 100)
            limits.append(
                {
                    "type": "TIME_LIMIT",
                    "unit": 5,
                    "number": 1,
                    "usage": calls,
                    "currentValue": 0,
                    "remaining": calls,
                    "percentage": 0,
                    "nextResetTime": round((self._ordered_at + _MONTH_S) * 1000),
                    "usageDetails": [
                        {"modelCode": tool, "usage": 0} for tool in ("search-prime", "web-reader", "zread")
                    ],
                }
            )
        return {
            "code": 200,
            "msg": "Operation successful",
            "success": True,
            "data": {"level": self._plan, "limits": limits},
        }


def _limit(window: Window, generation: Generation) -> dict[str, Any]:
    unit, number = _UNITS[window.name]
    percent = min(100, int(100 * window.used / window.limit)) if window.limit > 0 else 100
    told: dict[str, Any] = {"unit": unit, "number": number, "percentage": percent}
    if generation == "credits":
        told |= {
            "type": "CREDIT_LIMIT",
            "usage": round(window.limit),
            "currentValue": round(window.used, 3),
            "remaining": round(max(0.0, window.limit - window.used), 3),
        }
    else:
        told["type"] = "TOKENS_LIMIT"
    if window.resets_at is not None and (window.used > 0 or window.name == "week"):
        told["nextResetTime"] = round(window.resets_at * 1000)
    return told
