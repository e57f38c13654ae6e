"""A completion that is ready to be shown, and what is left of it once the person has typed some of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.completion.brackets import PAIRS, brackets, carried
from zai_ls.core.completion.place import follows, typed_since

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.core.completion.place import Place
    from zai_ls.domain import Point


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a model would insert at a place."""

    id: str
    place: Place
    text: str
    """With `\\n` as line ends; empty: the model has nothing to say there."""
    model: str = ""
    complete: bool = True
    """False while the model is still writing."""


def rest_of(proposal: Proposal, lines: Sequence[str], point: Point) -> str | None:
    """What is left of *proposal* at *point*; None when it does not fit the text there.

    Empty when the person has typed all of it. Where the editor has closed a bracket or a quote by itself, it is what comes before that;
    what comes after is left once the person has gone past it.
    """
    between = follows(proposal.place, lines, point)
    typed = None if between is None else typed_since(proposal.place, lines, point)
    if between is None or typed is None:
        return None
    rest = _untyped(proposal.text, typed)
    return None if rest is None else _before_closed(rest, between, proposal.place.language)


def _untyped(text: str, typed: str) -> str | None:
    """What of *text* comes after *typed*; None when that is another text.

    In blanks they may differ where an editor puts or drops them by itself: at the ends of lines, and on blank lines,
    also on the one that the cursor is on.
    """
    if text.startswith(typed):
        return text[len(typed) :]
    *whole, last = typed.split("\n")
    wanted = text.split("\n")
    if not whole or len(wanted) <= len(whole):
        return None
    if any(one.rstrip() != other.rstrip() for one, other in zip(whole, wanted, strict=False)):
        return None
    line, following = wanted[len(whole)], wanted[len(whole) + 1 :]
    if line.startswith(last):
        return "\n".join([line[len(last) :], *following])
    if not last.strip() and not line and following:
        return "\n".join(["", *following])
    return None


_QUOTES = "\"'`"
_OTHERS = ">;"
"""Signs that an editor may add by itself, and that are no brackets to count."""


def _before_closed(rest: str, between: str, language: str) -> str | None:
    """*rest* up to the bracket or quote that the editor has closed meanwhile (*between*), which stands after the cursor.

    When *rest* does not close it, it goes before it; but several lines do not. A bracket on a line of its own keeps that line.
    """
    if not between:
        return rest
    signs = between.removeprefix("\n")
    if signs:
        end = _closing(rest, signs[0], language)
        if end is None and ("\n" in rest or not _is_level(rest, language)):
            return None
        rest = rest[:end]
    return rest.rstrip() if between.startswith("\n") else rest


def _closing(rest: str, sign: str, language: str) -> int | None:
    """Where *rest* closes what *sign* closes and it did not open."""
    if sign in _QUOTES:
        return next(
            (
                found.start()
                for found in re.finditer(rf"\\.|{sign}", rest, re.DOTALL)
                if found.group() == sign
            ),
            None,
        )
    if sign in _OTHERS:
        return rest.find(sign) if sign in rest else None
    found = _first_closed(rest, language)
    return found if found is not None and rest[found] == sign else None


def _is_level(rest: str, language: str) -> bool:
    """Does *rest* close nothing that it did not open?"""
    return _first_closed(rest, language) is None


def _first_closed(rest: str, language: str) -> int | None:
    """Where *rest* closes the first bracket that it did not open."""
    start, own, inside = 0, 0, ""
    for line in rest.split("\n"):
        scanned = brackets(line, language, carried(inside))
        inside = scanned.inside
        for offset, sign in scanned.found:
            own += 1 if sign not in PAIRS else -1
            if own < 0:
                return start + offset
        start += len(line) + 1
    return None
