"""What the model answers: the true continuation at a seeded share of places, else a plausible wrong one.

The place is found from the text before the cursor alone, as a model would know it. The same place always gets the same
answer. After a mistake the text is no part of any file, and the answer is wrong.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bench.replay.texts import Hole, Source

_TAIL = 240
"""Characters before the cursor by which a place is known."""


@dataclass(slots=True)
class Heard:
    """What the model was asked."""

    true: int = 0
    wrong: int = 0
    lost: int = 0
    """Of the wrong ones: the text before the cursor is in no file, as after a mistake."""


class Model:
    """Knows all files and what is missing in each."""

    def __init__(self, holes: Iterable[Hole], rate: float, seed: int) -> None:
        self._holes: dict[str, list[Hole]] = {}
        self._sources: dict[str, Source] = {}
        for hole in holes:
            self._holes.setdefault(hole.source.name, []).append(hole)
            self._sources[hole.source.name] = hole.source
        self._rate = rate
        self._seed = seed
        self.heard = Heard()

    def continues(self, before: str) -> str:
        """What it writes after *before*; long enough for any request."""
        found = self._find(before)
        if found is None:
            self.heard.lost += 1
            self.heard.wrong += 1
            return self._wrong(next(iter(self._sources.values())), before, 0)
        source, at, hole = found
        if self._hash("true", source.name, at) < self._rate:
            self.heard.true += 1
            return source.text[at : hole.end] + "\n"
        self.heard.wrong += 1
        return self._wrong(source, before, at)

    def _find(self, before: str) -> tuple[Source, int, Hole] | None:
        """The one hole in which *before* ends."""
        tail = before[-_TAIL:]
        for name, holes in self._holes.items():
            source = self._sources[name]
            for hole in holes:
                at = source.text.find(tail, max(0, hole.start - len(tail)), hole.end)
                while at >= 0:
                    ends = at + len(tail)
                    if ends >= hole.start and source.text.endswith(before, 0, ends):
                        return source, ends, hole
                    at = source.text.find(tail, at + 1, hole.end)
        return None

    def _wrong(self, source: Source, before: str, at: int) -> str:
        """Lines of the same file from elsewhere, with the indentation of the cursor's line."""
        line = before[before.rfind("\n") + 1 :]
        indent = len(line) - len(line.lstrip(" "))
        dice = random.Random(self._hash("wrong", source.name, at))
        lines = [one.rstrip("\n") for one in source.lines]
        good = [n for n, one in enumerate(lines) if one.strip() and len(one) - len(one.lstrip(" ")) == indent]
        start = dice.choice(good) if good else 0
        block = []
        for one in lines[start : start + 6]:
            if one.strip() and len(one) - len(one.lstrip(" ")) < indent:
                break
            block.append(one)
        first = block[0].strip() if block else "pass"
        if line.strip():
            words = first.split(" ")
            first = " ".join(words[len(words) // 2 :]) or "None"
        if source.text[at : at + 3] == first[:3]:
            first = "return None  # " + first
        return "\n".join([first, *block[1:]]) + "\n"

    def _hash(self, *what: object) -> float:
        digest = hashlib.blake2b(repr((self._seed, *what)).encode(), digest_size=8).digest()
        return int.from_bytes(digest) / 2**64
