"""Diagnostics from another tool's output: JSON as in LSP, or lines `file:line:col: message`."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from zai_ls.cli.exits import BadUse
from zai_ls.core.text import body_of, clamp_range
from zai_ls.domain import Diagnostic, Point, Range
from zai_ls.messages import say

if TYPE_CHECKING:
    from zai_ls.domain import Snapshot

_LINE = re.compile(r"(?P<file>.+?):(?P<line>\d+)(?::(?P<column>\d+))?:\s*(?P<message>\S.*)")
_SEVERITY = re.compile(r"(?:fatal )?(error|warning|note|info|hint)\b[:\s]*", re.IGNORECASE)
_LEVELS = {"error": 1, "warning": 2, "info": 3, "note": 3, "hint": 4}
_WORD = re.compile(r"\w+|\S")


def load_diagnostics(source: str, snapshot: Snapshot) -> tuple[Diagnostic, ...]:
    """The diagnostics of *snapshot*'s file in the file *source* (`-`: standard input). Raises `BadUse`."""
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadUse(say("cli.diagnostics_unreadable", path=source, why=error)) from None
    return parse_diagnostics(text, snapshot)


def parse_diagnostics(text: str, snapshot: Snapshot) -> tuple[Diagnostic, ...]:
    """Those of *text* that concern *snapshot*. Raises `BadUse` when nothing in it is a diagnostic."""
    if text.lstrip().startswith(("[", "{")):
        return _from_json(text, snapshot)
    found: list[Diagnostic] = []
    matches = [m for m in map(_LINE.fullmatch, text.splitlines()) if m]
    if text.strip() and not matches:
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


def _from_json(text: str, snapshot: Snapshot) -> tuple[Diagnostic, ...]:
    try:
        data = json.loads(text)
        items = data["diagnostics"] if isinstance(data, Mapping) else data
        return tuple(_from_lsp(item, snapshot) for item in items)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise BadUse(say("cli.diagnostics_format")) from None


def _from_lsp(item: Mapping[str, object], snapshot: Snapshot) -> Diagnostic:
    span = item["range"]
    assert isinstance(span, Mapping)
    severity, code = item.get("severity"), item.get("code")
    return Diagnostic(
        clamp_range(snapshot.lines, Range(_point(span["start"], snapshot), _point(span["end"], snapshot))),
        str(item["message"]),
        severity if isinstance(severity, int) and 1 <= severity <= 4 else 1,
        str(item.get("source") or ""),
        "" if code is None else str(code),
    )


def _point(position: Mapping[str, int], snapshot: Snapshot) -> Point:
    """LSP's place, in UTF-16 units, as ours, in code points."""
    line, units = position["line"], position["character"]
    if not 0 <= line < len(snapshot.lines):
        return Point(line, units)
    prefix = snapshot.lines[line].encode("utf-16-le")[: 2 * units]
    return Point(line, len(prefix.decode("utf-16-le", "ignore")))


def _word_at(snapshot: Snapshot, line: int, column: int) -> Range:
    """The word that begins at a place: tools that print lines say where it begins only."""
    if not 0 <= line < len(snapshot.lines):
        return clamp_range(snapshot.lines, Range(Point(line, column), Point(line, column)))
    word = _WORD.match(body_of(snapshot.lines[line]), column)
    end = word.end() if word else column
    return clamp_range(snapshot.lines, Range(Point(line, column), Point(line, end)))


def _same_file(name: str, snapshot: Snapshot) -> bool:
    return snapshot.path is not None and Path(name).resolve() == Path(snapshot.path).resolve()
