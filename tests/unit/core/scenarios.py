"""Scenarios: one file, one story, from the selection to the file afterwards.

A scenario starts with its story in plain words. Then come sections, each under a line `-- name --`:

- `settings.json`: settings, as in an editor's section `zai`.
- `ask`: lines `action: simplify`, and as wanted `instruction:`, `model:`, `diagnostic: LINE MESSAGE` (line from 1, repeatable).
- a file name, such as `a.py`: a file; the first one is the document, in which «» marks the selection (an empty one is a cursor).
- `model`: a reply, word for word; one section for each time the model is asked, in order. `model length` was cut off.
- `expect`: lines `model:`, `tier:`, `outcome:` (`edits`, `explanation`, `declined REASON`, `kept REASON`), and
  `system:`, `prompt:`, `not in prompt:` with words that the (first) prompt holds or does not hold, `shows:` with words of an explanation.
- `then a.py`: that file afterwards, whole. Files without such a section stay as they were.

A file's header may end in words: `crlf` (its lines end so), `cr`, `no newline` (the last line has no ending).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.unit.core.marked import end_point
from zai_ls.core.text import split_lines
from zai_ls.domain import Ask, Diagnostic, FinishReason, Point, Range

FOLDER = Path(__file__).parents[2] / "scenarios"

_HEADER = re.compile(r"^-- (.+) --$", re.MULTILINE)
_SECTION = re.compile(r"^(?P<then>then )?(?P<name>\S+?)(?P<crlf> crlf)?(?P<cr> cr)?(?P<open> no newline)?$")
_EXPECTED = {"model", "tier", "outcome", "system", "prompt", "not in prompt", "shows"}


@dataclass(frozen=True)
class Answer:
    """What the model says when it is asked."""

    text: str
    finish: FinishReason = FinishReason.STOP


@dataclass(frozen=True)
class Scenario:
    name: str
    story: str
    action: str
    document: str
    """Name of the file that is open."""
    files: dict[str, str]
    """As they are on disk before, by name; without the marks."""
    selection: Range
    settings: dict[str, Any] = field(default_factory=dict)
    instruction: str | None = None
    model: str | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    answers: tuple[Answer, ...] = ()
    expect: tuple[tuple[str, str], ...] = ()
    afterwards: dict[str, str] = field(default_factory=dict)

    def expected(self, key: str) -> list[str]:
        return [value for name, value in self.expect if name == key]

    def after(self, name: str) -> str:
        """The file *name* as it must be at the end."""
        return self.afterwards.get(name, self.files.get(name, ""))

    def ask(self, uri: str, version: int | None = None) -> Ask:
        return Ask(self.action, uri, self.selection, version, self.diagnostics, self.instruction, self.model)


def scenarios() -> list[Scenario]:
    """All of them, by name."""
    return [parse(path.stem, path.read_text("utf-8")) for path in sorted(FOLDER.glob("*.txt"))]


def parse(name: str, text: str) -> Scenario:
    """The scenario in *text*. Raises `ValueError` with the scenario's name and what is wrong."""
    story, *pieces = _HEADER.split(text)
    files: dict[str, str] = {}
    afterwards: dict[str, str] = {}
    answers: list[Answer] = []
    lines: dict[str, tuple[tuple[str, str], ...]] = {"ask": (), "expect": ()}
    settings: dict[str, Any] = {}
    document, selection = "", None
    for header, raw in zip(pieces[::2], pieces[1::2], strict=True):
        body = raw.removeprefix("\n")
        if header == "settings.json":
            settings = json.loads(body)
        elif header in lines:
            lines[header] = _pairs(name, body)
        elif header in {"model", "model length"}:
            finish = FinishReason.LENGTH if header.endswith("length") else FinishReason.STOP
            answers.append(Answer(body, finish))
        else:
            found = _SECTION.match(header)
            if found is None:
                raise ValueError(f"{name}: no section is called {header!r}")
            content = body.removesuffix("\n") if found["open"] else body
            if found["crlf"] or found["cr"]:
                content = content.replace("\n", "\r\n" if found["crlf"] else "\r")
            if found["then"]:
                afterwards[found["name"]] = content
            elif document:
                files[found["name"]] = content
            else:
                document = found["name"]
                files[document], selection = _unmarked(name, content)
    wrong = {key for key, _ in lines["expect"]} - _EXPECTED
    asked = dict(lines["ask"])
    if wrong or selection is None or "action" not in asked or not story.strip():
        raise ValueError(f"{name}: story, document, action and known expectations are needed {sorted(wrong)}")
    return Scenario(
        name,
        story.strip(),
        asked["action"],
        document,
        files,
        selection,
        settings,
        asked.get("instruction"),
        asked.get("model"),
        tuple(_diagnostic(value, files[document]) for key, value in lines["ask"] if key == "diagnostic"),
        tuple(answers),
        lines["expect"],
        afterwards,
    )


def _pairs(name: str, body: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for line in body.splitlines():
        if line.strip():
            key, colon, value = line.partition(":")
            if not colon:
                raise ValueError(f"{name}: {line!r} has no colon")
            pairs.append((key.strip(), value.strip()))
    return tuple(pairs)


def _unmarked(name: str, text: str) -> tuple[str, Range]:
    if text.count("«") != 1 or text.count("»") != 1:
        raise ValueError(f"{name}: one selection is marked by «»")
    before, _, rest = text.partition("«")
    selected, _, after = rest.partition("»")
    return before + selected + after, Range(end_point(before), end_point(before + selected))


def _diagnostic(value: str, text: str) -> Diagnostic:
    number, _, message = value.partition(" ")
    line = int(number) - 1
    body = split_lines(text)[line].rstrip("\r\n")
    start = len(body) - len(body.lstrip())
    return Diagnostic(Range(Point(line, start), Point(line, len(body))), message, source="check")
