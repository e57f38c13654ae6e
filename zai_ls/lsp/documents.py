"""What the editor has open: our own copy of each document, with the changes of each version kept.

A change costs the lines it touches, not the document. History is bounded; whoever asks for more gets None, not a guess.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lsprotocol import types
from pygls.uris import to_fs_path

from zai_ls.core.hunks import common_ends
from zai_ls.core.text import body_of, splice, split_lines, text_in
from zai_ls.domain import Change, Point, Range, Snapshot
from zai_ls.lsp.convert import range_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.clock import Clock
    from zai_ls.lsp.convert import Unit

_MOST_STEPS = 500
_LATELY = 400
"""Changes that count as made lately, at most."""
_MOST_SECONDS = 600.0
_MOST_CHARACTERS = 4_000_000
"""Replaced and inserted text kept for one document."""


@dataclass(frozen=True, slots=True)
class _Step:
    """One recorded change, and what is needed to take it back."""

    change: Change
    replaced: str
    at: float

    @property
    def weight(self) -> int:
        return len(self.change.text) + len(self.replaced)


@dataclass(slots=True, eq=False)
class Document:
    """One open document. Two openings of the same file are two documents: versions start anew."""

    uri: str
    language: str
    version: int
    lines: list[str]
    oldest: int
    """The first version from which the recorded steps lead to now."""
    steps: deque[_Step] = field(default_factory=deque)
    weight: int = 0
    path: str | None = None
    saved_version: int | None = None
    key_at: float | None = None
    """When a person's last key arrived, if the last change was one."""
    _snapshot: Snapshot | None = None

    def snapshot(self) -> Snapshot:
        """The document as it is; taken once per version."""
        if self._snapshot is None:
            self._snapshot = Snapshot(self.uri, self.language, self.version, tuple(self.lines), self.path)
        return self._snapshot

    def reached(self, version: int) -> None:
        """The document has *version* now, whether or not its text is another."""
        self.version = version
        self._snapshot = None

    def replace(self, range_: Range, text: str, version: int, now: float) -> None:
        """Replace *range_* by *text*, giving *version*, and remember how."""
        replaced = text_in(self.lines, range_)
        self.key_at = now if _is_key(text, replaced) else None
        line = range_.start.line
        above = self.lines[line - 1] if line else ""
        splice(self.lines, range_, text)
        self.reached(version)
        end = _end_after(range_.start, text)
        joined = line > 0 and self.lines[line - 1] != above
        if joined or end.line >= len(self.lines) or text_in(self.lines, Range(range_.start, end)) != text:
            # A lone `\r` and a `\n` met and became one line ending: the ends of this change are no places any more.
            self.forget(version)
            return
        step = _Step(Change(version, range_, text), replaced, now)
        self.steps.append(step)
        self.weight += step.weight
        while self.steps and (
            len(self.steps) > _MOST_STEPS
            or self.weight > _MOST_CHARACTERS
            or now - self.steps[0].at > _MOST_SECONDS
        ):
            self._drop_oldest_version()

    def forget(self, version: int) -> None:
        """Begin the history anew at *version*."""
        self.steps.clear()
        self.weight = 0
        self.oldest = version

    def _drop_oldest_version(self) -> None:
        version = self.steps[0].change.version
        while self.steps and self.steps[0].change.version == version:
            self.weight -= self.steps.popleft().weight
        self.oldest = version

    def changes_since(self, version: int) -> tuple[Change, ...] | None:
        """What happened after *version*, oldest first; None when that is not known."""
        if not self.oldest <= version <= self.version:
            return None
        return tuple(step.change for step in self.steps if step.change.version > version)

    def lines_before(self, at: float, most_steps: int) -> list[str]:
        """The text as it was at the instant *at*, or so many changes ago, whichever is later."""
        undone = [step for step in list(self.steps)[-most_steps:] if step.at >= at]
        before = self.lines_at(undone[0].change.version - 1) if undone else None
        return list(self.lines) if before is None else before

    def lines_at(self, version: int) -> list[str] | None:
        """The text as it was at *version*, by taking changes back; None when that is not known."""
        if not self.oldest <= version <= self.version:
            return None
        lines = list(self.lines)
        for step in reversed(self.steps):
            if step.change.version <= version:
                break
            start = step.change.range.start
            splice(lines, Range(start, _end_after(start, step.change.text)), step.replaced)
        return lines


