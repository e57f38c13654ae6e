"""The order of work for each wish: what is ready, what is under way, a pause, one request.

1. A proposal that fits: seen at this place before, or the rest of what the person is typing through. No request, no pause.
2. The reasons not to ask that the text tells.
3. A request under way whose answer may still fit: its answer is waited for, whoever asked for it.
4. A pause that is real for this person. A newer wish answers an older one also while it waits here.
5. The reasons that the syntax tells, and one request.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from zai_ls.assistant.completing.fates import Fates
from zai_ls.assistant.completing.flight import Flight
from zai_ls.assistant.completing.sheet import Sheet
from zai_ls.assistant.completing.wish import is_unfit, standing_no, wish_for
from zai_ls.assistant.ports import Decision, Status
from zai_ls.core import throttle
from zai_ls.core.completion import whether
from zai_ls.core.completion.pace import ModelPace, debounce_s
from zai_ls.core.completion.place import place_at, typed_since
from zai_ls.core.completion.proposal import rest_of
from zai_ls.core.completion.soundness import kind_at
from zai_ls.core.completion.whether import quiet
from zai_ls.core.redaction import is_in_secret
from zai_ls.core.routing import COMPLETE, route_completion
from zai_ls.domain import Ask, CompletionAsk, Lane, Proposed, Quiet, Range
from zai_ls.errors import StateUnusable, ZaiError
from zai_ls.messages import say
from zai_ls.state.slot import refusal as refused_as

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zai_ls.assistant.completing.fates import Notes
    from zai_ls.assistant.completing.sheet import Turn
    from zai_ls.assistant.completing.wish import Wish
    from zai_ls.assistant.kit import Kit
    from zai_ls.assistant.ports import Texts
    from zai_ls.core.completion.place import Place
    from zai_ls.core.completion.proposal import Proposal
    from zai_ls.domain import Account, Change, Completed, Point, Snapshot

_log = logging.getLogger(__name__)

_CHANGED_LATELY_S = 5.0
"""A wish so long after the last change was not brought about by it: its pause begins with the wish."""


_LONGEST_GUESS_S = 20.0
"""An editor's guess that is not answered by then is given up."""


