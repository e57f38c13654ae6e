"""The assistant of one process: offers, runs, explains and reports."""

from __future__ import annotations

import asyncio
import itertools
import logging
from typing import TYPE_CHECKING

from zai_ls.assistant.fence import Barred, Fence, Fenced
from zai_ls.assistant.kit import path_of
from zai_ls.assistant.landing import NotLanded, land
from zai_ls.assistant.plan import Preview, replaced_in
from zai_ls.assistant.ports import AccountStatus, Decision, Stage
from zai_ls.assistant.rewrite import Applicable, Rewrite, unfit_document
from zai_ls.core import offers as offering
from zai_ls.core.routing import COMPLETE
from zai_ls.core.text import clamp, end_of
from zai_ls.core.tokens import estimate
from zai_ls.domain import Declined, Kept, Point, Quiet, Range
from zai_ls.errors import Paused, ZaiError
from zai_ls.glm.dialect import dialect_for
from zai_ls.messages import say, told
from zai_ls.state.pause import pause, resume
from zai_ls.state.slot import FAIR_USE, PAUSED

if TYPE_CHECKING:
    from zai_ls.assistant.board import Board
    from zai_ls.assistant.completing.completer import Completer
    from zai_ls.assistant.completing.wish import Wish
    from zai_ls.assistant.kit import Kit
    from zai_ls.assistant.ports import Editor, Progress
    from zai_ls.config import Config
    from zai_ls.domain import Ask, Diagnostic, Offer, Outcome, Snapshot

_log = logging.getLogger(__name__)

_ENDLESS = frozenset({PAUSED, FAIR_USE})
"""Codes of closures that a person ends."""
_FOR_PICTURES = frozenset({"vision"})
"""Roles of models that are of no use for code."""
_READ_AHEAD_LINES = 2_000
"""Whose tokens are counted ahead: a prompt shows no more of a file."""


