"""A refusal's bytes become one of our errors, by its business code and never by its words.

The words come in English or Chinese, and one HTTP status covers many situations: only the code tells them apart.
Codes and their classes are data (`[codes]` in the catalogue); an unknown code goes by HTTP status.
Bodies come in three shapes:

1. `{"error": {"code": "1302", "message": …}}` - OpenAI route; the code may be a number;
2. `{"type": "error", "error": {"type": …, "code": …, "message": "[1308][text][trace id]"}}` - Anthropic route; older ones carry
   the code in `error.type`;
3. `{"code": 401, "msg": …, "success": false}` - console and quota routes, with HTTP status 200.
"""

from __future__ import annotations

import json
import math
import re
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from zai_ls import errors
from zai_ls.catalogue import shipped_codes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zai_ls.catalogue import Code

_VENDOR_ZONE = timezone(timedelta(hours=8))
"""Reset times and the stamps in trace ids carry no zone and mean this one, on every host."""

_MAX_DETAIL = 160
_DAY_S = 86_400.0
_LONGEST_WAIT_S: Mapping[str, float] = {
    "5h": 5 * 3600.0 + 900,
    "day": _DAY_S + 900,
    "week": 31 * _DAY_S + 3600,
}
"""A reset farther away than its window is long was misread."""
_LONGEST_RETRY_AFTER_S = 6 * 3600.0

_BRACKETED = re.compile(r"^\[(\d{3,5})\]\s*\[(.*)\]\s*\[([^\[\]]*)\]$", re.DOTALL)
_RESET = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?")
_STAMP = re.compile(r"^20\d{12}")
_TRACE = re.compile(r"20\d{12}[0-9a-f]*")
_QUOTED = re.compile(r"(`+|\"|(?<!\w)'|“|「)[^`\"”」]{24,}?(`+|\"|'(?!\w)|”|」|$)")
_KEYLIKE = re.compile(r"[A-Za-z0-9_\-+/=.]{24,}")
_BLANKS = re.compile(r"\s+")

_BY_STATUS: Mapping[int, type[errors.ZaiError]] = {
    401: errors.AuthFailed,
    402: errors.NoBalance,
    403: errors.AuthFailed,
    408: errors.ServerError,
    409: errors.ServerError,
    413: errors.ContextTooLong,
    425: errors.ServerError,
    429: errors.RateLimited,
    434: errors.AuthFailed,
    529: errors.Overloaded,
}


def classify(
    status: int,
    body: bytes,
    *,
    host: str,
    model: str,
    now: float | None,
    headers: Mapping[str, str] | None = None,
    codes: Mapping[str, Code] | None = None,
) -> errors.ZaiError:
    """The error that a refusal means. Never raises, whatever *body* holds.

    *now*, epoch seconds, anchors reset times; None leaves those unknown that need it.
    *headers* are looked up in lower case. *codes* default to the shipped table.
    """
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    return refusal(value, status=status, host=host, model=model, now=now, headers=headers, codes=codes)


def is_refusal(value: object) -> bool:
    """Is this parsed JSON one of the three shapes, whatever HTTP status it came with?"""
    if not isinstance(value, dict):
        return False
    if value.get("error"):
        return True
    return "code" in value and "choices" not in value and value.get("success") is False


def refusal(
    value: object,
    *,
    status: int,
    host: str,
    model: str,
    now: float | None,
    headers: Mapping[str, str] | None = None,
    codes: Mapping[str, Code] | None = None,
) -> errors.ZaiError:
    """`classify` for a body that is parsed already."""
    known = codes if codes is not None else shipped_codes()
    code, message, trace = _read(value, known)
    entry = known.get(code)
    if entry is None and len(code) == 3 and code.isdecimal():
        status = int(
            code
        )  # hosts that repeat the HTTP status as the code, or answer 200 with the true one inside
    kind: type[errors.ZaiError] = _by_status(status)
    window = ""
    if entry is not None:
        kind = getattr(errors, entry.error, kind)
        window = entry.window
    return kind(
        _detail(message),
        code=code or str(status),
        status=status,
        host=host,
        model=model,
        retry_after_s=retry_after(headers, now),
        resets_at=_resets_at(message, trace, window, now) if window else None,
        window=window,
    )


