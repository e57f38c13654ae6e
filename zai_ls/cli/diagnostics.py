"""Diagnostics from another tool's output: JSON as in LSP or of ruff, or lines `file:line:col: message`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from zai_ls.cli.exits import BadUse
from zai_ls.cli.files import path_of
from zai_ls.core.text import body_of, clamp_range
from zai_ls.domain import Diagnostic, Point, Range
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zai_ls.domain import Snapshot

_LINE = re.compile(r"(?P<file>.+?):(?P<line>\d{1,9})(?::(?P<column>\d{1,9}))?(?::\d+)*:\s*(?P<message>\S.*)")
_SEVERITY = re.compile(r"(?:fatal )?(error|warning|note|info|hint)\b[:\s]*", re.IGNORECASE)
_LEVELS = {"error": 1, "warning": 2, "info": 3, "note": 3, "hint": 4}
_WORD = re.compile(r"\w+|\S")
_SOUND = re.compile(r"All checks passed!|Success: no issues found.*")
"""What ruff and mypy say when they have found nothing."""


class _NoDiagnostic(ValueError):
    """JSON of another form."""


def load_diagnostics(source: str, snapshot: Snapshot) -> tuple[Diagnostic, ...]:
    """The diagnostics of *snapshot*'s file in the file *source* (`-`: standard input). Raises `BadUse`."""
    try:
        raw = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        text = raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise BadUse(say("cli.diagnostics_unreadable", path=source, why=why)) from None
    return parse_diagnostics(text, snapshot)


def parse_diagnostics(text: str, snapshot: Snapshot) -> tuple[Diagnostic, ...]:
    """Those of *text* that concern *snapshot*. Raises `BadUse` when nothing in it is a diagnostic."""
    text = text.removeprefix("\ufeff").strip()
    if text.startswith(("[", "{")):
        try:
            return tuple(_from_json(json.loads(text), snapshot))
        except (ValueError, RecursionError):
            raise BadUse(say("cli.diagnostics_format")) from None
    found: list[Diagnostic] = []
    lines = [line.strip() for line in text.splitlines()]
    matches = [m for m in map(_LINE.fullmatch, lines) if m]
    if text and not matches and not any(map(_SOUND.fullmatch, lines)):
        raise BadUse(say("cli.diagnostics_format"))
    for match in matches:
        if not _same_file(match["file"], snapshot):
            continue
        severity = _SEVERITY.match(match["message"])
        found.append(
            Diagnostic(
                _word_at(snapshot, int(match["line"]) - 1, int(match["column"] or 1) - 1),
                match["message"][severity.end() :] if severity else match["message"],
                _LEVELS[severity[1].lower()] if severity else 1,
            )
        )
    return tuple(found)


def _from_json(data: object, snapshot: Snapshot) -> Iterator[Diagnostic]:
    """Of a list, of what a server publishes for one file, or of one diagnostic. Raises `_NoDiagnostic`."""
    if isinstance(data, Sequence) and not isinstance(data, str):
        for item in data:
            yield from _from_json(item, snapshot)
        return
    if not isinstance(data, Mapping):
        raise _NoDiagnostic
    if "diagnostics" in data:
        if not isinstance(data["diagnostics"], list):
            raise _NoDiagnostic
        found = tuple(_from_json(data["diagnostics"], snapshot))
    else:
        found = (_from_ruff(data, snapshot) if "location" in data else _from_lsp(data, snapshot),)
    file = data.get("uri") or data.get("filename")
    if file is None or _same_file(str(file), snapshot):
        yield from found


def _from_lsp(item: Mapping[str, object], snapshot: Snapshot) -> Diagnostic:
    span = _mapping(item.get("range"))
    severity = item.get("severity")
    return Diagnostic(
        clamp_range(
            snapshot.lines, Range(_point(span.get("start"), snapshot), _point(span.get("end"), snapshot))
        ),
        _message(item),
        severity if isinstance(severity, int) and 1 <= severity <= 4 else 1,
        str(item.get("source") or ""),
        _code(item),
    )


def _from_ruff(item: Mapping[str, object], snapshot: Snapshot) -> Diagnostic:
    """Lines and columns count from 1 there, columns in code points."""
    first, last = _mapping(item["location"]), _mapping(item.get("end_location") or item["location"])
    start, end = (
        Point(max(0, _whole(place.get("row")) - 1), max(0, _whole(place.get("column")) - 1))
        for place in (first, last)
    )
    return Diagnostic(clamp_range(snapshot.lines, Range(start, end)), _message(item), 1, "ruff", _code(item))


def _message(item: Mapping[str, object]) -> str:
    message = item.get("message")
    if not isinstance(message, str):
        raise _NoDiagnostic
    return message


def _code(item: Mapping[str, object]) -> str:
    code = item.get("code")
    return "" if code is None else str(code)


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise _NoDiagnostic
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _NoDiagnostic
    return value


def _point(position: object, snapshot: Snapshot) -> Point:
    """LSP's place, in UTF-16 units, as ours, in code points."""
    place = _mapping(position)
    line, units = _whole(place.get("line")), _whole(place.get("character"))
    if line >= len(snapshot.lines):
        return Point(line, units)
    prefix = snapshot.lines[line].encode("utf-16-le")[: 2 * units]
    return Point(line, len(prefix.decode("utf-16-le", "ignore")))


def _word_at(snapshot: Snapshot, line: int, column: int) -> Range:
    """The word that begins at a place: tools that print lines say where it begins only."""
    line, column = max(0, line), max(0, column)
    if line >= len(snapshot.lines):
        return clamp_range(snapshot.lines, Range(Point(line, column), Point(line, column)))
    word = _WORD.match(body_of(snapshot.lines[line]), column)
    end = word.end() if word else column
    return clamp_range(snapshot.lines, Range(Point(line, column), Point(line, end)))


def _same_file(name: str, snapshot: Snapshot) -> bool:
    """Is *name*, a path or a file's URI, the file of *snapshot*?"""
    if name == snapshot.uri:
        return True
    path = path_of(name) if name.startswith("file:") else Path(name.strip())
    try:
        return snapshot.path is not None and path.resolve() == Path(snapshot.path).resolve()
    except (OSError, ValueError):  # a name that no file system takes
        return False
