"""The one place where everything is wired together: plain constructor calls, nothing looked up, nothing global."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.assistant import Assistant, Kit
from zai_ls.clock import SystemClock
from zai_ls.dispatch import Cost, Dispatcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls import config as configuring
    from zai_ls.assistant.board import Board
    from zai_ls.assistant.gauge import Gauge
    from zai_ls.assistant.ports import Status
    from zai_ls.catalogue import Catalogue
    from zai_ls.clock import Clock
    from zai_ls.domain import (
        Account,
        Usage,
    )
    from zai_ls.glm.client import Client
    from zai_ls.state.db import Database
    from zai_ls.state.ledger import Ledger
    from zai_ls.state.shown import Shown
    from zai_ls.state.slot import Slot

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class App:
    """One process of zai-ls, wired up."""

    assistant: Assistant
    kit: Kit
    client: Client
    database: Database
    shown: Shown
    """What became of completions."""
    board: Board

    @property
    def gauge(self) -> Gauge:
        """How full the windows are."""
        return self.kit.gauge

    @property
    def dispatcher(self) -> Dispatcher:
        """The road to the service."""
        return self.kit.dispatcher

    @property
    def slot(self) -> Slot:
        """The right to have a request in flight."""
        return self.kit.slot

    @property
    def ledger(self) -> Ledger:
        """What was sent and what it cost."""
        return self.kit.ledger

    async def aclose(self) -> None:
        """Leave the line, close connections and the database."""
        await self.kit.gauge.aclose()
        await self.assistant.completer.aclose()
        await self.kit.slot.aclose()
        await self.client.aclose()
        self.kit.ledger.close()
        self.database.close()


def build(
    config: configuring.Config,
    *,
    editor_name: str,
    clock: Clock | None = None,
    on_status: Callable[[Status], None] = lambda _: None,
) -> App:
    """Everything for one process. Raises `StateUnusable` when the state folder cannot be used."""
    from zai_ls import __version__
    from zai_ls.assistant.board import Board
    from zai_ls.assistant.completing.completer import Completer
    from zai_ls.assistant.gauge import Gauge
    from zai_ls.catalogue import Catalogue
    from zai_ls.core.syntax import Syntax
    from zai_ls.glm.client import Client, Timeouts
    from zai_ls.glm.monitor import Monitor
    from zai_ls.state.answers import Answers
    from zai_ls.state.db import Database
    from zai_ls.state.folder import prepare
    from zai_ls.state.ledger import Ledger
    from zai_ls.state.notices import Notices
    from zai_ls.state.pacing import Pacing
    from zai_ls.state.readings import Readings
    from zai_ls.state.shown import Shown
    from zai_ls.state.slot_local import LocalSlot

    clock = clock or SystemClock()
    settings = config.settings
    catalogue = Catalogue.load(config.overlay)
    folder = prepare(config.state_dir)
    database = Database(folder, on_message=_log.warning)
    slot = LocalSlot(
        database,
        folder,
        clock,
        slots_of=lambda _account: kit.config.settings.slots,
        gap_s=settings.gap_ms / 1000,
        is_single=lambda model: catalogue.model(model).role == "free",
    )
    ledger = Ledger(database, clock)
    client = Client(
        clock,
        f"zai-ls/{__version__}",
        timeouts=Timeouts(
            connect=settings.timeouts_connect,
            first_byte=settings.timeouts_first_byte,
            between=settings.timeouts_idle,
            total=settings.timeouts_total,
        ),
    )
    gauge = Gauge(
        lambda: kit.config,
        catalogue=catalogue,
        clock=clock,
        ledger=ledger,
        slot=slot,
        readings=Readings(database, clock),
        notices=Notices(database, clock),
        monitor=Monitor(client, clock),
    )
    dispatcher = Dispatcher(
        slot=slot,
        ledger=ledger,
        client=client,
        clock=clock,
        cost_of=cost_in(catalogue),
        quota_of=gauge.quota,
        pacing=Pacing(database, clock),
        on_refused=gauge.refused,
    )
    kit = Kit(
        config=config,
        catalogue=catalogue,
        syntax=Syntax(),
        clock=clock,
        dispatcher=dispatcher,
        slot=slot,
        ledger=ledger,
        answers=Answers(folder / "answers", clock, keep=settings.answers_keep, days=settings.answers_days),
        gauge=gauge,
        editor_name=editor_name,
    )
    shown = Shown(database, clock)
    board = Board(kit, on_status)
    gauge.on_change = board.changed
    completer = Completer(kit, shown, on_status=board.completions)
    return App(Assistant(kit, completer, board), kit, client, database, shown, board)


def cost_in(catalogue: Catalogue) -> Callable[[Account, str, Usage, float], Cost]:
    """What a request costs, by the catalogue's rates."""
    from zai_ls.catalogue import currency_of

    def cost_of(account: Account, model: str, usage: Usage, at: float) -> Cost:
        if account.plan == "payg":
            currency = currency_of(account.base_url)
            return Cost(money=catalogue.price(model, usage, currency) or 0.0)
        return Cost(credits=catalogue.credits(model, usage, at), prompts=catalogue.prompts(model, at))

    return cost_of
