"""Is a proposed text what it looks like? In a person's words (`core.spoofing` decides)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zai_ls.core.completion.soundness import kind_at
from zai_ls.core.languages import language
from zai_ls.core.spoofing import spoofs
from zai_ls.core.text import split_lines
from zai_ls.domain import Point
from zai_ls.messages import say

if TYPE_CHECKING:
    from zai_ls.core.syntax import Syntax
    from zai_ls.domain import Snapshot

_PROPOSED = " as proposed"
"""Behind a document's URI: the tree of what it would become."""


def told_spoofs(old: str, new: str, near: Snapshot, syntax: Syntax) -> str:
    """What in *new*, but not in *old*, is not what it looks like; empty when nothing is. *near* says the language."""
    proposed = replace(near, uri=near.uri + _PROPOSED, lines=tuple(split_lines(new)))
    prose = language(near.language).prose

    def is_code(offset: int) -> bool:
        before = split_lines(new[:offset])
        # One letter on: inside the word.
        point = Point(len(before) - 1, len(before[-1]) + 1)
        return not prose and kind_at(proposed, point, syntax) == "code"

    try:
        found = spoofs(old, new, is_code)
    finally:
        syntax.forget(proposed.uri)
    return "; ".join(
        say(f"spoof.{one.kind}", line=one.line + 1, shown=one.shown, imitated=one.imitated) for one in found
    )