class Assistant:
    """What an imagined perfect editor would talk to."""

    def __init__(self, kit: Kit, completer: Completer, board: Board) -> None:
        self._kit = kit
        self._board = board
        self._count = itertools.count(1)
        self._running: dict[str, Rewrite] = {}
        self._last: Decision | None = None
        self.completer = completer
        self._applicable: dict[str, Applicable] = {}
        """Kept answers that can still be applied, by document."""

    # -- settings --------------------------------------------------------------------------------------------

    @property
    def config(self) -> Config:
        """The configuration in force."""
        return self._kit.config

    def configure(self, config: Config, *, roots: tuple[str, ...] | None = None) -> None:
        """From now on these settings, and these folders open in the editor."""
        self._kit.config = config
        if roots is not None:
            self._kit.roots = roots

    # -- offers ----------------------------------------------------------------------------------------------

    def offers(
        self,
        snapshot: Snapshot,
        range_: Range,
        diagnostics: tuple[Diagnostic, ...] = (),
        automatic: bool = False,
        only: tuple[str, ...] | None = None,
    ) -> tuple[Offer, ...]:
        """What can be had here. Local: asks no model, awaits nothing."""
        settings = self._kit.config.settings
        applicable = self._applicable_to(snapshot)
        return offering.offers(
            snapshot,
            range_,
            diagnostics,
            automatic=automatic,
            only=only,
            syntax=self._kit.syntax,
            disabled_reason=self._why_disabled(snapshot),
            hidden=settings.actions_disabled,
            words=settings.actions_language,
            kept_answer=applicable.answer_id if applicable else None,
        )

    def read_ahead(self, snapshot: Snapshot) -> None:
        """Make ready, in an idle moment, what offers and prompts for *snapshot* will need."""
        if self._why_disabled(snapshot) is None:
            self._kit.syntax.definitions(snapshot)
            self.offers(snapshot, Range(Point(0, 0), Point(1, 0)))
            estimate("".join(snapshot.lines[:_READ_AHEAD_LINES]))

    def forget(self, uri: str) -> None:
        """The document was closed; what was remembered of its text goes. Kept answers stay in their folder."""
        self._kit.syntax.forget(uri)
        self.completer.closed(uri)
        self._applicable.pop(uri, None)

    def _applicable_to(self, snapshot: Snapshot) -> Applicable | None:
        """The kept answer that fits the text as it is, if there is one; one that does not is forgotten."""
        applicable = self._applicable.get(snapshot.uri)
        if applicable is not None and applicable.base.lines != snapshot.lines:
            del self._applicable[snapshot.uri]
            return None
        return applicable

    def _why_disabled(self, snapshot: Snapshot) -> str | None:
        config = self._kit.config
        if config.account is None and config.no_account is not None:
            return config.no_account.user_text
        if why := self._kit.why_ignored(path_of(snapshot)):
            return why
        if snapshot.language in config.settings.languages_off:
            return say("declined.language_off", language=snapshot.language)
        unfit = unfit_document(snapshot, config.settings.limits_max_file_bytes)
        return unfit.text if unfit else None

    # -- running ---------------------------------------------------------------------------------------------

    async def run(self, ask: Ask, editor: Editor, progress: Progress) -> Outcome:
        """Run one action to its end: the edit applied, the text shown, or the person told why not.

        Raises `ZaiError` for what service or account refuse; the caller tells it, once.
        """
        if ask.action == offering.APPLY_KEPT:
            return await self._apply_kept(ask, editor)
        account = self._kit.account()
        key = f"{next(self._count):x}"
        rewrite = Rewrite(ask, editor, self._board.watched(key, progress), self._kit, account)
        self._running[key] = rewrite
        outcome: Outcome | None = None
        try:
            outcome = await rewrite.run()
            if isinstance(outcome, Declined):
                rewrite.lines.append(outcome.text)
        except ZaiError as error:
            error.when = error.when or self._kit.local_time(error.resets_at)
            rewrite.lines.append(error.user_text)
            raise
        except asyncio.CancelledError:
            rewrite.lines.append(say("error.cancelled"))
            raise
        finally:
            del self._running[key]
            self._last = Decision(
                ask,
                rewrite.choice,
                outcome,
                tuple(rewrite.lines),
                self._kit.clock.now(),
                rewrite.served_by,
            )
            _log.info("action.done action=%s outcome=%s", ask.action, type(outcome).__name__)
            rewrite.end()
            unhappy = outcome if isinstance(outcome, Declined | Kept) else None
            why = unhappy.text if unhappy else rewrite.lines[-1] if outcome is None and rewrite.lines else ""
            self._board.ended(key, why)
        if rewrite.applicable is not None and editor.read(ask.uri) is not None:
            self._applicable[ask.uri] = rewrite.applicable
        self._tell(outcome, editor)
        return outcome

    async def _apply_kept(self, ask: Ask, editor: Editor) -> Outcome:
        """Apply an answer that was kept because it breaks the file: the person has read that and wants it anyway."""
        snapshot = editor.read(ask.uri)
        applicable = None if snapshot is None else self._applicable_to(snapshot)
        if applicable is None:
            declined = Declined("no_kept_answer", say("declined.no_kept_answer"))
            self._tell(declined, editor)
            return declined
        del self._applicable[ask.uri]  # from the first touch of the text on it is no longer on offer
        try:
            landed = await land(
                applicable.base,
                applicable.edits,
                Fenced(editor, Fence(self._kit, applicable.base)),
                label=say("offer.apply_kept"),
                breaks=lambda _now, _text: False,
            )
        except Barred as barred:
            self._applicable[ask.uri] = applicable
            declined = Declined("barred", str(barred))
            self._tell(declined, editor)
            return declined
        if isinstance(landed, NotLanded):
            self._applicable[ask.uri] = applicable
            declined = Declined(landed.reason, say("declined.kept_did_not_fit"))
            self._tell(declined, editor)
            return declined
        return landed

    def _tell(self, outcome: Outcome, editor: Editor) -> None:
        match outcome:
            case Declined(text=text):
                editor.tell("info", text)
            case Kept(reason="discarded", text=text):
                editor.tell("info", text)
            case Kept(text=text):
                editor.tell("warning", text)

    # -- questions -------------------------------------------------------------------------------------------

    def models(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """The model that is set for everything, empty when none is; and each that the account's plan has."""
        config, catalogue = self._kit.config, self._kit.catalogue
        plan = config.account.plan if config.account is not None else config.settings.plan
        return config.settings.model, tuple(
            (entry.name, say("models.note", role=told(entry.role), context=f"{entry.context:,}"))
            for entry in map(catalogue.model, catalogue.models_of(plan))
            if catalogue.has(plan, entry.name) and entry.role not in _FOR_PICTURES
        )

    def preview(self, ask: Ask, editor: Editor) -> Preview | Declined:
        """The request that *ask* would send, without sending it."""
        account = self._kit.account()
        planned = (
            self._planned_completion(ask, editor)
            if ask.action == COMPLETE
            else Rewrite(ask, editor, _Silent(), self._kit, account).plan()
        )
        if isinstance(planned, Declined):
            return planned
        dialect = dialect_for(account, self._kit.catalogue)
        request = dialect.encode(planned.prompt, self._kit.catalogue.model(planned.choice.model))
        replaced = replaced_in(planned.snapshot, planned.prompt)
        return Preview(planned.choice, planned.prompt, request, replaced)

    def _planned_completion(self, ask: Ask, editor: Editor) -> Wish | Declined:
        snapshot = editor.read(ask.uri)
        if snapshot is None:
            return Declined("no_such_document", say("declined.no_such_document"))
        point = end_of(snapshot.lines) if ask.range is None else clamp(snapshot.lines, ask.range.end)
        wish = self.completer.preview(snapshot, point, editor)
        return Declined(wish.reason, wish.text) if isinstance(wish, Quiet) else wish

    def explain_last(self) -> tuple[Decision, ...]:
        """What was decided for the last action and the last completion of this process, the newest first."""
        decisions = [each for each in (self._last, self.completer.last) if each is not None]
        return tuple(sorted(decisions, key=lambda each: -each.at))

    def running(self) -> tuple[str, ...]:
        """Which actions run now, oldest first."""
        return tuple(rewrite.ask.action for rewrite in self._running.values())

    async def fresh_status(self) -> AccountStatus:
        """The same as `status`, after the service was asked, unless it was asked just now. Raises when there is no account."""
        await self._kit.gauge.refresh(self._kit.account())
        return self.status()

    def status(self) -> AccountStatus:
        """The account as all processes see it. Raises when there is no account."""
        account = self._kit.account()
        view = self._kit.slot.view(account.label)
        now = self._kit.clock.now()
        closures = [c for c in view.closures if c.until > now and not c.model and not c.lane]
        last = self._kit.closed(account)
        windows = self._kit.windows(account)
        return AccountStatus(
            account=account.label,
            host=account.host,
            plan=account.plan,
            windows=windows,
            forecasts=self._kit.gauge.forecasts(account, windows),
            waiting=len(view.waiting),
            in_flight=len(view.holding),
            closed_until=last.until if last and last.code not in _ENDLESS else None,
            closed_reason=last.reason or last.code if last else "",
            paused=any(c.code == PAUSED for c in closures),
            dispatcher=repr(self._kit.dispatcher),
        )

    def pause(self) -> None:
        """Stop all requests of the account, in every process of this user."""
        pause(self._kit.slot, self._kit.account().label)
        self.completer.account_changed(Paused())

    def resume(self) -> None:
        """Go on."""
        resume(self._kit.slot, self._kit.account().label)
        self.completer.account_changed()


class _Silent:
    """Nobody watches."""

    def report(self, stage: Stage) -> None:
        """Nothing to do."""
