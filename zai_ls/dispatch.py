"""One request's life: admit, wait, hold the slot, stream, settle.

Opaque on purpose: an `Exchange` is bytes for one account, and what comes back passes through unchanged, so that the
assistant's own prompts and another tool's foreign requests take the same road.
Prompts and decoding lie above; `observe` lets whoever made the exchange read along.

Each path settles its reservation exactly once and releases its lease exactly once.
"""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, assert_never
from uuid import uuid4

from zai_ls.core import throttle
from zai_ls.core.scheduling import Ticket
from zai_ls.domain import Expense, Lane, Usage
from zai_ls.errors import (
    Closed,
    Preempted,
    RateLimited,
    ServiceError,
    StateLocked,
    StateUnusable,
    Unreachable,
    ZaiError,
)
from zai_ls.glm.refusals import classify
from zai_ls.glm.retry import closure_for, retry_delay
from zai_ls.glm.scrubbing import scrub
from zai_ls.state.db import SHORT_S
from zai_ls.state.ledger import Reservation
from zai_ls.state.slot import GAP
from zai_ls.state.slot import refusal as refused_as

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from zai_ls.clock import Clock
    from zai_ls.core.quota import History
    from zai_ls.domain import Account
    from zai_ls.glm.client import Client, Response
    from zai_ls.state.ledger import Ending, Ledger, SpendView
    from zai_ls.state.pacing import Pacing
    from zai_ls.state.slot import Lease, Place, Slot

_log = logging.getLogger(__name__)

_NOT_YET_S = 2.0
"""A 1302 this soon after an abort or a change of holder means "not yet": the service frees a place later than we do."""

_NOT_YET_TRIES = 8

_NOTED_EVERY_S = 1.0
"""A killed process leaves at most this much of its reply uncounted."""

_LOCKED_S = 10.0
_LOCKED_PAUSE_S = 0.25
"""A database that another process keeps locked is tried again so often for so long before the person is told."""

_REFUSAL_BYTES = 64 * 1024
"""As much of a refusal's body as is read; the rest says nothing more."""


class Observer(Protocol):
    """Reads a reply's bytes as they pass, and changes nothing."""

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the body. May raise a `ZaiError` that the body itself reports."""
        ...

    def close(self) -> None:
        """The body has ended. Raises `BadReply` when it ended too early."""
        ...

    @property
    def usage(self) -> Usage | None:
        """What the service reported, when it did."""
        ...

    @property
    def received_tokens(self) -> int:
        """Our own count of what has arrived so far."""
        ...

    @property
    def served_model(self) -> str:
        """The model that the reply names; empty when it names none."""
        ...


class Unobserved:
    """The observer of an exchange that nobody reads along with: it counts bytes."""

    def __init__(self) -> None:
        self._bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Count."""
        self._bytes += len(chunk)

    def close(self) -> None:
        """Any end is a good end."""

    @property
    def usage(self) -> Usage | None:
        """Unknown."""
        return None

    @property
    def received_tokens(self) -> int:
        """About four bytes a token."""
        return self._bytes // 4

    @property
    def served_model(self) -> str:
        """Unknown."""
        return ""


@dataclass(frozen=True, slots=True)
class Cost:
    """What a request costs the account."""

    credits: float = 0.0
    money: float = 0.0
    prompts: float = 0.0
    """From windows that are counted in prompts."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request as bytes, with what the road needs to know of it."""

    account: Account
    lane: Lane
    model: str
    path: str
    """Below the account's base URL, such as `/chat/completions`."""
    headers: tuple[tuple[str, str], ...]
    body: bytes
    expected: Usage
    """Likely tokens, not the ceiling: this is what is reserved."""
    observe: Callable[[], Observer] = Unobserved
    method: str = "POST"
    topic: str = ""
    """Tickets of one topic replace each other."""
    deadline_s: float | None = None
    """Answered as busy when it waited this long; counted from now."""
    action: str = ""
    """For the ledger: which action or completion this was."""
    editor: str = ""
    others: tuple[str, ...] = ()
    """Models that may stand in, in this order: an overloaded one is not waited for long, and one that a window has no room for
    is replaced."""


