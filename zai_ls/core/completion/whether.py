"""When not to ask. Each rule is a fact about the place; its reason is a value, which a person can read later.

Nothing here asks a model, and the rules by text alone cost microseconds: they are asked at every key.
A person who asks for a completion gets one wherever the cursor stands.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from zai_ls.domain import Quiet
from zai_ls.messages import say

if TYPE_CHECKING:
    from zai_ls.core.completion.place import Place

Kind = Literal["code", "comment", "string"]
"""What the cursor stands in."""

_CLOSING = (")", "]", "}")
_MAY_FOLLOW = frozenset(")]}>\"'`,;: \t")
"""What an editor has closed by itself, or what ends a line: the rest of the line may still be written before it."""


def quiet(reason: str, **values: object) -> Quiet:
    """No completion, for *reason*, with the sentence for it."""
    return Quiet(reason, say(f"quiet.{reason}", **values))


def by_text(place: Place, *, deleted: bool, selected: str | None) -> Quiet | None:
    """Why an editor's guess is not worth a request at *place*; None when it may be.

    *deleted*: the last change took something away. *selected*: what the editor's own menu would insert.
    """
    if selected is not None:
        return quiet("menu_item_selected")
    if deleted:
        return quiet("after_deletion")
    before, after = place.before.rstrip(" \t"), place.after
    if _is_word(place.before[-1:]) and _is_word(after[:1]):
        return quiet("inside_word")
    if after.strip() and not after.lstrip(" \t").startswith("</") and not set(after) <= _MAY_FOLLOW:
        return quiet("inside_line")
    if before.endswith(_CLOSING) and place.before == before:
        return quiet("after_closing_bracket")
    if before.endswith(";"):
        return quiet("line_done")
    if place.is_line_start and not any(map(str.strip, place.above)) and not any(map(str.strip, place.below)):
        return quiet("nothing_to_go_by")
    return None


def by_syntax(kind: Kind, *, in_comments: bool, in_strings: bool) -> Quiet | None:
    """Why an editor's guess is not wanted in a comment or a string; None in code, and where it is wanted."""
    if kind == "comment" and not in_comments:
        return quiet("in_comment")
    if kind == "string" and not in_strings:
        return quiet("in_string")
    return None


def _is_word(char: str) -> bool:
    return char.isalnum() or char == "_"
