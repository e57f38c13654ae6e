"""What the quota endpoint and the balance endpoint answer, as a reading. Pure, and tolerant: neither is documented.

Facts, from answers that were kept (glm-api 3.2): errors come with HTTP status 200 and a code inside. A window is known by
`type` and `unit`, never by its place in the list and never by its reset time. Plans since 2026-07-30 tell absolute numbers
(`CREDIT_LIMIT`); older ones a percentage alone (`TOKENS_LIMIT`), which before February 2026 had absolute numbers too;
`TIME_LIMIT` counts a month's tool calls. `nextResetTime` is in milliseconds, and missing while a window is idle.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from zai_ls.catalogue import shipped_codes
from zai_ls.domain import Reading, Window
from zai_ls.errors import NoReading

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from zai_ls.domain import Unit, WindowName


class _Kind(NamedTuple):
    name: WindowName
    unit: Unit
    numbers: frozenset[float]
    """How many of the endpoint's units it lasts, in each spelling that was seen."""
    longest_s: float
    """No reset is farther away: the window's length and some room for clocks that disagree."""


_FIVE_HOURS = frozenset({5.0}), 6 * 3600.0
_WEEK = frozenset({1.0, 7.0}), 8 * 86_400.0
_MONTH = frozenset({1.0}), 32 * 86_400.0
_KINDS: Mapping[tuple[str, float], _Kind] = {
    ("CREDIT_LIMIT", 3): _Kind("5h", "credits", *_FIVE_HOURS),
    ("CREDIT_LIMIT", 6): _Kind("week", "credits", *_WEEK),
    ("TOKENS_LIMIT", 3): _Kind("5h", "tokens", *_FIVE_HOURS),
    ("TOKENS_LIMIT", 6): _Kind("week", "tokens", *_WEEK),
    ("TIME_LIMIT", 5): _Kind("month", "calls", *_MONTH),
}
_ORDER = ("5h", "week", "month")
_MAX_LEVEL = 40
_LEVELS = ("level", "planName", "plan", "packageName")
_NUMBER = re.compile(r"[+-]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][+-]?\d{1,3})?", re.ASCII)
_ABSURD = 1e18
_FINE = frozenset({"", "0", "200"})


def parse(body: bytes, status: int, now: float) -> Reading:
    """The reading that an answer of the quota endpoint holds, as it came at *now* (epoch seconds) with HTTP *status*.

    Raises `NoReading`, and nothing else whatever *body* holds. What the service did not say stays unknown.
    """
    data = _data(body, status)
    limits = data.get("limits")
    if not data:
        raise NoReading(why="team")
    if not isinstance(limits, list):
        raise NoReading(why="odd")
    windows = _windows(limits, now)
    if not windows:
        raise NoReading(why="odd")
    return Reading(now, windows, _level(data))


def parse_balance(body: bytes, status: int, now: float, currency: Literal["usd", "cny"] = "usd") -> Reading:
    """The same for the balance endpoint, which tells no currency: it is that of the host.

    `availableBalance` counts, else `balance`; both are below 0 when money is owed. None when neither is a number.
    """
    data = _data(body, status)
    balance = _signed(data.get("availableBalance"))
    if balance is None:
        balance = _signed(data.get("balance"))
    return Reading(now, balance=balance, currency=currency)


def _data(body: bytes, status: int) -> dict[str, Any]:
    """The `data` of an answer. Raises `NoReading` when there is none."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
        if status < 400:
            raise NoReading(why="not_json", status=status) from None
    envelope = value if isinstance(value, dict) else {}
    code, message = _refused(envelope)
    if status >= 400 or code not in _FINE or envelope.get("success") is False or envelope.get("error"):
        known = shipped_codes().get(code)
        if code in {"401", "403"} or (known is not None and known.error == "AuthFailed"):
            why = "auth"
        elif "coding plan" in message.lower():
            # In either language: the words are those of the product's name.
            why = "no_plan"
        else:
            why = "auth" if status in {401, 403} else "http"
        raise NoReading(code or f"HTTP {status}", why=why, code=code, status=status)
    data = envelope.get("data")
    if not isinstance(data, dict):
        raise NoReading(why="odd", status=status)
    return data


def _refused(envelope: Mapping[str, Any]) -> tuple[str, str]:
    """Code and message, where an answer has them: at the top, or in `error` as on the routes of models."""
    inner = envelope.get("error")
    holder = inner if isinstance(inner, dict) else envelope
    code = _signed(holder.get("code"))
    message = holder.get("msg") or holder.get("message")
    return (
        str(int(code)) if code is not None and 0 <= code < 1e6 else "",
        message if isinstance(message, str) else "",
    )


def _windows(limits: Iterable[object], now: float) -> tuple[Window, ...]:
    """The windows that we know, each once: the first whose use is told, else the first."""
    found: dict[str, Window] = {}
    for limit in limits:
        window = _window(limit, now) if isinstance(limit, dict) else None
        if window is None:
            continue
        before = found.get(window.name)
        if before is None or (before.used_percent is None and window.used_percent is not None):
            found[window.name] = window
    return tuple(found[name] for name in _ORDER if name in found)


def _window(limit: Mapping[str, Any], now: float) -> Window | None:
    """One of them; None for a kind that we do not know.

    Where a `TOKENS_LIMIT` names no tokens, it is the window of an older plan, which is sold in prompts.
    """
    type_, unit, number = limit.get("type"), _number(limit.get("unit")), _number(limit.get("number"))
    kind = _KINDS.get((type_, unit)) if isinstance(type_, str) and unit is not None else None
    if kind is None or (number is not None and number not in kind.numbers):
        return None
    total, used = _number(limit.get("usage")), _number(limit.get("currentValue"))
    if not total:
        total = None
    if used is None and total is not None and (left := _number(limit.get("remaining"))) is not None:
        used = max(0.0, total - left)
    if total is not None and used is not None:
        # The service rounds its percentage down.
        percent: float | None = 100.0 * used / total
    else:
        percent = _percent(limit.get("percentage"))
    return Window(
        name=kind.name,
        used_percent=None if percent is None else min(100.0, percent),
        resets_at=_resets_at(limit.get("nextResetTime"), kind, now),
        source="reported",
        limit=total,
        used=used,
        unit="prompts" if kind.unit == "tokens" and total is None else kind.unit,
        read_at=now,
    )


def _resets_at(raw: object, kind: _Kind, now: float) -> float | None:
    """Epoch seconds from milliseconds; None for a time that is over or cannot be this window's."""
    milliseconds = _number(raw)
    if milliseconds is None:
        return None
    at = milliseconds / 1000
    return at if now < at <= now + kind.longest_s else None


def _percent(raw: object) -> float | None:
    return _number(raw.strip().removesuffix("%") if isinstance(raw, str) else raw)


def _number(raw: object) -> float | None:
    """A number that is 0 or more; None for anything else."""
    value = _signed(raw)
    return value if value is not None and value >= 0 else None


def _signed(raw: object) -> float | None:
    """A number of a size that means something, also one that was written as a string."""
    if isinstance(raw, str):
        raw = raw.strip()
        if not _NUMBER.fullmatch(raw):
            return None
    elif isinstance(raw, bool) or not isinstance(raw, int | float):
        return None
    try:
        value = float(raw)
    except OverflowError:
        return None
    return value if abs(value) < _ABSURD else None


def _level(data: Mapping[str, Any]) -> str:
    """The plan's name in the service's word, on one line."""
    for name in _LEVELS:
        said = data.get(name)
        if isinstance(said, str) and said.strip():
            return "".join(c for c in said.strip() if c.isprintable())[:_MAX_LEVEL]
    return ""
