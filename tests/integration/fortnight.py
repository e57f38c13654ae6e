"""Two weeks of somebody's work in seconds: two windows of an editor, another tool, peaks and refusals, on a turned clock.

Everything is real but the sockets, the line (in memory, shared by both processes) and the time: the dispatcher, the ledger,
readings, gauge and throttle of each process, and the emulated service's windows as the truth.
"""

from __future__ import annotations

import asyncio
import json
import random
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from tests.clock import TurnedClock, settle
from zai_ls.assistant.gauge import Gauge
from zai_ls.catalogue import Catalogue
from zai_ls.cli.wiring import cost_in
from zai_ls.config import load
from zai_ls.dispatch import Dispatcher, Exchange
from zai_ls.domain import Account, Lane, Secret, Usage
from zai_ls.emulator.config import DEFAULT_KEY, EmulatorConfig
from zai_ls.emulator.refusals import Refusal
from zai_ls.emulator.service import Service
from zai_ls.errors import ZaiError
from zai_ls.glm.client import Answer
from zai_ls.glm.monitor import Monitor
from zai_ls.glm.openai_server import OpenAIServer
from zai_ls.state.db import Database
from zai_ls.state.folder import prepare
from zai_ls.state.ledger import Ledger
from zai_ls.state.notices import Notices
from zai_ls.state.pacing import Pacing
from zai_ls.state.readings import Readings
from zai_ls.state.slot_memory import Lines, MemorySlot

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CATALOGUE = Catalogue.load()
MONDAY = datetime(2026, 10, 5, 4, 0, tzinfo=UTC).timestamp()
"""Noon in Beijing, where the person works."""
HOUR, DAY = 3600.0, 86_400.0
TYPING, ACTION = "glm-4.5-air", "glm-4.7"


@dataclass
class Found:
    """What must be empty in the end, and what must not."""

    refused_actions: list[str] = field(default_factory=list)
    """Actions that were refused although every window had room for them."""
    into_reserve: list[str] = field(default_factory=list)
    """Typing that was sent in a window's reserve."""
    wrong_estimates: list[str] = field(default_factory=list)
    """Estimates more than 5 % of a window's limit off, with nobody else at work since the last reading."""
    wrong_after_reading: list[str] = field(default_factory=list)
    """Windows that a reading did not put right."""
    too_early: list[str] = field(default_factory=list)
    """Requests that were sent before the time that a refusal named."""
    worst: float = 0.0
    sent: dict[str, int] = field(default_factory=lambda: {"typing": 0, "action": 0})
    held_back: dict[str, int] = field(default_factory=lambda: {"typing": 0, "action": 0})
    refusals: int = 0
    questions: int = 0


