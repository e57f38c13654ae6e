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
    from zai_ls.assistant.ports import Status
    from zai_ls.catalogue import Catalogue
    from zai_ls.clock import Clock
    from zai_ls.domain import (
        Account,
        Usage,
        Window,
    )
    from zai_ls.glm.client import Client
    from zai_ls.state.db import Database
    from zai_ls.state.ledger import Ledger
    from zai_ls.state.shown import Shown
    from zai_ls.state.slot import Slot

_log = logging.getLogger(__name__)

_WEEK_S = 7 * 86_400.0


@dataclass(slots=True)
class App:
    """One process of zai-ls, wired up."""

    assistant: Assistant
    kit: Kit
    client: Client
    database: Database
    shown: Shown
    """What became of completions."""

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
    from zai_ls.assistant.completing.completer import Completer
    from zai_ls.catalogue import Catalogue
    from zai_ls.core.syntax import Syntax
    from zai_ls.glm.client import Client, Timeouts
    from zai_ls.state.answers import Answers
    from zai_ls.state.db import Database
    from zai_ls.state.folder import prepare
    from zai_ls.state.ledger import Ledger
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
    dispatcher = Dispatcher(slot=slot, ledger=ledger, client=client, clock=clock, cost_of=cost_in(catalogue))
    kit = Kit(
        config=config,
        catalogue=catalogue,
        syntax=Syntax(),
        clock=clock,
        dispatcher=dispatcher,
        slot=slot,
        ledger=ledger,
        answers=Answers(folder / "answers", clock, keep=settings.answers_keep, days=settings.answers_days),
        editor_name=editor_name,
    )
    windows, shown = windows_of(kit), Shown(database, clock)
    completer = Completer(kit, shown, windows=windows, on_status=on_status)
    return App(Assistant(kit, windows, completer), kit, client, database, shown)


def cost_in(catalogue: Catalogue) -> Callable[[Account, str, Usage, float], Cost]:
    """What a request costs, by the catalogue's rates."""

    def cost_of(account: Account, model: str, usage: Usage, at: float) -> Cost:
        return Cost(
            credits=catalogue.credits(model, usage, at) if account.plan != "payg" else 0.0,
            money=(catalogue.price(model, usage) or 0.0) if account.plan == "payg" else 0.0,
        )

    return cost_of


def windows_of(kit: Kit) -> Callable[[str], tuple[Window, ...]]:
    """The account's quota windows, as far as this machine's own requests tell."""
    from zai_ls.core.quota import Spent, estimated

    def windows(label: str) -> tuple[Window, ...]:
        account = kit.config.account
        plan = kit.catalogue.plan(account.plan if account else "payg")
        if not plan.windows:
            return ()
        now = kit.clock.now()
        spent = [Spent(at, cost) for at, cost in kit.ledger.costs(label, since=now - 2 * _WEEK_S)]
        return estimated(plan.windows, spent, now)

    return windows
