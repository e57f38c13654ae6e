"""The whole road of one process, from dispatcher to the emulator's bytes, in one test process."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.assistant.gauge import Gauge
from zai_ls.assistant.replying import ReplyObserver
from zai_ls.catalogue import Catalogue
from zai_ls.clock import SystemClock
from zai_ls.core.redaction import Restorer
from zai_ls.core.throttle import Quota
from zai_ls.dispatch import Cost, Dispatcher, Exchange
from zai_ls.domain import Account, Lane, Prompt, Secret, Usage
from zai_ls.emulator.config import EmulatorConfig
from zai_ls.emulator.server import Emulator
from zai_ls.glm.client import Client, Timeouts
from zai_ls.glm.dialect import dialect_for
from zai_ls.glm.monitor import Monitor
from zai_ls.state.db import Database
from zai_ls.state.folder import prepare
from zai_ls.state.ledger import Ledger
from zai_ls.state.notices import Notices
from zai_ls.state.pacing import Pacing
from zai_ls.state.readings import Readings
from zai_ls.state.slot_local import LocalSlot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from zai_ls.clock import Clock
    from zai_ls.config import Config
    from zai_ls.core.quota import History
    from zai_ls.domain import Reply
    from zai_ls.errors import ZaiError

CATALOGUE = Catalogue.load()
PROMPT = Prompt("You answer.", "Say something about:\n```python\nx = 1\n```", max_tokens=100)


def cost_of(account: Account, model: str, usage: Usage, at: float) -> Cost:
    """In credits and prompts for every plan, in money for pay as you go."""
    money = CATALOGUE.price(model, usage) if account.plan == "payg" else 0.0
    return Cost(CATALOGUE.credits(model, usage, at), money or 0.0, CATALOGUE.prompts(model, at))


class Ahead(SystemClock):
    """The system's clock, and as far ahead of it as a test says."""

    ahead = 0.0

    def now(self) -> float:
        return super().now() + self.ahead


@dataclass
class Road:
    """One process's dispatcher, and the service at its end."""

    emulator: Emulator
    dispatcher: Dispatcher
    slot: LocalSlot
    ledger: Ledger
    account: Account
    clock: Ahead
    database: Database
    client: Client
    gauge: Gauge | None = None
    """Who tells the throttle of the quota; None: nobody."""

    def gauge_for(self, config: Callable[[], Config], clock: Clock) -> Gauge:
        """A gauge over this road's ledger, slot and service."""
        return Gauge(
            config,
            catalogue=CATALOGUE,
            clock=clock,
            ledger=self.ledger,
            slot=self.slot,
            readings=Readings(self.database, clock),
            notices=Notices(self.database, clock),
            monitor=Monitor(self.client, clock),
        )

    def quota(self, account: Account, lane: Lane, history: History) -> Quota:
        """What the throttle asks for."""
        return Quota() if self.gauge is None else self.gauge.quota(account, lane, history)

    def refused(self, account: Account, error: ZaiError) -> None:
        """The service has said no."""
        if self.gauge is not None:
            self.gauge.refused(account, error)

    def exchange(
        self,
        lane: Lane = Lane.ACTION,
        *,
        topic: str = "",
        deadline_s: float | None = None,
        model: str = "glm-4.7",
    ) -> Exchange:
        """A request of the assistant's own kind."""
        dialect = dialect_for(self.account, CATALOGUE)
        wire = dialect.encode(PROMPT, CATALOGUE.model(model))
        return Exchange(
            account=self.account,
            lane=lane,
            model=model,
            path=wire.path,
            headers=wire.headers,
            body=wire.body,
            expected=Usage(prompt_tokens=40, completion_tokens=50, estimated=True),
            observe=lambda: ReplyObserver(dialect.decoder(), Restorer(PROMPT.stand_ins), lambda _event: None),
            topic=topic,
            deadline_s=deadline_s,
        )

    async def ask(self, exchange: Exchange) -> Reply:
        """Its reply, read to the end."""
        async with self.dispatcher.send(exchange) as streaming:
            async for _ in streaming.chunks():
                pass
        observer = streaming.observer
        assert isinstance(observer, ReplyObserver)
        return observer.reply()

    def is_at_rest(self) -> bool:
        """Nobody waits, nobody holds, and the ledger has no open entry."""
        view = self.slot.view(self.account.label)
        return not view.waiting and not view.holding and not self.ledger.spent(self.account.label, 0).open


@asynccontextmanager
async def road(
    folder: Path,
    config: EmulatorConfig | None = None,
    *,
    timeouts: Timeouts | None = None,
    raw: bool = False,
    anthropic: bool = False,
    pacing: bool = False,
) -> AsyncIterator[Road]:
    """A road with a folder of its own. *pacing*: it waits after requests as refusals have taught it. Jitter is off: a retry whose wait is random does not wait."""
    clock = Ahead()
    async with Emulator(config or EmulatorConfig()) as emulator:
        base_url = (
            emulator.anthropic_url if anthropic else emulator.raw_base_url if raw else emulator.base_url
        )
        account = Account(
            "test",
            base_url,
            "anthropic" if anthropic else "openai",
            Secret(emulator.key),
            emulator.config.plan,
        )
        database = Database(prepare(folder / "state"))
        slot = LocalSlot(database, database.folder, clock, slots_of=lambda _account: 1, gap_s=0.1)
        ledger = Ledger(database, clock)
        client = Client(clock, "zai-ls/test", timeouts=timeouts)
        found: list[Road] = []
        dispatcher = Dispatcher(
            slot=slot, ledger=ledger, client=client, clock=clock,
            cost_of=cost_of,
            quota_of=lambda *known: found[0].quota(*known),
            pacing=Pacing(database, clock) if pacing else None,
            on_refused=lambda *known: found[0].refused(*known),
            random01=lambda: 0.0,
        )  # fmt: skip
        found.append(Road(emulator, dispatcher, slot, ledger, account, clock, database, client))
        try:
            yield found[0]
        finally:
            await slot.aclose()
            await client.aclose()
            ledger.close()
            database.close()


def chat(**fields: object) -> bytes:
    """A foreign request's body."""
    return json.dumps(
        {"model": "glm-4.7", "messages": [{"role": "user", "content": "hi"}], **fields}
    ).encode()