class Completer:
    """Completions of one process."""

    def __init__(
        self,
        kit: Kit,
        notes: Notes,
        *,
        on_status: Callable[[Status], None] = lambda _: None,
    ) -> None:
        self._kit = kit
        self._texts: Texts | None = None
        self._fates = Fates(kit.clock, notes, self._read)
        self._on_status = on_status
        self._sheets: dict[str, Sheet] = {}
        self._paces: dict[str, ModelPace] = {}
        self._fills: set[asyncio.Task[Completed]] = set()
        self._flights: set[Flight] = set()
        self._on = True
        self._stretch = 1.0
        self._latency_s = 0.0
        """Of the model that was asked last."""
        self.last: Decision | None = None
        """What was decided for the last wish that was not replaced by a newer one."""

    # -- what an editor tells --------------------------------------------------------------------------------

    def changed(self, uri: str, changes: Sequence[Change], lines: Sequence[str]) -> None:
        """The document has changed to *lines*. A request under way that this makes useless is closed."""
        if not changes:
            return
        sheet = self._sheet(uri)
        sheet.changed(changes)
        flight = sheet.flight
        if flight is not None and flight.is_useless(lines, sheet.cursor):
            flight.close(quiet("text_moved"))
            self._fates.missed(uri)
        self._fates.changed(uri, changes, lines)

    def closed(self, uri: str) -> None:
        """The document was closed: what is under way for it is of no use, and what was proposed is forgotten."""
        sheet = self._sheets.pop(uri, None)
        if sheet is not None and sheet.flight is not None:
            sheet.flight.close(quiet("text_moved"))
        self._fates.closed(uri)

    def accepted(self, proposal_id: str) -> None:
        """The person took a proposal, says the editor."""
        self._fates.accepted(proposal_id)

    def toggle(self) -> bool:
        """Switch completions off or on again in this process; True when they are on now."""
        self._on = not self._on
        if not self._on:
            for flight in self._flights:
                flight.close(quiet("switched_off"))
        self._show_status()
        return self._on

    async def aclose(self) -> None:
        """Stop all that is under way."""
        for task in self._fills:
            task.cancel()
        for flight in list(self._flights):
            flight.close()
            await flight.ended()
        self._fates.stop()

    # -- a wish ----------------------------------------------------------------------------------------------

    async def complete(self, ask: CompletionAsk, texts: Texts) -> Completed:
        """The completion for *ask*, or why there is none. Never raises for what service or account refuse."""
        self._texts = texts
        sheet = self._sheet(ask.snapshot.uri)
        waits = ask.waits_s is None or ask.waits_s > 0
        turn = sheet.take_turn(ask) if waits else None
        if waits and turn is None:
            return quiet("preempted")
        try:
            answer = await self._completed(ask, texts, sheet, turn)
        except ZaiError as error:  # no account, no state: what any request would meet
            self._show_status(error)
            answer = quiet("failed", why=error.user_text)
        finally:
            if turn is not None:
                turn.is_open = False
        if isinstance(answer, Quiet) and answer.reason != "superseded":
            self._note(ask, [answer.text], sheet)
        return answer

    async def _completed(
        self, ask: CompletionAsk, texts: Texts, sheet: Sheet, turn: Turn | None
    ) -> Completed:
        snapshot, point = ask.snapshot, ask.point
        if (no := self._switched_off() or standing_no(self._kit, ask)) is not None:
            return no
        if (ready := self._ready(ask, sheet)) is not None:
            return ready
        place = place_at(snapshot, point)
        if not ask.invoked:
            no = whether.by_text(place, deleted=sheet.deleted, selected=ask.selected)
            if no is not None:
                return no
        if turn is None:
            self._fill(ask, texts)
            return quiet("not_ready")
        ends_at = None if ask.waits_s is None else self._kit.clock.now() + ask.waits_s
        under_way = sheet.flight
        if under_way is not None and under_way.serves(ask):
            answer = await self._answer_of(under_way, ask, sheet, turn, ends_at)
            if answer is not None:
                return answer
        settings = self._kit.config.settings
        if not ask.invoked:
            no = await self._pause(ask, place, texts, sheet, turn)
            if no is not None:
                return no
            if (ready := self._ready(ask, sheet)) is not None:
                return ready
            no = whether.by_syntax(
                kind_at(snapshot, point, self._kit.syntax),
                in_comments=settings.completion_in_comments,
                in_strings=settings.completion_in_strings,
            )
            if no is not None:
                return no
        if is_unfit(snapshot, settings.limits_max_file_bytes):
            return quiet("unfit")
        if is_in_secret(snapshot.lines, point.line, point.column):
            return quiet("in_secret")
        if (no := self._throttled(ask)) is not None:
            return no
        flight = self._send(ask, place, texts, sheet)
        if not ask.invoked:
            too_late = self._kit.clock.now() + _LONGEST_GUESS_S
            ends_at = too_late if ends_at is None else min(ends_at, too_late)
        answer = await self._answer_of(flight, ask, sheet, turn, ends_at)
        if ends_at is not None and not ask.invoked and self._kit.clock.now() >= ends_at:
            flight.close(quiet("too_late"))
        return answer or flight.why or quiet("text_moved")

    def _switched_off(self) -> Quiet | None:
        return None if self._on else quiet("switched_off")

    def _ready(self, ask: CompletionAsk, sheet: Sheet, flight: Flight | None = None) -> Completed | None:
        """What is ready at the cursor, noted as shown."""
        found = sheet.ready(ask.snapshot.lines, ask.point)
        if found is None:
            return None
        proposal, rest = found
        if not rest:
            return None if ask.invoked and flight is None else quiet("nothing_to_add")
        if ask.selected is not None and not rest.startswith(ask.selected):
            return None  # the person looks at something else
        if not ask.for_later:
            self._show(ask, sheet, proposal, rest, cached=flight is None)
        return Proposed(proposal.id, rest)

    async def _answer_of(
        self, flight: Flight, ask: CompletionAsk, sheet: Sheet, turn: Turn, ends_at: float | None
    ) -> Completed | None:
        """What *flight* brings for *ask*; None when that does not fit."""
        if not await self._first(turn, flight.shown, until=ends_at):
            return quiet("superseded") if turn.newer.done() else quiet("not_ready")
        if flight.proposal is None:
            return flight.why
        ready = self._ready(ask, sheet, flight)
        return flight.why if isinstance(ready, Quiet) else ready

    async def _pause(
        self, ask: CompletionAsk, place: Place, texts: Texts, sheet: Sheet, turn: Turn
    ) -> Quiet | None:
        """Wait until the person pauses; why it is no use any more, if so."""
        now = self._kit.clock.now()
        since = sheet.changed_at
        if since is None or not 0 <= now - since < _CHANGED_LATELY_S:
            since = now
        due = since + self._debounce_s(ask, place, sheet)
        if due > now:
            sleep = asyncio.ensure_future(self._kit.clock.sleep(due - now))
            try:
                if not await self._first(turn, sleep):
                    return quiet("superseded")
            finally:
                sleep.cancel()
        current = texts.read(ask.snapshot.uri)
        if current is None or current.version != ask.snapshot.version:
            return quiet("text_moved")
        return None

    def _debounce_s(self, ask: CompletionAsk, place: Place, sheet: Sheet) -> float:
        fixed = self._kit.config.settings.completion_debounce_ms
        if fixed:
            return fixed / 1000 * self._stretch
        return debounce_s(
            place,
            sheet.gaps,
            latency_s=self._latency_s,
            misses=self._fates.misses(ask.snapshot.uri),
            stretch=self._stretch,
        )

    async def _first(self, turn: Turn, event: asyncio.Future[None], *, until: float | None = None) -> bool:
        """Wait for *event*; False when a newer wish comes before it, or it is *until*."""
        waited: list[asyncio.Future[None]] = [turn.newer, event]
        deadline = None
        if until is not None:
            deadline = asyncio.ensure_future(self._kit.clock.sleep(until - self._kit.clock.now()))
            waited.append(deadline)
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if deadline is not None:
                deadline.cancel()
        return event.done() and not turn.newer.done()

    def _fill(self, ask: CompletionAsk, texts: Texts) -> None:
        """Whoever asked cannot wait: have the answer ready for the next key."""
        task = asyncio.ensure_future(self.complete(replace(ask, waits_s=None, for_later=True), texts))
        self._fills.add(task)
        task.add_done_callback(self._fills.discard)

    def _throttled(self, ask: CompletionAsk) -> Quiet | None:
        """What the throttle would refuse is not even made ready."""
        account = self._kit.account()
        choice = route_completion(ask.snapshot.language, self._kit.routing(account))
        verdict = self._kit.dispatcher.admit(account, _lane(ask), choice.model)
        if not isinstance(verdict, throttle.Refuse):
            return None
        error = refused_as(verdict.code, verdict.reason, verdict.until)
        error.when = self._kit.local_time(error.resets_at)
        self._show_status(error)
        return quiet("throttled", why=error.user_text)

    # -- one request -----------------------------------------------------------------------------------------

    def _send(self, ask: CompletionAsk, place: Place, texts: Texts, sheet: Sheet) -> Flight:
        """Begin a request. One of this document, or a guess for another, is replaced; one that is done but for its end goes on."""
        for other in self._flights:
            # A person writes in one document at a time: a guess for one that they left stands in the way.
            is_left = other is not sheet.flight and other.lane is Lane.TYPING
            if (is_left or other is sheet.flight) and not other.shown.done():
                other.close(quiet("superseded"))
        account = self._kit.account()
        wish = self._wish(ask.snapshot, place, texts, account)
        flight = Flight(
            self._kit,
            account,
            wish,
            lane=_lane(ask),
            pace=self._pace,
            renewed=lambda wish: self._renewed(wish, ask, texts, sheet, account),
            on_sent=self._show_status,
            keep=sheet.keep,
        )
        sheet.flight = flight
        self._flights.add(flight)
        flight.shown.add_done_callback(lambda _: self._shown(flight, ask, sheet))
        flight.when_ended(lambda: self._ended(flight, account))
        return flight

    def _wish(self, snapshot: Snapshot, place: Place, texts: Texts, account: Account) -> Wish:
        choice = route_completion(snapshot.language, self._kit.routing(account))
        return wish_for(self._kit, choice, snapshot, place, texts, manners=self._pace(choice.model).manners)

    def _renewed(
        self, wish: Wish, ask: CompletionAsk, texts: Texts, sheet: Sheet, account: Account
    ) -> Wish | None:
        """*wish* for the text as it is with the slot in hand; None when the person is elsewhere by now, or has switched it off."""
        current = texts.read(wish.snapshot.uri)
        if current is None or not self._on or standing_no(self._kit, replace(ask, snapshot=current)):
            return None
        if current.version == wish.snapshot.version:
            return wish
        point = sheet.cursor
        if point is None or typed_since(wish.place, current.lines, point) is None:
            return None
        if is_in_secret(current.lines, point.line, point.column):
            return None
        place = place_at(current, point)
        return replace(self._wish(current, place, texts, account), choice=wish.choice)

    def _shown(self, flight: Flight, ask: CompletionAsk, sheet: Sheet) -> None:
        """There is something to show, or nothing to come."""
        if flight.why is None or flight.why.reason not in {"superseded", "text_moved"}:
            why = [flight.why.text] if flight.why else []
            self._note(ask, [flight.wish.choice.reason, *flight.lines, *why], sheet)

    def _ended(self, flight: Flight, account: Account) -> None:
        self._flights.discard(flight)
        for sheet in self._sheets.values():
            if sheet.flight is flight:
                sheet.flight = None
        self._latency_s = self._pace(flight.wish.choice.model).latency_s
        if flight.error is not None:
            self._fates.missed(flight.wish.snapshot.uri)  # each failure makes the next pause longer
        try:
            self._stretch = self._kit.gauge.stretch(account)
        except StateUnusable as error:
            _log.warning("completion.windows_unknown %s", error)
        self._show_status(flight.error)

    def preview(self, snapshot: Snapshot, point: Point, texts: Texts) -> Wish | Quiet:
        """What would be asked for a completion at *point*, without asking; why nothing would, if so."""
        no = standing_no(self._kit, CompletionAsk(snapshot, point, invoked=True))
        if no is None and is_in_secret(snapshot.lines, point.line, point.column):
            no = quiet("in_secret")
        return no or self._wish(snapshot, place_at(snapshot, point), texts, self._kit.account())

    # -- telling ---------------------------------------------------------------------------------------------

    def _show(self, ask: CompletionAsk, sheet: Sheet, proposal: Proposal, rest: str, *, cached: bool) -> None:
        account, point = self._kit.config.account, ask.point
        current = self._read(ask.snapshot.uri)
        if current is not None and current.version != ask.snapshot.version and sheet.cursor is not None:
            # Typed on while it was waited for: some editors show it all the same, as far as it is left.
            point = sheet.cursor
            rest = rest_of(proposal, current.lines, point) or ""
        self._fates.shown(
            proposal,
            rest,
            point,
            lane=_lane(ask),
            model=proposal.model,
            language=ask.snapshot.language,
            editor=self._kit.editor_name,
            account=account.label if account else "",
            cached=cached,
        )
        if cached:
            self._note(ask, [say("completion.from_cache", model=proposal.model)], sheet)

    def _note(self, ask: CompletionAsk, lines: list[str], sheet: Sheet) -> None:
        self.last = Decision(
            Ask(COMPLETE, ask.snapshot.uri, Range(ask.point, ask.point), ask.snapshot.version),
            sheet.flight.wish.choice if sheet.flight is not None else None,
            None,
            tuple(lines),
            self._kit.clock.now(),
        )

    def status(self, error: ZaiError | None = None) -> Status:
        """What a status line shows; *error* is what went wrong last."""
        error = error or (self._kit.config.no_account if self._kit.config.account is None else None)
        if error is not None:
            return Status("problem", say("status.problem"), error.user_text)
        if not self._on:
            return Status("off", say("status.off"))
        if any(flight.is_sent and not flight.shown.done() for flight in self._flights):
            return Status("busy", say("status.busy"))
        return Status("ready", say("status.ready"))

    def _show_status(self, error: ZaiError | None = None) -> None:
        self._on_status(self.status(error))

    def account_changed(self, error: ZaiError | None = None) -> None:
        """The account was paused (*error* says so), or goes on."""
        self._show_status(error)

    # -- small things ----------------------------------------------------------------------------------------

    def _read(self, uri: str) -> Snapshot | None:
        """A document as it is now."""
        return None if self._texts is None else self._texts.read(uri)

    def _sheet(self, uri: str) -> Sheet:
        if uri not in self._sheets:
            self._sheets[uri] = Sheet(self._kit.clock.now)
        return self._sheets[uri]

    def _pace(self, model: str) -> ModelPace:
        return self._paces.setdefault(model, ModelPace())


def _lane(ask: CompletionAsk) -> Lane:
    return Lane.INVOKED if ask.invoked else Lane.TYPING
