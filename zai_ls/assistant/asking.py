"""Asking a model what a plan says: encode, wait in line, read the stream, go on with the next model where one is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from zai_ls.assistant.replying import ReplyObserver
from zai_ls.core.actions import Output
from zai_ls.core.redaction import Restorer
from zai_ls.core.routing import go_on
from zai_ls.core.thrift import Load, likely
from zai_ls.core.tokens import estimate
from zai_ls.dispatch import Exchange
from zai_ls.domain import Declined, FinishReason, Lane, TextDelta, ThinkingDelta
from zai_ls.errors import BadReply, ContentBlocked, ContextTooLong, ModelClosed, ServiceError
from zai_ls.glm.dialect import dialect_for
from zai_ls.glm.scrubbing import without_key
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls.assistant.course import Course
    from zai_ls.assistant.kit import Kit
    from zai_ls.assistant.plan import Plan
    from zai_ls.domain import Account, Prompt, Reply, ReplyEvent
    from zai_ls.state.slot import Place


def counted(prompt: Prompt) -> int:
    """Our own count of *prompt*, uncorrected."""
    return estimate(prompt.system) + estimate(prompt.user)


def load_of(prompt: Prompt) -> Load:
    """How large a request with *prompt* is, by our own count."""
    return Load(counted(prompt), prompt.max_tokens, prompt.thinking)


class Moot(Exception):
    """With the slot in hand there was nothing left to ask; nothing was sent."""

    def __init__(self, declined: Declined) -> None:
        super().__init__(declined.reason)
        self.declined = declined


def exchange_for(
    kit: Kit,
    account: Account,
    prompt: Prompt,
    model: str,
    *,
    lane: Lane,
    action: str,
    on_event: Callable[[ReplyEvent], None],
    topic: str = "",
    deadline_s: float | None = None,
    others: tuple[str, ...] = (),
    for_reading: bool = False,
) -> Exchange:
    """The request that asks *prompt* of *model*, at its likely cost; *on_event* is told what the reply says as it comes.

    *for_reading*: no secret is put back into the reply, only words for it.
    """
    restorer = (Restorer.for_reading if for_reading else Restorer)(prompt.stand_ins)
    dialect = dialect_for(account, kit.catalogue)
    entry = kit.catalogue.model(model)
    wire = dialect.encode(prompt, entry)
    return Exchange(
        account=account,
        lane=lane,
        model=model,
        path=wire.path,
        headers=wire.headers,
        body=wire.body,
        expected=likely(load_of(prompt), entry, kit.ledger.factors(account.label).get(model, 1.0)),
        observe=lambda: ReplyObserver(
            dialect.decoder(host=account.host, model=model, now=kit.clock.now()),
            restorer,
            on_event,
            lambda name: without_key(name, account.key),
        ),
        topic=topic,
        deadline_s=deadline_s,
        action=action,
        editor=kit.editor_name,
        others=others,
    )


class Asking:
    """One question to the service, until a model has answered it. `reply` once."""

    def __init__(
        self,
        kit: Kit,
        account: Account,
        plan: Plan,
        course: Course,
        *,
        action: str,
        note: Callable[[str], None],
        fresh: Callable[[Plan], Plan | Declined],
    ) -> None:
        self.plan = plan
        """As it was when the request left."""
        self._kit = kit
        self._account = account
        self._course = course
        self._action = action
        self._note = note
        self._fresh = fresh

    async def reply(self) -> Reply:
        """The reply, whole and stopped by the model itself or by its bound. Raises `ZaiError` and `Moot`."""
        models = [self.plan.choice.model, *self.plan.choice.fallbacks]
        while True:
            model = models.pop(0)
            try:
                return await self._ask(model)
            except (ServiceError, ModelClosed) as error:
                if error.scope != "model" or not models or self._course.answering:
                    raise
                self._note(say("rewrite.next_model", why=error.user_text, model=models[0]))
                self.plan = self._with_model(self.plan, models[0])

    async def _ask(self, model: str) -> Reply:
        exchange = self._exchange(self.plan, model)
        async with self._kit.dispatcher.send(
            exchange, on_place=self._waits, on_sent=self._sent, renew=self._renew
        ) as streaming:
            observer = streaming.observer
            async for _ in streaming.chunks():
                pass
        assert isinstance(observer, ReplyObserver)  # of the exchange made below
        reply = observer.reply()
        asked = streaming.exchange.model
        self._kit.ledger.counted(self._account.label, asked, counted(self.plan.prompt), reply.usage)
        if reply.model and reply.model.lower() != asked.lower():
            self._note(say("rewrite.served_by", asked=asked, served=reply.model))
        self._note(
            say(
                "rewrite.answered",
                model=reply.model or asked,
                prompt=reply.usage.prompt_tokens,
                cached=reply.usage.cached_tokens,
                tokens=reply.usage.completion_tokens,
            )
        )
        match reply.finish:
            case FinishReason.STOP | FinishReason.LENGTH:
                return reply
            case FinishReason.SENSITIVE:
                raise ContentBlocked(code=reply.finish.value)
            case FinishReason.CONTEXT_EXCEEDED:
                raise ContextTooLong(code=reply.finish.value)
            case _:
                raise BadReply(f"finish_reason {reply.finish.value}", host=self._account.host)

    def _exchange(self, plan: Plan, model: str) -> Exchange:
        return exchange_for(
            self._kit,
            self._account,
            plan.prompt,
            model,
            lane=Lane.ACTION,
            action=self._action,
            on_event=self._read,
            others=plan.choice.fallbacks,
            for_reading=plan.action.output is Output.PROSE,
        )

    def _renew(self, exchange: Exchange, model: str) -> Exchange:
        """With the slot in hand: the text may have moved on, the throttle may name another model."""
        fresh = self._fresh(self.plan)
        if isinstance(fresh, Declined):
            raise Moot(fresh)
        if fresh is self.plan and model == exchange.model:
            return exchange
        self.plan = self._with_model(fresh, model)
        return self._exchange(self.plan, model)

    def _with_model(self, plan: Plan, model: str) -> Plan:
        """*plan* for *model*, told as what it is: another one than was chosen."""
        choice = go_on(plan.choice, model, self._kit.routing(self._account), load_of(plan.prompt))
        return replace(plan, choice=choice)

    # -- progress --------------------------------------------------------------------------------------------

    def _waits(self, place: Place) -> None:
        text = ""
        if place.holder == Lane.AGENT:
            text = say("stage.waiting_agent", seconds=f"{place.expected_s or 0:.0f}")
        elif place.until is not None:
            text = say(
                "stage.waiting_closed",
                code=place.reason,
                seconds=f"{max(0.0, place.until - self._kit.clock.now()):.0f}",
            )
        self._course.report("waiting", text, place=place.ahead, expected_s=place.expected_s)

    def _sent(self, _: Exchange) -> None:
        self._course.model = self.plan.choice.model
        self._course.answering = False
        self._course.report("sent", " ".join(filter(None, (self.plan.choice.reason, self.plan.left_out))))

    def _read(self, event: ReplyEvent) -> None:
        match event:
            case ThinkingDelta(text=text):
                self._course.received("thinking", text)
            case TextDelta(text=text):
                self._course.received("writing", text)
            case _:
                pass
