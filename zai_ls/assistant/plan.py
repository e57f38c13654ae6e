"""What will be asked: all that is decided about an action before it waits in line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zai_ls.core.actions import Action
    from zai_ls.core.testfiles import FileForTests
    from zai_ls.domain import Choice, Prompt, Range, Snapshot


@dataclass(frozen=True, slots=True)
class Plan:
    """One action on one text."""

    snapshot: Snapshot
    action: Action
    target: Range
    choice: Choice
    prompt: Prompt
    tests: FileForTests | None = None
