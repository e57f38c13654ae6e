"""Secrets back into a reply: as a whole, or while it streams, where a placeholder may come in pieces."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from zai_ls.domain import Secret
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from zai_ls.domain import StandIn

_WINDOW = 6
"""Characters of a placeholder, in any case, that are there by no accident."""
_HEX_WINDOW = 9
_HEAD, _AFTER_HEAD = 3, 4
"""The same for one that was cut off behind its head: so many of the head, so many after it."""
_HEX = re.compile(r"[0-9a-f]+")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Restorer:
    """Knows what stands for what in one request."""

    def __init__(self, stand_ins: tuple[StandIn, ...]) -> None:
        self._secrets = {each.placeholder: each.secret for each in stand_ins}
        names = sorted(self._secrets, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, names))) if names else None
        self._prefixes = frozenset(name[:length] for name in names for length in range(1, len(name)))
        self._longest = max(map(len, names), default=0) - 1
        self._traces = frozenset(trace for each in stand_ins for trace in _traces(each))

    @classmethod
    def for_reading(cls, stand_ins: tuple[StandIn, ...]) -> Restorer:
        """One that puts in the words for a secret's kind, not the secret.

        For explanations: a person reads them in a file that the editor is given, on a screen that others may see; that a
        token stands there is all that the text needs, and where it stands the code beside it shows.
        """
        words = (say("secret.named", kind=say(f"secret.{each.kind}")) for each in stand_ins)
        return cls(
            tuple(replace(each, secret=Secret(word)) for each, word in zip(stand_ins, words, strict=True))
        )

    def text(self, text: str) -> str:
        """*text* with each placeholder that is whole replaced by its secret."""
        if self._pattern is None:
            return text
        return self._pattern.sub(lambda match: self._secrets[match[0]].reveal(), text)

    def whole(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Where in *text* a whole placeholder stands, and the secret it stands for."""
        if self._pattern is not None:
            for match in self._pattern.finditer(text):
                yield match.start(), match.end(), self._secrets[match[0]].reveal()

    def stream(self) -> Stream:
        """For one reply that comes in pieces."""
        return Stream(self)

    def has_traces(self, text: str) -> bool:
        """Does *text*, in which placeholders were replaced, still hold part of one, or one whose letters were changed?"""
        if not self._traces:
            return False
        low = text.lower()
        return any(
            low[at : at + size] in self._traces
            for size in {len(trace) for trace in self._traces}
            for at in range(len(low) - size + 1)
        )

    def held(self, text: str) -> int:
        """How many characters at the end of *text* may be the beginning of a placeholder."""
        return next(
            (size for size in range(min(self._longest, len(text)), 0, -1) if text[-size:] in self._prefixes),
            0,
        )


class Stream:
    """One reply in pieces. What may be the beginning of a placeholder is held back until it is clear what it is."""

    def __init__(self, restorer: Restorer) -> None:
        self._restorer = restorer
        self._held = ""

    def feed(self, piece: str) -> str:
        """What is certain after *piece*."""
        text, done = self._held + piece, 0
        pieces: list[str] = []
        for start, end, secret in self._restorer.whole(text):
            pieces += (text[done:start], secret)
            done = end
        hold = len(text) - self._restorer.held(text[done:])
        self._held = text[hold:]
        return "".join((*pieces, text[done:hold]))

    def close(self) -> str:
        """What is left: the reply has ended."""
        text, self._held = self._held, ""
        return text


def _traces(stand_in: StandIn) -> Iterator[str]:
    name, head = stand_in.placeholder.lower(), stand_in.head
    if head >= _HEAD:
        yield name[head - _HEAD : head + _AFTER_HEAD]
    segments = [name] if _UUID.fullmatch(name) else re.split(r"[^a-z0-9]+", name[head:])
    for segment in segments:
        size = _HEX_WINDOW if _HEX.fullmatch(segment.replace("-", "")) else _WINDOW
        for at in range(len(segment) - size + 1):
            yield segment[at : at + size]