class _Body:
    """A reply in one piece."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.headers, self.raw_headers, self._body = status, {}, (), body

    async def chunks(self) -> AsyncIterator[bytes]:
        yield self._body


class _Observer:
    """Reads what a reply cost."""

    def __init__(self) -> None:
        self.usage: Usage | None = None
        self.received_tokens = 0
        self.served_model = ""

    def feed(self, chunk: bytes) -> None:
        self.usage = Usage(**json.loads(chunk))

    def close(self) -> None:
        pass


class Desk:
    """The account, its service, and the processes that use it."""

    def __init__(self, folder: Path, *, unit: str, plan: str, seed: int) -> None:
        self.clock = TurnedClock(MONDAY)
        self.chance = random.Random(seed)
        self.account = Account(
            "acme", "http://127.0.0.1:1/api/coding/paas/v4", "openai", Secret(DEFAULT_KEY), plan
        )
        self.service = Service(EmulatorConfig(plan=plan, unit=unit), self.clock)
        self.found = Found()
        self.last_other = 0.0
        self.not_before = 0.0
        """No request may be sent before, says the service."""
        self.faults: list[str] = []
        self._lines = Lines()
        self._databases: list[Database] = []
        environ = {"ZAI_CONFIG": str(folder / "none.toml"), "ZAI_API_KEY": "a.b"}
        self.config = load(environ=environ, find_key=False)
        self.processes = [self._process(folder) for _ in range(2)]

    def _process(self, folder: Path) -> tuple[Dispatcher, Gauge, MemorySlot]:
        database = Database(prepare(folder / "state"))
        self._databases.append(database)
        slot = MemorySlot(self.clock, gap_s=0.1, lines=self._lines)
        ledger = Ledger(database, self.clock)
        gauge = Gauge(
            lambda: self.config,
            catalogue=CATALOGUE,
            clock=self.clock,
            ledger=ledger,
            slot=slot,
            readings=Readings(database, self.clock),
            notices=Notices(database, self.clock),
            monitor=Monitor(self, self.clock),
        )
        dispatcher = Dispatcher(
            slot=slot,
            ledger=ledger,
            client=self,
            clock=self.clock,
            cost_of=cost_in(CATALOGUE),
            quota_of=gauge.quota,
            pacing=Pacing(database, self.clock),
            on_refused=gauge.refused,
            random01=self.chance.random,
        )
        return dispatcher, gauge, slot

    def close(self) -> None:
        for database in self._databases:
            database.close()

    # -- the wire --------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def stream(self, _account: Any, _method: str, _path: str, _headers: Any, body: bytes) -> Any:
        now, asked = self.clock.now(), json.loads(body)
        if now < self.not_before:
            self.found.too_early.append(f"{asked['lane']} at {now}, not before {self.not_before}")
        refused = self._refusal()
        if refused is not None:
            self.found.refusals += 1
            if refused.resets_at is not None:
                self.not_before = refused.resets_at
            yield _Body(refused.status, refused.body(OpenAIServer(), "en", now))
            return
        if asked["lane"] == "typing":
            self._look_at_reserve()
        usage = Usage(asked["prompt"], 0, asked["reply"])
        self.service.charge(DEFAULT_KEY, asked["model"], usage)
        self.found.sent[asked["lane"]] += 1
        yield _Body(200, json.dumps({"prompt_tokens": usage.prompt_tokens, "cached_tokens": 0, "completion_tokens": usage.completion_tokens}).encode())  # fmt: skip

    def _refusal(self) -> Refusal | None:
        if self.faults:
            return Refusal(self.faults.pop(0))
        spent = self.service.windows(DEFAULT_KEY).exhausted(self.service.now())
        return None if spent is None else Refusal(spent[0], resets_at=spent[1])

    async def get(self, *_: Any, **__: Any) -> Answer:
        self.found.questions += 1
        return Answer(
            200, {}, json.dumps(self.service.windows(DEFAULT_KEY).payload(self.service.now())).encode()
        )

    # -- the truth -------------------------------------------------------------------------------------------

    def truth(self) -> dict[str, float]:
        """Per cent used of each window, as the service has it."""
        return {
            w.name: min(100.0, 100 * w.used / w.limit)
            for w in self.service.windows(DEFAULT_KEY).at(self.service.now())
        }

    def _look_at_reserve(self) -> None:
        """Others may have taken what nobody could know of: their part since the last reading is allowed for."""
        since = self.processes[0][1].readings("acme")
        if since and self.last_other < since[-1].at:
            for name, used in self.truth().items():
                if used > 90 + 5:
                    self.found.into_reserve.append(f"{name} at {used:.1f} %")

    def look(self, *, after_reading: bool = False) -> None:
        """Compare what each process believes with the truth."""
        truth = self.truth()
        for _, gauge, _ in self.processes:
            readings = gauge.readings("acme")
            if not readings or (self.last_other >= readings[-1].at and not after_reading):
                continue
            for window in gauge.windows(self.account):
                if window.name not in truth or window.used_percent is None:
                    continue
                off = abs(window.used_percent - truth[window.name])
                self.found.worst = max(self.found.worst, off)
                if after_reading and off > 1.0:
                    self.found.wrong_after_reading.append(f"{window.name}: {window.used_percent:.1f}, truly {truth[window.name]:.1f}")  # fmt: skip
                elif off > 5.0:
                    self.found.wrong_estimates.append(f"{window.name}: {window.used_percent:.1f}, truly {truth[window.name]:.1f}")  # fmt: skip

    # -- people ----------------------------------------------------------------------------------------------

    async def wish(self, lane: Lane, model: str, prompt: int, reply: int) -> None:
        """One request by one of the processes, as large as it says."""
        dispatcher = self.chance.choice(self.processes)[0]
        name = "typing" if lane is Lane.TYPING else "action"
        asked = {"lane": name, "model": model, "prompt": prompt, "reply": reply}
        exchange = Exchange(
            self.account, lane, model, "/chat/completions", (), json.dumps(asked).encode(),
            Usage(prompt, 0, reply, estimated=True), observe=_Observer, deadline_s=3.0 if lane is Lane.TYPING else None,
        )  # fmt: skip
        truth = self.service.windows(DEFAULT_KEY).at(self.service.now())
        cost = 1.0 if self.service.config.unit == "prompts" else CATALOGUE.credits(model, Usage(prompt, 0, reply), self.clock.now())  # fmt: skip
        has_room = all(w.limit - w.used > cost for w in truth)
        task = asyncio.ensure_future(self._send(dispatcher, exchange))
        await settle()
        while not task.done():
            await self.clock.turn(0.5)
        error = task.result()
        if error is not None:
            self.found.held_back[name] += 1
            if lane is Lane.ACTION and has_room:
                self.found.refused_actions.append(f"{error} with {self.truth()}")

    @staticmethod
    async def _send(dispatcher: Dispatcher, exchange: Exchange) -> str | None:
        try:
            async with dispatcher.send(exchange) as streaming:
                async for _ in streaming.chunks():
                    pass
        except ZaiError as error:
            return error.user_text
        return None

    def other_tool(self, percent: float) -> None:
        """Another tool takes *percent* of the 5 hours."""
        windows = self.service.windows(DEFAULT_KEY)
        five_hours = windows.at(self.service.now())[0]
        windows.spend(five_hours.limit * percent / 100, self.service.now())
        self.last_other = self.clock.now()

    async def two_minutes(self) -> None:
        """Two minutes pass, and whose turn it is asks for the quota."""
        await self.clock.turn(119)
        before = self.found.questions
        for _, gauge, _ in self.processes:
            await gauge._ask_if_due(self.account)
        await self.clock.turn(1)  # by then every process has seen what one was told
        if self.found.questions > before:
            self.look(after_reading=True)


async def fortnight(folder: Path, *, unit: str, plan: str = "lite", seed: int = 1, days: int = 14) -> Found:
    """Two weeks of work, four hours a day of which two are peak, weekends too; now and then a window runs out."""
    desk = Desk(folder, unit=unit, plan=plan, seed=seed)
    chance = desk.chance
    try:
        for day in range(days):
            morning = MONDAY + day * DAY
            if desk.clock.now() < morning:
                await desk.clock.turn(morning - desk.clock.now())
            while desk.clock.now() < morning + 4 * HOUR:
                await desk.two_minutes()
                if chance.random() < 0.012:
                    desk.faults.append(chance.choice(["1302", "1302", "1305"]))
                if chance.random() < 0.03:
                    desk.other_tool(chance.uniform(8, 50))
                if chance.random() < 0.6:
                    await desk.wish(
                        Lane.TYPING, TYPING, chance.randrange(800, 2_500), chance.randrange(10, 120)
                    )
                if chance.random() < 0.2:
                    await desk.wish(
                        Lane.ACTION, ACTION, chance.randrange(9_000, 60_000), chance.randrange(500, 6_000)
                    )
                if chance.random() < 0.2:
                    desk.look()
    finally:
        desk.close()
    return desk.found