class Streaming:
    """A reply under way: its status and headers as they came, and its body byte for byte."""

    def __init__(
        self,
        exchange: Exchange,
        response: Response,
        observer: Observer,
        note: Callable[[int], None] = lambda _tokens: None,
    ) -> None:
        """*note* is told after each chunk how many tokens have come so far."""
        self.exchange = exchange
        """What was really sent; the model may differ from what was wished."""
        self.status: int = response.status
        self.headers = response.headers
        self.observer = observer
        self.begun = False
        """True from the first byte on: from here the request is never tried again."""
        self.ended = False
        """True when the body was read to its end."""
        self._note = note
        self._body = response.chunks()
        self._first = b""

    async def begin(self) -> None:
        """Wait for the first byte."""
        self._first = await anext(self._body, b"")
        self.begun = True

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body, as sent. Raises `BadReply` or `TimedOut` when it breaks off, and what the observer finds in it."""
        if self._first:
            self.observer.feed(self._first)
            yield self._first
        async for chunk in self._body:
            self.observer.feed(chunk)
            self._note(self.observer.received_tokens)
            yield chunk
        self.ended = True
        self.observer.close()


@dataclass(slots=True)
class _Turn:
    """One time with the slot in hand: what was taken, and what became of it."""

    exchange: Exchange
    lease: Lease
    entry: int
    """The reservation in the ledger."""
    streaming: Streaming | None = None
    error: ZaiError | None = None
    body_read: bool = False
    """True when nothing of the request is left on the wire."""


@dataclass(slots=True)
class _Tries:
    """How often one exchange was refused so far."""

    refused: int = 0
    not_yet: int = 0
    """1302 so soon after another request ended that it says nothing."""


class Dispatcher:
    """Carries exchanges through the account's slot, in turn over all processes of the user."""

    def __init__(
        self,
        *,
        slot: Slot,
        ledger: Ledger,
        client: Client,
        clock: Clock,
        cost_of: Callable[[Account, str, Usage, float], Cost],
        quota_of: Callable[[Account, Lane, History], throttle.Quota] = lambda *_: throttle.Quota(),
        pacing: Pacing | None = None,
        on_refused: Callable[[Account, ZaiError], None] = lambda *_: None,
        random01: Callable[[], float] = random.random,
    ) -> None:
        """*quota_of* tells what the throttle must know, from a history of requests; *on_refused* hears what the service refuses."""
        self._slot = slot
        self._ledger = ledger
        self._client = client
        self._clock = clock
        self._cost_of = cost_of
        self._quota_of = quota_of
        self._pacing = pacing
        self._on_refused = on_refused
        self._random01 = random01
        self._waiting = 0
        self._in_flight: list[Exchange] = []

    def __repr__(self) -> str:
        flying = ", ".join(f"{e.lane} {e.model}" for e in self._in_flight) or "none"
        return f"<Dispatcher in flight: {flying}; waiting: {self._waiting}>"

    def admit(self, account: Account, lane: Lane, model: str) -> throttle.Verdict:
        """The throttle's first question: asked before a ticket is made."""
        return self._considered(
            account, lane, model, self._quota_of(account, lane, self._ledger.history(account.label))
        )

    def _considered(
        self, account: Account, lane: Lane, model: str, quota: throttle.Quota
    ) -> throttle.Verdict:
        """The throttle's verdict; typing that goes off to keep the reserve, or on again, does so for every process."""
        closures = self._slot.closures(account.label)
        verdict = throttle.decide(lane, model, closures, self._clock.now(), quota)
        was_off = any(closure.code == throttle.RESERVE for closure in closures)
        is_off = isinstance(verdict, throttle.Refuse) and verdict.code == throttle.RESERVE
        if lane is Lane.TYPING and is_off != was_off and quota.windows:
            if isinstance(verdict, throttle.Refuse) and is_off and verdict.until is not None:
                self._slot.refuse(account.label, lane, verdict.until, verdict.code, verdict.reason)
            elif not is_off:
                self._slot.reopen(account.label, throttle.RESERVE)
        return verdict

    def _with_costs(self, exchange: Exchange, quota: throttle.Quota) -> throttle.Quota:
        """*quota*, with what *exchange* takes with each model that it may be sent to."""
        has_budget = any(window.name == "budget" for window in quota.windows)
        may_change = bool(exchange.others and quota.windows) and exchange.lane is not Lane.TYPING
        if not has_budget and not may_change:
            return quota
        now = self._clock.now()
        costs = {
            model: self._cost_of(exchange.account, model, exchange.expected, now)
            for model in (exchange.model, *exchange.others)
        }
        return replace(
            quota,
            costs={
                model: Expense(exchange.expected, cost.credits, cost.prompts, cost.money)
                for model, cost in costs.items()
            },
        )

    @asynccontextmanager
    async def send(
        self,
        exchange: Exchange,
        *,
        on_place: Callable[[Place], None] | None = None,
        on_sent: Callable[[Exchange], None] | None = None,
        renew: Callable[[Exchange, str], Exchange] | None = None,
    ) -> AsyncIterator[Streaming]:
        """Send *exchange* when its turn comes; the slot is held until the body is read to its end, or left.

        *renew(exchange, model)* is called with the slot in hand: it may build the request anew (the text has moved on,
        the throttle names another model), and may raise to withdraw.
        Retried before the first byte only; the waits between tries do not hold the slot, and close the account, or the
        model of it, for every process.
        Raises the service's refusals, `Withdrawn` in its kinds, `Closed`, `Paused`.
        """
        tries = _Tries()
        eligible_at = 0.0
        while True:
            turn = await self._take(exchange, eligible_at, on_place, renew)
            exchange = turn.exchange  # a retry builds on what was sent last, not on what was first wished
            self._in_flight.append(turn.exchange)
            try:
                async with _giving_way(turn.lease, turn.exchange.lane):
                    if on_sent is not None:
                        on_sent(turn.exchange)
                    async with self._client.stream(
                        turn.exchange.account,
                        turn.exchange.method,
                        turn.exchange.path,
                        turn.exchange.headers,
                        turn.exchange.body,
                    ) as response:
                        self._ledger.sent(turn.entry)
                        if response.status < 400:  # RFC 9110, section 15: from here on it is an error
                            turn.streaming = Streaming(
                                turn.exchange, response, turn.exchange.observe(), self._noting(turn.entry)
                            )
                            await turn.streaming.begin()
                            self._ledger.first_byte(turn.entry)
                            yield turn.streaming
                            return
                        turn.error = await self._refusal(turn, response)
            except ZaiError as error:
                scrub(error, exchange.account.key)
                turn.error = error
                if turn.streaming is not None and turn.streaming.begun:
                    self._close_for(turn, error, None)
                    raise
            finally:
                self._in_flight.remove(turn.exchange)
                self._finish(turn)
            refused = turn.error
            if refused is None:  # every other way has returned or raised
                raise AssertionError(turn)
            delay = self._delay_after(turn, refused, tries)
            self._close_for(turn, refused, delay)
            _log.info("request.refused code=%s delay_s=%s", refused.code, delay)
            if delay is None:
                raise refused
            eligible_at = self._clock.now() + delay

    def _delay_after(self, turn: _Turn, error: ZaiError, tries: _Tries) -> float | None:
        """Seconds until the next try, or None; counts it."""
        if (
            isinstance(error, RateLimited)
            and tries.not_yet < _NOT_YET_TRIES
            and self._changed_hands_lately(turn)
        ):
            tries.not_yet += 1
            return min(0.1 * 2.0**tries.not_yet, 0.5) * (0.5 + self._random01())
        tries.refused += 1
        exchange = turn.exchange
        if isinstance(error, RateLimited) and self._pacing is not None and tries.refused == 1:
            self._pacing.refused(exchange.account.label)  # once for each request, however often it is tried
        return retry_delay(
            error, tries.refused - 1, exchange.lane, self._random01(), has_other=bool(exchange.others)
        )

    async def _take(
        self,
        exchange: Exchange,
        eligible_at: float,
        on_place: Callable[[Place], None] | None,
        renew: Callable[[Exchange, str], Exchange] | None,
    ) -> _Turn:
        """Wait in line, then hold the slot with the expected cost reserved."""
        now = self._clock.now()
        history = self._ledger.history(exchange.account.label)
        quota = self._with_costs(exchange, self._quota_of(exchange.account, exchange.lane, history))
        match self._considered(exchange.account, exchange.lane, exchange.model, quota):
            case throttle.Refuse() as refusal:
                raise refused_as(refusal.code, refusal.reason, refusal.until)
            case throttle.Wait(until=until):
                eligible_at = max(eligible_at, until)
            case throttle.Use(model=model):
                exchange = renew(exchange, model) if renew else exchange
            case throttle.Go():
                pass
        ticket = Ticket(
            id=uuid4().hex,
            account=exchange.account.label,
            lane=exchange.lane,
            model=exchange.model,
            topic=exchange.topic,
            eligible_at=eligible_at,
            deadline=now + exchange.deadline_s if exchange.deadline_s is not None else None,
        )
        while True:
            self._waiting += 1
            try:
                lease = await self._slot.hold(ticket, on_place)
            finally:
                self._waiting -= 1
            try:
                exchange, answer = await self._reserve_when_free(exchange, exchange.model, renew)
                if isinstance(answer, throttle.Use) and renew is not None:
                    exchange, answer = await self._reserve_when_free(exchange, answer.model, renew)
            except BaseException:
                lease.release(clean=True)  # nothing was sent
                raise
            match answer:
                case int():
                    return _Turn(exchange, lease, answer)
                case throttle.Wait(until=until):
                    lease.give_back(until)
                    ticket = replace(ticket, eligible_at=until, model=exchange.model)
                case throttle.Refuse() as refusal:
                    lease.release(clean=True)
                    refused = refused_as(refusal.code, refusal.reason, refusal.until)
                    if (
                        refusal.until is not None and refused.scope != "model"
                    ):  # else others' models may be open
                        self._slot.refuse(
                            exchange.account.label, exchange.lane, refusal.until, refusal.code, refusal.reason
                        )
                    raise refused
                case throttle.Use(reason=reason):  # and there is nobody who could change it
                    lease.release(clean=True)
                    raise Closed(why=reason)
                case throttle.Go():  # the ledger has made a reservation then
                    lease.release(clean=True)
                    raise AssertionError(answer)
                case _:
                    assert_never(answer)

    async def _reserve_when_free(
        self, exchange: Exchange, model: str, renew: Callable[[Exchange, str], Exchange] | None
    ) -> tuple[Exchange, int | throttle.Verdict]:
        """Reserve for the exchange as it is now; where another process keeps the database locked try again for a while."""
        began = self._clock.now()
        while True:
            exchange = renew(exchange, model) if renew else exchange
            try:
                return exchange, self._reserve(exchange)
            except StateLocked:
                if not 0 <= self._clock.now() - began < _LOCKED_S:
                    raise
            await self._clock.sleep(_LOCKED_PAUSE_S)

    def _reserve(self, exchange: Exchange) -> int | throttle.Verdict:
        """The throttle's second question, in the transaction that makes the reservation."""
        now = self._clock.now()
        cost = self._cost_of(exchange.account, exchange.model, exchange.expected, now)
        entry = Reservation(
            account=exchange.account.label,
            lane=exchange.lane,
            model=exchange.model,
            action=exchange.action,
            editor=exchange.editor,
            expected=exchange.expected,
            credits=cost.credits,
            money=cost.money,
            prompts=cost.prompts,
        )

        def decide(view: SpendView) -> throttle.Verdict:
            quota = self._quota_of(exchange.account, exchange.lane, view.history)
            return throttle.decide(
                exchange.lane, exchange.model, view.closures, now, self._with_costs(exchange, quota)
            )

        return self._ledger.reserve(entry, decide, patience_s=SHORT_S)

    def _noting(self, entry: int) -> Callable[[int], None]:
        """Writes down now and then what has come: all that is known of a request whose process is killed."""
        noted_at = self._clock.now()

        def note(tokens: int) -> None:
            nonlocal noted_at
            now = self._clock.now()
            if not 0 <= now - noted_at < _NOTED_EVERY_S:
                noted_at = now
                self._ledger.received(entry, tokens)

        return note

    def _finish(self, turn: _Turn) -> None:
        """Settle and release, exactly once, without an await: no cancellation can come between."""
        streaming, error, exchange = turn.streaming, turn.error, turn.exchange
        usage, served_model, received = None, "", 0
        how: Ending
        if streaming is not None and streaming.begun:
            observer = streaming.observer
            usage, served_model, received = observer.usage, observer.served_model, observer.received_tokens
            how = "complete" if streaming.ended and error is None else "cut" if error else "aborted"
            clean = streaming.ended
        elif isinstance(error, ServiceError):
            how, clean = "refused", turn.body_read
        elif isinstance(error, Unreachable):
            how, clean = "refused", True  # it never left this machine
        else:
            how, clean = "aborted" if error is None or isinstance(error, Preempted) else "cut", False
        counted = usage or replace(
            exchange.expected, cached_tokens=0, completion_tokens=received, estimated=True
        )
        cost = self._cost_of(exchange.account, exchange.model, counted, self._clock.now())
        try:
            self._ledger.settle(
                turn.entry,
                usage,
                how,
                served_model=served_model,
                error_code=error.code if error else "",
                received_tokens=received,
                credits=cost.credits,
                money=cost.money,
                prompts=cost.prompts,
            )
        finally:
            turn.lease.release(clean=clean)
            self._pause_after(exchange.account)
            if how == "complete":
                self._open_model(exchange)

    def _pause_after(self, account: Account) -> None:
        """Where the service has called us too fast, the next request of any process waits a little."""
        gap_s = self._pacing.gap_s(account.label) if self._pacing is not None else 0.0
        if gap_s > 0:
            try:
                self._slot.close(account.label, self._clock.now() + gap_s, GAP)
            except StateUnusable as error:
                _log.warning("request.not_paced %s", error)

    def _open_model(self, exchange: Exchange) -> None:
        """A model that has answered is there, whatever the service said of it before: a plan may have been bought meanwhile."""
        try:
            for closure in self._slot.closures(exchange.account.label):
                if closure.model == exchange.model:
                    self._slot.reopen(exchange.account.label, closure.code, model=closure.model)
        except StateUnusable as error:
            _log.warning("request.model_not_opened %s", error)

    async def _refusal(self, turn: _Turn, response: Response) -> ZaiError:
        """The service's no, read to its end and classified by its business code."""
        body = bytearray()
        async for chunk in response.chunks():
            if len(body) < _REFUSAL_BYTES:
                body += chunk
            else:
                break
        else:
            turn.body_read = True
        error = classify(
            response.status,
            bytes(body[:_REFUSAL_BYTES]),
            host=turn.exchange.account.host,
            model=turn.exchange.model,
            now=self._clock.now(),
            headers=response.headers,
        )
        scrub(error, turn.exchange.account.key)
        return error

    def _close_for(self, turn: _Turn, error: ZaiError, delay: float | None) -> None:
        """What *error* closes, it closes for every process."""
        self._on_refused(turn.exchange.account, error)
        closure = closure_for(error, self._clock.now(), delay)
        if closure is None:
            return
        try:
            self._slot.close(
                turn.exchange.account.label,
                closure.until,
                closure.code,
                model=closure.model,
                lane=closure.lane,
                reason=closure.reason,
            )
        except StateUnusable as unusable:  # the service's own word is worth more to the person
            _log.warning("request.closed_for_nobody %s", unusable)

    def _changed_hands_lately(self, turn: _Turn) -> bool:
        last = self._ledger.last_ended(turn.exchange.account.label, before=turn.entry)
        return (
            last is not None
            and self._clock.now() - last.ended_at < _NOT_YET_S
            and (last.foreign or last.aborted)
        )


@asynccontextmanager
async def _giving_way(lease: Lease, lane: Lane) -> AsyncIterator[None]:
    """Raise `Preempted` in the body as soon as *lease* is revoked; only `typing` gives way."""
    task = asyncio.current_task()
    if lane is not Lane.TYPING or task is None:
        yield
        return
    cancelling = task.cancelling()
    revoked = False

    async def watch() -> None:
        nonlocal revoked
        await lease.revoked.wait()
        revoked = True
        task.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        # As asyncio.timeout does: only a cancellation of our own making may be turned into something else.
        if revoked and task.uncancel() <= cancelling:
            raise Preempted from None
        raise
    finally:
        watcher.cancel()
