"""Bringing an answer onto the text as it is now, or saying why that cannot be (promises P5 and P6)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from zai_ls.core.rebase import Conflict, rebase
from zai_ls.core.text import apply_edits
from zai_ls.domain import Edits, FileChange, Landing

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls.assistant.fence import Fenced
    from zai_ls.domain import Edit, Snapshot

_TRIES = 3
"""An editor that says "stale" this often is refusing, whatever it says."""


@dataclass(frozen=True, slots=True)
class NotLanded:
    """The answer was not applied."""

    reason: Literal[
        "conflict", "document_closed", "refused_by_editor", "discarded", "breaks_syntax", "already_there"
    ]


async def land(
    base: Snapshot,
    edits: tuple[Edit, ...],
    editor: Fenced,
    *,
    label: str,
    breaks: Callable[[Snapshot, str], bool],
    review: bool = False,
) -> Edits | NotLanded:
    """Apply *edits*, made for *base*, to the document as it is now: rebased, versioned, in one undo step.

    *breaks(current, text)* says whether *text* would spoil a document that is sound now.
    With *review* the person is shown the edits first, where the editor can do that.
    An editor may take the edits and send them mixed with what the person typed. That looks stale; so what it sent since
    is merged with, and when nothing is left to do by then, the edits have landed.
    """
    proposal: Edits | None = None
    for _ in range(_TRIES):
        current = editor.read(base.uri)
        if current is None:
            return NotLanded("document_closed")
        moved = edits
        if current.version != base.version or current.lines != base.lines:
            changes = editor.changes_since(base.uri, base.version)
            rebased = rebase(edits, base.lines, changes, current.lines, maybe_made=proposal is not None)
            if isinstance(rebased, Conflict):
                return NotLanded("conflict")
            if not rebased:
                return proposal or NotLanded("already_there")
            moved = rebased
            if breaks(current, "".join(apply_edits(current.lines, moved))):
                return NotLanded("breaks_syntax")
        proposal = Edits(label, (FileChange(base.uri, moved, current.version),), review)
        match await editor.apply(proposal):
            case Landing.APPLIED:
                return proposal
            case Landing.REFUSED:
                return NotLanded("refused_by_editor")
            case Landing.DISCARDED:
                return NotLanded("discarded")
            case Landing.STALE:
                continue
    return NotLanded("refused_by_editor")
