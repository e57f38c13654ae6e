"""The stage: an emulator in virtual time whose model knows the files, and the whole road of one process to it."""

from __future__ import annotations

import json
import os
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.replay.virtual import LoopClock
from zai_ls.assistant.replying import ReplyObserver
from zai_ls.cli.wiring import build
from zai_ls.config import load
from zai_ls.core.redaction import Restorer
from zai_ls.dispatch import Exchange
from zai_ls.domain import Lane, TextDelta, Usage
from zai_ls.emulator.config import DEFAULT_KEY, EmulatorConfig
from zai_ls.emulator.script import Answer, Rule, Script
from zai_ls.emulator.server import Emulator
from zai_ls.glm.dialect import dialect_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from bench.replay.model import Model
    from zai_ls.cli.wiring import App
    from zai_ls.domain import Prompt

FIRST_TOKEN_S, SERVICE_S = 0.45, 0.9
COMPLETION_MODEL = "glm-4.5-air"
_BOUNDLESS = {"5h": 1e9, "week": 1e9}
_BEFORE = re.compile(r"<before>\n(?!.*<before>)(.*?)</before>", re.DOTALL)


class Guessing(Script):
    """Answers each request with what the model writes after the text before the cursor."""

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model

    def take(self, model: str, body: str, nth: int) -> Rule | None:
        messages = json.loads(body).get("messages") or [{}]
        found = _BEFORE.search(str(messages[-1].get("content")))
        if found is None:
            raise AssertionError("a request without the text before the cursor")
        return Rule(answer=Answer(self._model.continues(found[1])))


@dataclass
class Stage:
    """One process's road, and the service at its end."""

    app: App
    emulator: Emulator
    clock: LoopClock

    async def ask(self, prompt: Prompt, on_text: Callable[[str], object] = lambda _: None) -> str:
        """What the model says, over the slot, the dispatcher and HTTP; *on_text* gets each piece of it."""
        kit, account = self.app.kit, self.app.kit.account()
        dialect = dialect_for(account, kit.catalogue)
        wire = dialect.encode(prompt, kit.catalogue.model(COMPLETION_MODEL))
        said: list[str] = []

        def hear(event: object) -> None:
            if isinstance(event, TextDelta):
                said.append(event.text)
                on_text(event.text)

        exchange = Exchange(
            account=account,
            lane=Lane.TYPING,
            model=COMPLETION_MODEL,
            path=wire.path,
            headers=wire.headers,
            body=wire.body,
            expected=Usage(prompt_tokens=len(prompt.user) // 4, completion_tokens=40, estimated=True),
            observe=lambda: ReplyObserver(dialect.decoder(), Restorer(prompt.stand_ins), hear),
            action="complete",
        )
        async with self.app.dispatcher.send(exchange) as streaming:
            async for _ in streaming.chunks():
                pass
        return "".join(said)

    @property
    def credits(self) -> float:
        """Spent so far, by the service's own count."""
        return next(w.used for w in self.emulator.windows.at(self.clock.now()) if w.name == "week")


@asynccontextmanager
async def stage(folder: Path, model: Model) -> AsyncIterator[Stage]:
    """A stage with a state folder of its own."""
    clock = LoopClock()
    config = EmulatorConfig(plan="pro", first_token_s=FIRST_TOKEN_S, service_s=SERVICE_S, limits=_BOUNDLESS)
    async with Emulator(config, clock=clock) as emulator:
        emulator.service.script = Guessing(model)
        app = build(configured(emulator.base_url, folder), editor_name="replay", clock=clock)
        try:
            await app.client.warm(app.kit.account())
            yield Stage(app, emulator, clock)
        finally:
            await app.aclose()
            while emulator.record.in_flight():  # it hears of a client that hung up a moment later
                await clock.sleep(0.01)


def configured(base_url: str, folder: Path) -> Any:
    """A person with a plan and nothing else set."""
    environ = {
        "ZAI_API_KEY": DEFAULT_KEY,
        "ZAI_BASE_URL": base_url,
        "ZAI_PLAN": "pro",
        "ZAI_STATE_DIR": str(folder),
        "ZAI_CONFIG": os.devnull,
    }
    config = load(environ=environ, find_key=False)
    if config.problems:
        raise AssertionError(config.problems)
    return config