class Documents:
    """All open documents of one client."""

    def __init__(self, clock: Clock, unit: Unit = "utf-16") -> None:
        self._clock = clock
        self._open: dict[str, Document] = {}
        self._expected: dict[str, list[tuple[list[str], asyncio.Future[bool]]]] = {}
        self._moving: dict[str, list[asyncio.Future[None]]] = {}
        self.unit: Unit = unit
        """What columns count; set when the client has said what it speaks, before any document is opened."""

    def __len__(self) -> int:
        return len(self._open)

    def get(self, uri: str) -> Document | None:
        """The open document, as it lives."""
        return self._open.get(uri)

    def uris(self) -> tuple[str, ...]:
        """All that are open."""
        return tuple(self._open)

    def snapshot(self, uri: str) -> Snapshot | None:
        """The document as it is now; None when it is not open."""
        document = self._open.get(uri)
        return None if document is None else document.snapshot()

    def snapshot_at(self, uri: str, version: int | None) -> Snapshot | None:
        """The document as it was at *version* while that is known, else as it is now; None when it is not open."""
        document = self._open.get(uri)
        if document is None:
            return None
        if version is None or version == document.version:
            return document.snapshot()
        lines = document.lines_at(version)
        if lines is None:
            return document.snapshot()
        return Snapshot(uri, document.language, version, tuple(lines), document.path)

    def read(self, uri: str) -> Snapshot | None:
        """The document as it is now: `assistant.Texts`."""
        return self.snapshot(uri)

    def others(self, uri: str) -> tuple[Snapshot, ...]:
        """The other open documents, the one that was changed or opened last first."""
        return tuple(d.snapshot() for d in reversed(self._open.values()) if d.uri != uri)

    def lines_lately(self, uri: str, seconds: float) -> list[str] | None:
        """The document as it was so long ago, or some hundred changes ago; None when it is not open."""
        document = self._open.get(uri)
        return None if document is None else document.lines_before(self._clock.now() - seconds, _LATELY)

    def open(self, uri: str, language: str, version: int, text: str) -> None:
        """The editor shows *text* and will tell every change of it."""
        self.close(uri)
        self._open[uri] = Document(
            uri, language, version, split_lines(text), oldest=version, path=path_of(uri)
        )
        self._check_expected(uri)

    def change(
        self, uri: str, version: int | None, changes: Sequence[types.TextDocumentContentChangeEvent]
    ) -> bool:
        """Make the editor's *changes*, each against the text the one before it left. False when *uri* is not open."""
        document = self._open.get(uri)
        if document is None:
            return False
        now = self._clock.now()
        fresh = document.version + 1 if version is None else version
        self._open[uri] = self._open.pop(uri)  # the last one is the one at hand
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                document.replace(range_in(document.lines, change.range, self.unit), change.text, fresh, now)
            else:
                document.replace(*_least_change(document.lines, change.text), fresh, now)
            if uri in self._expected:
                self._check_exactly(uri, document)
        document.reached(fresh)
        self._check_expected(uri)
        self._has_moved(uri)
        return True

    def saved(self, uri: str) -> None:
        """The document, as it is now, lies on disk."""
        document = self._open.get(uri)
        if document is not None:
            document.saved_version = document.version

    def close(self, uri: str) -> None:
        """The editor will tell no more of it."""
        self._open.pop(uri, None)
        for _, seen in self._expected.pop(uri, ()):
            if not seen.done():
                seen.set_result(False)
        self._has_moved(uri)

    # -- waiting for a text -----------------------------------------------------------------------------

    def expect(self, uri: str, lines: Sequence[str]) -> asyncio.Future[bool]:
        """Done with True once the document has the text *lines*, line endings apart; with False when it is closed.

        A text that is there only between two changes of one message counts too: the editor went through it.
        """
        seen: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._expected.setdefault(uri, []).append((list(lines), seen))
        self._check_expected(uri)
        return seen

    def expect_no_more(self, uri: str, seen: asyncio.Future[bool]) -> None:
        """Nobody waits for *seen* any longer."""
        waiting = [pair for pair in self._expected.get(uri, ()) if pair[1] is not seen]
        if waiting:
            self._expected[uri] = waiting
        else:
            self._expected.pop(uri, None)

    def moved(self, uri: str) -> asyncio.Future[None]:
        """Done at the next change of the document, or when it is closed."""
        moved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._moving.setdefault(uri, []).append(moved)
        return moved

    def _has_moved(self, uri: str) -> None:
        for moved in self._moving.pop(uri, ()):
            if not moved.done():
                moved.set_result(None)

    def _check_exactly(self, uri: str, document: Document) -> None:
        for lines, seen in self._expected.get(uri, ()):
            if not seen.done() and lines == document.lines:
                seen.set_result(True)

    def _check_expected(self, uri: str) -> None:
        document = self._open.get(uri)
        if document is None:
            return
        for lines, seen in self._expected.get(uri, ()):
            if not seen.done() and _same_but_endings(lines, document.lines):
                seen.set_result(True)


