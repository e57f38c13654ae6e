"""What will be asked: all that is decided about an action before it waits in line."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zai_ls.core.rebase import move
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.core.actions import Action
    from zai_ls.core.testfiles import FileForTests
    from zai_ls.domain import Ask, Change, Choice, Prompt, Range, Snapshot
    from zai_ls.glm.dialect import WireRequest


@dataclass(frozen=True, slots=True)
class Plan:
    """One action on one text."""

    snapshot: Snapshot
    ask: Ask
    """With its ranges as they are in the snapshot."""
    action: Action
    target: Range
    choice: Choice
    prompt: Prompt
    tests: FileForTests | None = None
    left_out: str = ""
    """What is not sent because the model has no room for it, as a sentence; empty when all is."""


@dataclass(frozen=True, slots=True)
class Replaced:
    """A secret that is not in the request, as a person may be told of it."""

    kind: str
    """In words."""
    placeholder: str
    line: int | None
    """Of the document, counted from one; None: it comes from elsewhere."""


def replaced_in(snapshot: Snapshot, prompt: Prompt) -> tuple[Replaced, ...]:
    """What was replaced in *prompt*, which is about *snapshot*."""
    return tuple(
        Replaced(say(f"secret.{each.kind}"), each.placeholder, _line_of(each.secret.reveal(), snapshot))
        for each in prompt.stand_ins
    )


def _line_of(secret: str, snapshot: Snapshot) -> int | None:
    first = secret.partition("\n")[0]
    return next((number for number, line in enumerate(snapshot.lines, 1) if first in line), None)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a request would say, without sending it."""

    choice: Choice
    prompt: Prompt
    request: WireRequest
    replaced: tuple[Replaced, ...] = ()


def moved(ask: Ask, changes: Sequence[Change]) -> Ask | None:
    """*ask* with its ranges where *changes* have brought them; None when one of them touched the code it is about.

    Problems that were touched are left out: who reported them will report them anew.
    """
    range_ = None if ask.range is None else move(ask.range, changes)
    if range_ is None and ask.range is not None:
        return None
    places = [(problem, move(problem.range, changes)) for problem in ask.diagnostics]
    problems = tuple(replace(problem, range=place) for problem, place in places if place is not None)
    return replace(ask, range=range_, diagnostics=problems)
