"""How much is asked for: the rest of the line, or a block; decided from the text and its syntax."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from zai_ls.core.completion.near import near, opens_block
from zai_ls.core.languages import language

if TYPE_CHECKING:
    from zai_ls.core.completion.brackets import Open
    from zai_ls.core.completion.place import Place
    from zai_ls.core.languages import Language

LINE_TOKENS = 48
"""Most of one line: of 400,000 lines of Python's own library, one in a thousand has more."""
_LINE_STOP = "\n"
_BLOCK_STOP = "\n\n"
"""A blank line ends a block: what comes after it is asked for when the person is there."""
_FENCED_STOP = "\n```"
Manners = Literal["plain", "fences", "talks"]
"""How a model begins its replies: with code; with a fence, which would be all that comes up to the first line break; or with
talk, thinking or empty lines, after which no stop word can tell what is to come."""
_OPENS = re.compile(r"(?:->|\b(?:do|then|begin|else|try|of))$")
"""What a line ends in when a block goes on below it, in languages whose openers nobody has listed."""
_OPENS_HERE = re.compile(
    r"\{$|^\s*(?:async\s+)?(?:def|class|if|elif|else|for|while|with|try|except|finally|match|case)\b.*:$"
)
"""The same where the cursor stands right behind it: nothing else can follow on that line."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a completion may be."""

    block: bool
    """Several lines may come; else the rest of the line alone."""
    max_tokens: int
    """Bound on the reply."""
    stop: str
    """The stop word that ends it at the service; empty: none."""


def shape_of(place: Place, *, max_tokens: int, manners: Manners = "plain") -> Shape:
    """The rest of the line, unless a block begins at *place*.

    A block begins on an empty line below something that opens one, below a comment or a docstring that says what comes,
    and below an empty line; and at the end of a line that opens one. Right inside brackets only what opens counts.
    *manners*: how this model is known to begin.
    """
    block = begins_block(place)
    tokens = max_tokens if block else min(max_tokens, LINE_TOKENS)
    stops: dict[Manners, str] = {"plain": plain_stop(block=block), "fences": _FENCED_STOP, "talks": ""}
    return Shape(block, tokens, stops[manners])


def plain_stop(*, block: bool) -> str:
    """What ends the reply of a model that begins with code."""
    return _BLOCK_STOP if block else _LINE_STOP


def begins_block(place: Place) -> bool:
    """May several lines come at *place*?"""
    if place.after.strip():
        return False
    if not place.is_line_start:
        return bool(_OPENS_HERE.search(place.before.rstrip()))
    above = next((line for line in reversed(place.above) if line.strip()), "")
    if not above:
        return True
    row = language(place.language)
    if opens_block(above, row, brackets=True) or (not row.prose and _OPENS.search(above.rstrip())):
        return not _is_filled(place, above)
    at = near(place).at
    if at.stack.endswith(("(", "[")):
        return False
    return not place.above[-1].strip() or _ends_comment(above.strip(), row, at)


def _ends_comment(line: str, row: Language, at: Open) -> bool:
    """Is *line*, the last above the cursor, a comment that says what comes, or the end of one, or of a docstring?"""
    if line.startswith(row.line):
        return True
    pairs = (*row.block, *((quote, quote) for quote in row.quotes if len(quote) > 1))
    return not at.inside and any(
        line.endswith(end) and (line.startswith(start) or start not in line.removesuffix(end))
        for start, end in pairs
    )


def _is_filled(place: Place, above: str) -> bool:
    """Has the block that *above* opens something in it below the cursor already?"""
    below = next((line for line in place.below if line.strip()), "")
    return bool(below) and _depth(below) > _depth(above)


def _depth(line: str) -> int:
    return len(line[: len(line) - len(line.lstrip())].expandtabs(4))
