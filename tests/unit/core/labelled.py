"""The pieces of code with a level (tests/scenarios/difficulty), scored."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from zai_ls.core.complexity import Score, combined, score
from zai_ls.core.measures import measured
from zai_ls.core.skimming import skim
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import split_lines, whole
from zai_ls.domain import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "difficulty"
LEVELS = ("easy", "medium", "hard")


@dataclass(frozen=True, slots=True)
class Piece:
    language: str
    name: str
    level: int
    half: str
    code: str
    score: Score


@cache
def pieces() -> tuple[Piece, ...]:
    """All of them, in order."""
    syntax = Syntax()
    found = []
    for path in sorted(FOLDER.glob("*.txt")):
        for part in re.split(r"^=== ", path.read_text("utf-8"), flags=re.MULTILINE)[1:]:
            head, _, code = part.partition("\n")
            name, level, half = head.split()
            document = Snapshot(f"file:///{path.stem}/{name}", path.stem, 1, tuple(split_lines(code)))
            scored = score(document, whole(document.lines), syntax)
            found.append(Piece(path.stem, name, LEVELS.index(level), half, code, scored))
    return tuple(found)


def concordance(some: Sequence[Piece], key: Callable[[Piece], float]) -> float:
    """Of all pairs of different level, the share that *key* puts in order; a tie is half. (The area under the curve, for three levels.)"""
    pairs = [(key(a), key(b)) for a in some for b in some if a.level < b.level]
    return sum(1.0 if a < b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs)


def by_score(piece: Piece) -> float:
    return piece.score.value


def by_tokens(piece: Piece) -> float:
    return piece.score.measures["tokens"]


def by_cognitive(piece: Piece) -> float:
    return piece.score.measures["cognitive"]


def without_a_grammar(piece: Piece) -> Score:
    """The score that *piece* would have if there were no grammar for its language."""
    lines = tuple(split_lines(piece.code))
    return combined(measured(skim(lines, piece.language, whole(lines))))