def _by_status(status: int) -> type[errors.ZaiError]:
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if 400 <= status < 500:
        return errors.BadRequest
    if 300 <= status < 400:
        return errors.BadReply
    return errors.ServerError


def _read(value: object, known: Mapping[str, Code]) -> tuple[str, str, str]:
    """Code, message and trace id of a refusal's body; empty where it has none."""
    if not isinstance(value, dict):
        return "", "", ""
    trace = _text(value.get("request_id"))
    error = value.get("error")
    if isinstance(error, str):
        return "", error, trace
    holder: dict[str, Any] = error if isinstance(error, dict) else value
    message = _text(holder.get("message")) or _text(holder.get("msg"))
    words = [_text(holder.get("code")), _text(holder.get("type")) if isinstance(error, dict) else ""]
    bracketed = _BRACKETED.match(message.strip())
    if bracketed:
        words.insert(1, bracketed[1])
        message, trace = bracketed[2], bracketed[3] or trace
    # A number says more than a word, and a word that we know more than one that we do not.
    numbers = [word for word in words if word.isdecimal()]
    named = [word for word in words if word in known]
    code = next((word for word in [*numbers, *named]), "")
    return code, message, trace


def _text(raw: object) -> str:
    if isinstance(raw, str):
        return raw.strip()
    return str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else ""


def _detail(message: str) -> str:
    """One short line: nothing quoted at length, nothing that looks like a key, no control characters."""
    first = _QUOTED.sub("…", message.strip()[: 4 * _MAX_DETAIL]).partition("\n")[0]
    first = _KEYLIKE.sub(lambda found: found[0] if _TRACE.fullmatch(found[0]) else "…", first)
    first = _BLANKS.sub(" ", "".join(c if c.isprintable() else " " for c in first)).strip()
    return first if len(first) <= _MAX_DETAIL else first[: _MAX_DETAIL - 1] + "…"


def _resets_at(message: str, trace: str, window: str, now: float | None) -> float | None:
    """When the window refills, or None when that cannot be read or cannot be true.

    With a stamped trace id in the same body the zone does not matter and neither does our clock's error:
    both times are the service's own, so their difference is the wait.
    """
    found = _RESET.search(message)
    if found is None:
        return _next_midnight(now) if window == "day" and now is not None else None
    try:
        reset = datetime.fromisoformat(f"{found[1]} {found[2]}")
        zone = _zone(found[3])
        stamp = datetime.strptime(trace[:14], "%Y%m%d%H%M%S") if _STAMP.match(trace) else None  # noqa: DTZ007 - both in one zone
    except ValueError:
        return None
    absolute = reset.replace(tzinfo=zone or _VENDOR_ZONE).timestamp()
    if zone is None and stamp is not None:
        wait = (reset - stamp).total_seconds()
        at = absolute if now is None else now + wait
    elif now is not None:
        wait, at = absolute - now, absolute
    else:
        return None
    return at if 0 < wait <= _LONGEST_WAIT_S[window] else None


def _zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(offset if text[0] == "+" else -offset)


def _next_midnight(now: float) -> float:
    there = datetime.fromtimestamp(now, _VENDOR_ZONE)
    return (there.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)).timestamp()


def retry_after(headers: Mapping[str, str] | None, now: float | None) -> float | None:
    """Seconds that the service asks us to wait (`retry-after-ms`, `retry-after`: seconds or a date); None when unsaid."""
    if headers is None:
        return None
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        raw = headers.get(name)
        if raw is None:
            continue
        try:
            seconds = float(raw) * unit
        except ValueError:
            seconds = _until_date(raw, now)
        if math.isfinite(seconds) and seconds >= 0:
            return min(seconds, _LONGEST_RETRY_AFTER_S)
    return None


def _until_date(raw: str, now: float | None) -> float:
    from email.utils import parsedate_to_datetime

    try:
        date = parsedate_to_datetime(raw)
    except ValueError:
        return math.nan
    if now is None:
        return math.nan
    return max(0.0, (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now)