_KEY = 3
"""Characters that one key may bring or take: what an input method commits, what an editor closes by itself."""


def _is_key(text: str, replaced: str) -> bool:
    """Is putting *text* in place of *replaced* what one key of a person does? An editor may send the whole line for it.

    A new line is none: nobody opens a menu with it.
    """
    head, tail = common_ends(text, replaced)
    came, went = text[head : len(text) - tail], replaced[head : len(replaced) - tail]
    return bool(came or went) and max(len(came), len(went)) <= _KEY and not {*came, *went} & {"\r", "\n"}


def _same_but_endings(one: Sequence[str], other: Sequence[str]) -> bool:
    """Equal line by line; an editor may write its own line ending for ours."""
    if len(one) != len(other):
        return False
    return all(a == b or body_of(a) == body_of(b) for a, b in zip(one, other, strict=True))


def _end_after(start: Point, text: str) -> Point:
    """Where *text* ends when it stands at *start*."""
    pieces = split_lines(text)
    if len(pieces) == 1:
        return Point(start.line, start.column + len(text))
    return Point(start.line + len(pieces) - 1, len(pieces[-1]))


def _least_change(lines: list[str], text: str) -> tuple[Range, str]:
    """The change of whole lines that turns *lines* into *text*: a client that always sends all of it changed little."""
    fresh = split_lines(text)
    most = min(len(lines), len(fresh)) - 1
    same = 0
    while same < most and lines[same] == fresh[same]:
        same += 1
    tail = 0
    while tail < most - same and lines[-1 - tail] == fresh[-1 - tail]:
        tail += 1
    last, fresh_last = len(lines) - 1 - tail, len(fresh) - 1 - tail
    if tail:
        return Range(Point(same, 0), Point(last + 1, 0)), "".join(fresh[same : fresh_last + 1])
    return Range(Point(same, 0), Point(last, len(lines[last]))), "".join(fresh[same:])


def path_of(uri: str) -> str | None:
    """The file-system path of a `file:` URI; None for any other, and for a file of another machine that has no path here."""
    try:
        parts = urlsplit(uri)
        if parts.scheme.lower() != "file":
            return None
        if parts.netloc.lower() == "localhost":
            parts = parts._replace(netloc="")
        if os.name == "nt":
            return to_fs_path(parts.geturl())
        # Two slashes at the beginning mean one, and not the same to all who compare paths.
        return None if parts.netloc else _one_slash(to_fs_path(f"file://{parts.path}"))
    except ValueError:
        return None


def _one_slash(path: str | None) -> str | None:
    return f"/{path.lstrip('/')}" if path is not None and path.startswith("//") else path
