"""One request for a completion: from the line to the last byte. It belongs to the document, not to whoever asked.

Whoever asked may leave (editors cancel at every key); as long as the text still fits, the answer is wanted.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import replace
from traceback import format_tb
from typing import TYPE_CHECKING
from uuid import uuid4

from zai_ls.assistant.asking import counted, exchange_for
from zai_ls.assistant.replying import ReplyObserver
from zai_ls.assistant.spoofing import told_spoofs
from zai_ls.core.completion.cleaning import Written, written
from zai_ls.core.completion.pace import closes_early
from zai_ls.core.completion.place import follows, typed_since
from zai_ls.core.completion.prompt import echoes
from zai_ls.core.completion.proposal import Proposal
from zai_ls.core.completion.shape import plain_stop
from zai_ls.core.completion.soundness import spoils
from zai_ls.core.completion.whether import quiet
from zai_ls.core.redaction import Restorer
from zai_ls.core.routing import COMPLETE, go_on
from zai_ls.core.text import splice
from zai_ls.domain import FinishReason, Lane, Quiet, Range, TextDelta
from zai_ls.errors import (
    Busy,
    Closed,
    ModelClosed,
    Paused,
    Preempted,
    QuotaExhausted,
    ServiceError,
    Superseded,
    Withdrawn,
    ZaiError,
)
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from zai_ls.assistant.completing.wish import Wish
    from zai_ls.assistant.kit import Kit
    from zai_ls.core.completion.pace import ModelPace
    from zai_ls.core.completion.shape import Manners
    from zai_ls.dispatch import Exchange
    from zai_ls.domain import Account, CompletionAsk, Point, ReplyEvent, Usage

_log = logging.getLogger(__name__)

_DEADLINE_S = 3.0
"""A guess that waited so long for its turn comes too late."""
_CONNECT_S = 0.1
_LIKELY_REST = 0.5
"""Of the tokens that a reply may still take, the share it likely does."""
_A_BREAK = 1
"""Tokens of a line break; who says more than that and shows nothing has thought aloud."""
_LONGEST_RAW = 20_000
"""Characters of a reply that are read; what goes on after that is no completion."""


class Flight:
    """One request under way. `shown` is done when there is something to show, or nothing to come."""

    def __init__(
        self,
        kit: Kit,
        account: Account,
        wish: Wish,
        *,
        lane: Lane,
        pace: Callable[[str], ModelPace],
        renewed: Callable[[Wish], Wish | None],
        on_sent: Callable[[], None],
        keep: Callable[[Proposal], None],
    ) -> None:
        """*renewed* gives the wish for the text as it is by then; None when nobody wants it any more."""
        self.wish = wish
        self.lane = lane
        self.proposal: Proposal | None = None
        self.why: Quiet | None = None
        """Why there is no proposal."""
        self.error: ZaiError | None = None
        """What went wrong, or is closed: a status line shows it."""
        self.lines: list[str] = []
        """What happened after the choice of a model, sentence by sentence."""
        self.shown: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.is_sent = False
        self._is_closing = False
        self._kit = kit
        self._account = account
        self._pace = pace
        self._renewed = renewed
        self._on_sent = on_sent
        self._keep = keep
        self._raw = ""
        self._so_far = Written("", complete=False)
        self._sent_at = 0.0
        self._first_at = 0.0
        self._task = asyncio.ensure_future(self._run())
        self._task.add_done_callback(lambda _: self._show())

    # -- from outside ----------------------------------------------------------------------------------------

    def fits(self, lines: Sequence[str], point: Point) -> bool:
        """May its answer still be of use at *point*: was nothing changed but that text was typed which it may go on to say?"""
        place = self.wish.place
        if follows(place, lines, point) is None:
            return False
        typed = typed_since(place, lines, point)
        if typed is None:
            return False
        said = self._so_far.text
        return not said or said.startswith(typed) or typed.startswith(said)

    def serves(self, ask: CompletionAsk) -> bool:
        """Is its answer worth waiting for? A person does not wait for a guess that still stands in line behind others."""
        if self.shown.done() or not self.fits(ask.snapshot.lines, ask.point):
            return False
        return not ask.invoked or self.is_sent or self.lane is Lane.INVOKED

    def is_useless(self, lines: Sequence[str], cursor: Point | None) -> bool:
        """Is it on the wire for a text that is another now? One in line is asked anew, for the text as it is by then."""
        on_the_wire = self.is_sent and not self.shown.done()
        return on_the_wire and (cursor is None or not self.fits(lines, cursor))

    def when_ended(self, do: Callable[[], None]) -> None:
        """Call *do* when nothing of it is left on the wire."""
        self._task.add_done_callback(lambda _: do())

    def close(self, why: Quiet | None = None) -> None:
        """Nobody wants it any more: leave the line, or close the stream."""
        self.why = self.why or why
        if not self._is_closing:
            self._is_closing = True
            self._task.cancel()

    async def ended(self) -> None:
        """Wait for its end, however it ends."""
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    # -- the request -----------------------------------------------------------------------------------------

    async def _run(self) -> None:
        models = [self.wish.choice.model, *self.wish.choice.fallbacks]
        try:
            while True:
                model = models.pop(0)
                try:
                    await self._ask(model)
                except (ServiceError, ModelClosed) as error:
                    if error.scope != "model" or not models or self._first_at:
                        raise
                    self.lines.append(say("rewrite.next_model", why=error.user_text, model=models[0]))
                    self.wish = self._with_model(self.wish, models[0])
                else:
                    return
        except Withdrawn as withdrawn:
            self.why = _withdrawn(withdrawn)
        except ZaiError as error:
            error.when = error.when or self._kit.local_time(error.resets_at)
            self.error = error
            closed = isinstance(error, (Paused, Closed, QuotaExhausted))
            self.why = quiet("throttled" if closed else "failed", why=error.user_text)
        except asyncio.CancelledError:
            self.why = self.why or quiet("closed")
            raise
        except Exception as error:  # noqa: BLE001 - nobody awaits this task, and the message may quote a document
            _log.error(
                "completion.failed %s\n%s", type(error).__name__, "".join(format_tb(error.__traceback__))
            )
            self.why = quiet("failed", why=say("lsp.internal", what=type(error).__name__))

    async def _ask(self, model: str) -> None:
        async with self._kit.dispatcher.send(
            self._exchange(model), on_sent=self._sent, renew=self._renew
        ) as streaming:
            observer = streaming.observer
            async for _ in streaming.chunks():
                if self._is_enough(observer.received_tokens):
                    self.lines.append(say("completion.closed_early"))
                    break
        assert isinstance(observer, ReplyObserver)  # of the exchange made below
        self._finish(observer)

    def _exchange(self, model: str) -> Exchange:
        return exchange_for(
            self._kit,
            self._account,
            self.wish.prompt,
            model,
            lane=self.lane,
            action=COMPLETE,
            on_event=self._read,
            topic=f"complete {self.wish.snapshot.uri}",
            deadline_s=_DEADLINE_S if self.lane is Lane.TYPING else None,
        )

    def _renew(self, exchange: Exchange, model: str) -> Exchange:
        """With the slot in hand: the text may have moved on, the throttle may name another model."""
        wish = self._renewed(self.wish)
        if wish is None:
            raise Superseded
        if wish is self.wish and model == exchange.model:
            return exchange
        self.wish = self._with_model(wish, model)
        return self._exchange(model)

    def _with_model(self, wish: Wish, model: str) -> Wish:
        """*wish* for *model*, told as what it is: another one than was chosen."""
        return replace(wish, choice=go_on(wish.choice, model, self._kit.routing(self._account), None))

    # -- the reply -------------------------------------------------------------------------------------------

    def _sent(self, exchange: Exchange) -> None:
        self.is_sent = True
        self._raw = ""
        self._sent_at = self._kit.clock.now()
        self._on_sent()

    def _read(self, event: ReplyEvent) -> None:
        if not isinstance(event, TextDelta) or self.shown.done() or len(self._raw) > _LONGEST_RAW:
            return
        self._first_at = self._first_at or self._kit.clock.now()
        self._raw += event.text
        self._so_far = self._written(ended=False)
        if self._so_far.complete:
            self._propose(self._so_far)

    def _written(self, *, ended: bool, cut_off: bool = False) -> Written:
        wish, raw = self.wish, self._raw
        if echoes(raw):
            return Written("", ended, "prose")
        return written(raw, wish.place, wish.shape, ended=ended, cut_off=cut_off)

    def _propose(self, found: Written) -> None:
        """Show *found*, if it leaves the file as sound as it was."""
        wish, text = self.wish, found.text
        if Restorer(wish.prompt.stand_ins).has_traces(text):
            text, self.why = "", quiet("no_answer", why=say("no_answer.lost_secret"))
        elif text and spoils(wish.snapshot, wish.place.point, text, self._kit.syntax):
            text, self.why = "", quiet("breaks_syntax")
        elif text and (what := self._spoofs(text)):
            text, self.why = "", quiet("spoofs", why=what)
        elif not text:
            self.why = quiet("no_answer", why=say(f"no_answer.{found.why or 'empty'}"))
        self.proposal = Proposal(uuid4().hex, wish.place, text, wish.choice.model)
        self._keep(self.proposal)  # before anybody is told: a wish of this very moment must find it
        self._show()

    def _spoofs(self, text: str) -> str:
        """What in *text* is not what it looks like; empty when nothing is."""
        if text.isascii():
            return ""
        wish, lines = self.wish, list(self.wish.snapshot.lines)
        splice(lines, Range(wish.place.point, wish.place.point), text)
        return told_spoofs(wish.snapshot.text, "".join(lines), wish.snapshot, self._kit.syntax)

    def _show(self) -> None:
        if not self.shown.done():
            self.shown.set_result(None)

    def _finish(self, observer: ReplyObserver) -> None:
        """The stream has ended: what was not shown yet is shown now; the model's pace is noted."""
        reply = observer.reply()
        asked = self.wish.choice.model
        self._kit.ledger.counted(self._account.label, asked, counted(self.wish.prompt), reply.usage)
        if reply.model and reply.model.lower() != asked.lower():
            self.lines.append(say("rewrite.served_by", asked=asked, served=reply.model))
        now = self._kit.clock.now()
        pace = self._pace(self.wish.choice.model)
        # What it thinks aloud is taken out before we see it; then a stop word would have hidden all that came behind.
        manners = "talks" if reply.reasoning and pace.manners == "talks" else self._manners(reply.usage)
        if not self.shown.done():
            if reply.finish in {FinishReason.STOP, FinishReason.LENGTH}:
                found = self._written(ended=True, cut_off=reply.finish is FinishReason.LENGTH)
                if found.text or reply.reasoning or pace.manners != "plain" or manners == "plain":
                    self._propose(found)
                else:  # nothing is remembered of it: asked again, more is let through
                    self.why = quiet("cut_short")
            else:
                self.why = quiet("no_answer", why=say("no_answer.broken_off", finish=reply.finish.value))
        pace.manners = manners
        took = now - (self._first_at or now)
        pace.saw(now - self._sent_at, reply.usage.completion_tokens / took if took > 0 else 0.0)
        self.lines.append(
            say(
                "completion.took",
                model=reply.model or self.wish.choice.model,
                seconds=f"{now - self._sent_at:.1f}",
                prompt=reply.usage.prompt_tokens,
                cached=reply.usage.cached_tokens,
                tokens=reply.usage.completion_tokens,
            )
        )

    def _manners(self, usage: Usage) -> Manners:
        """How the model began: would the stop word for plain code have let code through?

        A line break first, where something stands before the cursor, is a plain answer: the line is finished.
        """
        raw, place, shape = self._raw, self.wish.place, self.wish.shape
        plain = raw.partition(plain_stop(block=shape.block))[0]
        finished = not plain.strip() and not place.is_line_start and usage.completion_tokens <= _A_BREAK
        if finished or written(plain, place, shape, ended=True).text:
            return "plain"
        return "fences" if raw.lstrip().startswith("```") else "talks"

    def _is_enough(self, received: int) -> bool:
        """Does nobody need the rest, and is closing quicker than its end?"""
        if not self.shown.done():
            return len(self._raw) > _LONGEST_RAW
        rest = max(0, self.wish.shape.max_tokens - received) * _LIKELY_REST
        pace = self._pace(self.wish.choice.model)
        took = self._kit.clock.now() - self._first_at
        speed = pace.tokens_per_s or (received / took if took > 0 else 0.0)
        gap_s = self._kit.config.settings.gap_ms / 1000
        return closes_early(rest, speed, gap_s=gap_s, connect_s=_CONNECT_S)


def _withdrawn(error: Withdrawn) -> Quiet:
    match error:
        case Busy():
            return quiet("busy")
        case Preempted():
            return quiet("preempted")
        case _:
            return quiet("superseded")
