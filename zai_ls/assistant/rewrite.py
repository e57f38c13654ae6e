"""One code action, from the snapshot to the landing.

The order of work: take the snapshot, decide what to ask and whom, wait in line, read the reply, make an outcome of it,
check it, and bring it onto the text as it is by then.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from zai_ls.assistant.landing import NotLanded, land
from zai_ls.assistant.ports import Stage
from zai_ls.assistant.replying import ReplyObserver
from zai_ls.core import edits as reply_edits
from zai_ls.core.prompts import build_prompt
from zai_ls.core.rebase import move
from zai_ls.core.routing import route, step_up
from zai_ls.core.text import apply_edits, clamp_range, text_in
from zai_ls.dispatch import Exchange
from zai_ls.domain import (
    Declined,
    Edit,
    Edits,
    Explanation,
    FileChange,
    FinishReason,
    Kept,
    Lane,
    Landing,
    ReplyEvent,
    TextDelta,
    ThinkingDelta,
    Usage,
)
from zai_ls.errors import BadReply, ContentBlocked, ContextTooLong, NoKey, ServiceError
from zai_ls.messages import say

if TYPE_CHECKING:
    from zai_ls.assistant.kit import Kit
    from zai_ls.assistant.ports import Editor, Progress
    from zai_ls.core.actions import Action
    from zai_ls.domain import Account, Ask, Choice, Outcome, Prompt, Range, Reply, Snapshot
    from zai_ls.state.slot import Place

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be asked: all that is decided before the wait."""

    snapshot: Snapshot
    action: Action
    target: Range
    choice: Choice
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Unfit:
    """A reply that must not be applied as it is."""

    reason: str
    """`not_code`, `breaks_syntax` or `cut_off`."""
    text: str
    """What the model wrote."""
    edits: tuple[Edit, ...] = ()
    """What it would change, when it can be read as a change."""


class Rewrite:
    """One running action. `run` it once."""

    def __init__(self, ask: Ask, editor: Editor, progress: Progress, kit: Kit) -> None:
        self.ask = ask
        self.choice: Choice | None = None
        self.lines: list[str] = []
        """What happened, sentence by sentence, for whoever asks later."""
        self._editor = editor
        self._progress = progress
        self._kit = kit
        self._started = kit.clock.now()
        self._tokens = 0

    async def run(self) -> Outcome:
        """The action's outcome, applied where it can be. Raises `ZaiError` for what the service or the account refuses."""
        plan = self.plan()
        if isinstance(plan, Declined):
            return plan
        account = self._kit.account()
        made = self._make(plan, await self._reply(plan, account))
        if isinstance(made, Unfit) and made.reason != "cut_off":
            stepped = step_up(plan.choice, self._kit.routing())
            if stepped is not None:
                self._note(say("rewrite.once_more", reason=say(f"unfit.{made.reason}"), model=stepped.model))
                plan = replace(plan, choice=stepped)
                made = self._make(plan, await self._reply(plan, account))
        return await self._land(plan, made)

    # -- before the wait -------------------------------------------------------------------------------------

    def plan(self) -> Plan | Declined:
        """Everything decided from the snapshot; awaits nothing."""
        snapshot = self._editor.read(self.ask.uri)
        if snapshot is None:
            return _declined("no_such_document")
        return self._plan_for(snapshot, self.ask.range)

    def _plan_for(self, snapshot: Snapshot, selected: Range | None) -> Plan | Declined:
        kit = self._kit
        action = kit.action(self.ask.action)
        if action is None:
            return _declined("no_such_action", action=self.ask.action)
        if (unfit := kit.unfit(snapshot)) is not None:
            return unfit
        target = kit.target_of(snapshot, clamp_range(snapshot.lines, selected) if selected else None)
        if target is None:
            return _declined("nothing_here")
        score = kit.score(snapshot, target, self.ask.diagnostics)
        choice = route(score, action, snapshot.language, explicit=self.ask.model, routing=kit.routing())
        prompt = build_prompt(action, snapshot, target, self.ask, kit.surroundings(snapshot, target))
        self.choice = choice
        self._note(choice.reason)
        return Plan(snapshot, action, target, choice, prompt)
