"""Secrets out of a text: each replaced wherever it stands, the same one always by the same placeholder."""

from __future__ import annotations

import re
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from zai_ls.core.redaction.finding import ESCAPED, Found, bodies, find
from zai_ls.core.redaction.looks import is_distinct
from zai_ls.core.redaction.placeholders import placeholder
from zai_ls.domain import Secret, StandIn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_BODY_LINE = re.compile(r"[A-Za-z0-9+/]{16}")
_WORD_START = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbfv])|(?<=%[0-9A-Fa-f]{2})|(?<=\\u[0-9A-Fa-f]{4}))[A-Za-z0-9]"
)
_LONG_WORD = re.compile(r"[a-z0-9]{7,}")
_KEYED = 6
"""Characters by which known secrets are looked up; none is shorter."""
_FEW = 40
"""So many secrets are quicker looked for one by one."""


def redacted(
    text: str,
    salt: bytes,
    *,
    cut_from: Iterable[str] = (),
    keys_in: Callable[[], Iterable[str]] = tuple,
) -> tuple[str, tuple[StandIn, ...]]:
    """*text* without its secrets, and what stands for each of them, in the order in which they appear.

    *cut_from*: longer texts that parts of it were cut from; what is secret in them is secret here.
    *keys_in*: documents that parts of it come from, asked for only when it may show some lines of a private key, or pieces.
    """
    found = find(text)
    known: dict[str, Found] = {}
    for each in found:
        known.setdefault(text[each.start : each.end], each)
    for whole in cut_from:
        for each in find(whole):
            known.setdefault(whole[each.start : each.end], each)
    if _BODY_LINE.search(text):
        for line in (line for document in keys_in() for line in bodies(document)):
            known.setdefault(line, Found(0, 0, "private_key", form=(min(64, len(line)),)))
    if not known:
        return text, ()
    spans = {each.start: each.end for each in found}
    free = _Free(found)
    spans |= {start: end for start, end in _Known(known).within(text) if free.take(start, end)}
    return _replaced(text, spans, known, salt)


def cut(text: str, longest: int, *, keep_end: bool = False) -> str:
    """The first *longest* characters of *text*, or the last; a secret that stands across the cut is left out whole."""
    if len(text) <= longest:
        return text
    at = len(text) - longest if keep_end else longest
    for each in find(text):
        if each.start < at < each.end:
            at = each.end if keep_end else each.start
    return text[at:] if keep_end else text[:at]


def _replaced(
    text: str, spans: dict[int, int], known: dict[str, Found], salt: bytes
) -> tuple[str, tuple[StandIn, ...]]:
    stand_ins: dict[str, StandIn] = {}
    taken = _Taken(text)
    pieces: list[str] = []
    done = 0
    for start, end in sorted(spans.items()):
        value = text[start:end]
        if value not in stand_ins:
            each = known[value]
            name = taken.fresh(partial(placeholder, salt, value, each), len(each.head))
            stand_ins[value] = StandIn(name, Secret(value), each.kind, len(each.head))
        pieces += (text[done:start], stand_ins[value].placeholder)
        done = end
    return "".join((*pieces, text[done:])), tuple(stand_ins.values())


class _Taken:
    """Names that mean something else already: in the text, or as another placeholder."""

    def __init__(self, text: str) -> None:
        self._words = set(_LONG_WORD.findall(text.lower()))

    def fresh(self, made: Callable[[int], str], head: int) -> str:
        """The first that is made up of new words; its first *head* characters are those of its kind, and may stand anywhere.

        It ends: each is longer than the one some attempts before, so one is longer than all words there are.
        """
        for attempt in count():
            name = made(attempt)
            low = name.lower()
            words = {word[0] for word in _LONG_WORD.finditer(low) if word.end() > head}
            words.update(_LONG_WORD.findall(low, head))
            if self._words.isdisjoint(words):
                self._words |= words
                return name
        raise AssertionError  # pragma: no cover


class _Free:
    """Which places of a text hold no secret yet."""

    def __init__(self, found: list[Found]) -> None:
        self._found = found
        self._next = 0
        self._end = 0

    def take(self, start: int, end: int) -> bool:
        """Is all of it free? Asked in ascending order."""
        while self._next < len(self._found) and self._found[self._next].end <= start:
            self._next += 1
        after = self._found[self._next].start if self._next < len(self._found) else end
        if start < self._end or after < end:
            return False
        self._end = end
        return True


def _is_escaped(text: str, at: int) -> bool:
    return ESCAPED.search(text, max(0, at - 6), at) is not None


class _Known:
    """Secrets that are looked for as they are, wherever else they stand: in a comment, in a linter's message."""

    def __init__(self, known: Iterable[str]) -> None:
        self._values = [value for value in known if is_distinct(value)]

    def within(self, text: str) -> Iterator[tuple[int, int]]:
        """Where they stand by themselves, in ascending order, none within another."""
        done = 0
        for start, end in sorted(self._all(text), key=lambda span: (span[0], -span[1])):
            if start >= done and not text[end : end + 1].isalnum():
                yield start, end
                done = end

    def _all(self, text: str) -> Iterator[tuple[int, int]]:
        if len(self._values) > _FEW:
            yield from self._by_words(text)
            return
        for value in self._values:
            at = text.find(value)
            while at >= 0:
                if not (value[0].isalnum() and at and text[at - 1].isalnum() and not _is_escaped(text, at)):
                    yield at, at + len(value)
                at = text.find(value, at + len(value))

    def _by_words(self, text: str) -> Iterator[tuple[int, int]]:
        """In one pass, however many there are, and however much alike."""
        by_key: dict[str, dict[tuple[int, int], set[str]]] = {}
        for value in self._values:
            first = _WORD_START.search(value)
            if first is not None:
                at = first.start()
                sizes = by_key.setdefault(value[at : at + _KEYED], {})
                sizes.setdefault((at, len(value)), set()).add(value)
        for word in _WORD_START.finditer(text):
            for (offset, size), values in by_key.get(text[word.start() : word.start() + _KEYED], {}).items():
                start = word.start() - offset
                if start >= 0 and text[start : start + size] in values:
                    yield start, start + size
