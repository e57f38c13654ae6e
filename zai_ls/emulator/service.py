"""What the service knows and decides: keys, places, windows, the script. No bytes here but those of a body to look into."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from zai_ls.catalogue import Catalogue
from zai_ls.emulator import tokens
from zai_ls.emulator.record import Record
from zai_ls.emulator.refusals import Refusal
from zai_ls.emulator.script import Script
from zai_ls.emulator.windows import Windows

if TYPE_CHECKING:
    from zai_ls.clock import Clock
    from zai_ls.domain import PlanName, Usage
    from zai_ls.emulator.config import EmulatorConfig
    from zai_ls.emulator.record import Ended, Served
    from zai_ls.emulator.script import Fault
    from zai_ls.glm.chat_request import ChatRequest


class Service:
    """One emulated service."""

    def __init__(self, config: EmulatorConfig, clock: Clock, catalogue: Catalogue | None = None) -> None:
        self.config = config
        self.clock = clock
        self.catalogue = catalogue or Catalogue.load()
        self.record = Record(clock.now, config.slots, enforce=config.enforce_slots)
        self.script = Script()
        self.quota_fault: Fault | None = None
        """How the quota and the balance endpoint fail, if they shall."""
        self.balance = config.balance
        """Of each pay-as-you-go key; None: not told."""
        self.turned_s = 0.0
        """How far the service's own clock was turned; windows and ids follow it, the record does not."""
        self._asked = 0
        self._seen_systems: set[str] = set()
        self._lingering: set[asyncio.Task[None]] = set()
        self._windows = {
            key: Windows(self.catalogue.plan(plan), config.unit, config.limits, self.now())
            for key, plan in config.keys.items()
        }

    def now(self) -> float:
        """The service's own time, epoch seconds."""
        return self.clock.now() + self.turned_s

    def windows(self, key: str | None = None) -> Windows:
        """Of *key*; of the main one without."""
        return self._windows[self.config.key if key is None else key]

    def plan(self, key: str) -> PlanName:
        """Of a known *key*."""
        return self.config.keys[key]

    # -- a request's life ------------------------------------------------------------------------------------

    def knock(self, route: str, key: str) -> Refusal | None:
        """May *key* use *route* at all? A key is good for one product only."""
        if not key:
            return Refusal("1001")
        if key not in self.config.keys:
            return Refusal("1000")
        if route == "paas" and self.plan(key) != "payg":
            return Refusal("1113")
        if route != "paas" and self.plan(key) == "payg":
            return Refusal("1309")
        return None

    def next_nth(self) -> int:
        """The number of this request among those that got a place."""
        self._asked += 1
        return self._asked

    def judge(self, key: str, request: ChatRequest) -> Refusal | None:
        """Does the service take *request*, and is there quota for it?"""
        plan = self.plan(key)
        entry = self.catalogue.model(request.model)
        if entry.unknown:
            return Refusal("1211")
        if plan not in entry.plans:
            return Refusal("1113") if plan == "payg" else Refusal("1311", model=request.model)
        rule = entry.thinking
        if plan == "payg" and not rule.can_disable and request.thinking is False:
            return Refusal(
                "1210",
                exactly="This model always engages in thinking and cannot be disabled; please use low, high, or max",
            )
        if not rule.can_disable and request.effort and request.effort not in rule.efforts:
            return Refusal("1210", detail="reasoning_effort")
        bound = request.max_tokens
        if bound is not None and not 1 <= bound <= entry.max_output:
            return Refusal("1210", detail=f"max_tokens [1,{entry.max_output}]")
        if tokens.count(request.text) > entry.context:
            return Refusal("1261")
        spent = self.windows(key).exhausted(self.now())
        return Refusal(spent[0], resets_at=spent[1]) if spent else None

    def cached_tokens(self, request: ChatRequest) -> int:
        """The service keeps prompts' beginnings: a system text it has seen before is cached."""
        if not request.system:
            return 0
        if request.system in self._seen_systems:
            return tokens.count(request.system)
        self._seen_systems.add(request.system)
        return 0

    def charge(self, key: str, model: str, usage: Usage) -> None:
        """Take what a request cost from the windows of *key*."""
        amount = (
            self.catalogue.credits(model, usage, self.now())
            if self.config.unit == "credits"
            else 1 / self.config.calls_per_prompt
        )
        self.windows(key).spend(amount, self.now())

    def end(self, served: Served, key: str, ended: Ended) -> None:
        """The request is over. After a hang-up its place is free `hangup_s` later."""
        if not self.record.end(served, key, ended) or ended != "hangup":
            return
        if self.config.hangup_s <= 0:
            self.record.free(served, key)
            return
        task = asyncio.get_running_loop().create_task(self._free_later(served, key))
        self._lingering.add(task)
        task.add_done_callback(self._lingering.discard)

    async def _free_later(self, served: Served, key: str) -> None:
        await self.clock.sleep(self.config.hangup_s)
        self.record.free(served, key)

    async def close(self) -> None:
        """Forget what lingers."""
        lingering = list(self._lingering)
        for task in lingering:
            task.cancel()
        await asyncio.gather(*lingering, return_exceptions=True)

    def takes(self, authorization: str) -> bool:
        """Do the console's routes take a key in this form?"""
        is_bearer = authorization.strip().lower().startswith("bearer ")
        return self.config.console_keys in ("both", "bearer" if is_bearer else "raw")

    # -- what others may ask ---------------------------------------------------------------------------------

    def models_json(self, key: str) -> dict[str, Any]:
        """The models list. As in life, it does not name the free models although they answer."""
        return {
            "object": "list",
            "data": [
                {"id": name, "object": "model", "created": 1_780_000_000, "owned_by": "z-ai"}
                for name in self.catalogue.models_of(self.plan(key))
                if self.catalogue.model(name).role != "free"
            ],
        }
