"""The emulator as a whole: its two ports on loopback, its life, and the handles of a test."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from zai_ls.clock import SystemClock
from zai_ls.emulator.config import EmulatorConfig
from zai_ls.emulator.script import Answer, Fault, Rule
from zai_ls.emulator.service import Service

if TYPE_CHECKING:
    from zai_ls.catalogue import Catalogue
    from zai_ls.clock import Clock
    from zai_ls.domain import FinishReason, Usage
    from zai_ls.emulator.raw import RawPort
    from zai_ls.emulator.record import Record
    from zai_ls.emulator.windows import Windows

HOST = "127.0.0.1"
_KEEP_ALIVE_S = 75


class Emulator:
    """A local GLM: `async with Emulator() as emulator:` and ask `emulator.url`."""

    def __init__(
        self,
        config: EmulatorConfig | None = None,
        *,
        clock: Clock | None = None,
        catalogue: Catalogue | None = None,
        port: int = 0,
    ) -> None:
        self.config = config or EmulatorConfig()
        self.service = Service(self.config, clock or SystemClock(), catalogue)
        self.url = ""
        """`http://127.0.0.1:PORT`, once it runs."""
        self.raw_url = ""
        """The same for the port that can play faults below HTTP."""
        self.port = port
        self.raw_port = 0
        self._server: asyncio.Server | None = None
        self._raw: RawPort | None = None
        self._state: Any = None

    # -- life ------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Listen on both ports."""
        # Not `uvicorn.Server`: it takes over the signals, wakes ten times a second and needs 100 ms to go.
        import uvicorn
        from uvicorn.protocols.http.h11_impl import H11Protocol
        from uvicorn.server import ServerState

        from zai_ls.emulator.app import build_app
        from zai_ls.emulator.raw import RawPort

        app = build_app(self.service)
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            lifespan="off",
            loop="none",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            date_header=False,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE_S,
        )
        config.load()
        state = self._state = ServerState()
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: H11Protocol(config=config, server_state=state, app_state={}), HOST, self.port
        )
        self.port = self._server.sockets[0].getsockname()[1]
        self._raw = RawPort(app)
        self.raw_port = await self._raw.open(HOST)
        self.url, self.raw_url = f"http://{HOST}:{self.port}", f"http://{HOST}:{self.raw_port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop listening and drop every connection."""
        assert self._server is not None
        assert self._raw is not None
        self._server.close()
        await self._raw.close()
        tasks = list(self._state.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for connection in list(self._state.connections):
            connection.transport.abort()
        await self.service.close()
        await asyncio.sleep(0)  # the loop tells the aborted connections

    # -- for tests, the demo and the benchmark -------------------------------------------------------------------

    @property
    def key(self) -> str:
        """The key that it takes."""
        return self.config.key

    @property
    def base_url(self) -> str:
        """The OpenAI-style base for that key's plan."""
        return f"{self.url}{self._base}"

    @property
    def raw_base_url(self) -> str:
        """The same on the raw port."""
        return f"{self.raw_url}{self._base}"

    @property
    def anthropic_url(self) -> str:
        """The Anthropic-style base; it takes keys of plans only."""
        return f"{self.url}/api/anthropic"

    @property
    def _base(self) -> str:
        return "/api/paas/v4" if self.config.plan == "payg" else "/api/coding/paas/v4"

    @property
    def record(self) -> Record:
        """What was served."""
        return self.service.record

    @property
    def windows(self) -> Windows:
        """The quota windows of the main key."""
        return self.service.windows()

    def fail(
        self,
        fault: str,
        *,
        model: str = "",
        body: str = "",
        nth: int | None = None,
        times: int | None = 1,
    ) -> None:
        """Play *fault* (`NAME[=ARG]`) for the next matching requests. Raises `BadScript`."""
        self.service.script.rules.append(
            Rule(Fault.read(fault), None, model=model, body=body, nth=nth, times=times)
        )

    def reply(
        self,
        text: str,
        *,
        thinking: str = "",
        finish: FinishReason | None = None,
        usage: Usage | None = None,
        answers_as: str = "",
        fault: str = "",
        model: str = "",
        body: str = "",
        nth: int | None = None,
        times: int | None = 1,
    ) -> None:
        """Say *text* to the next matching requests, word for word; with a *fault* on top, if one is named."""
        answer = Answer(text, thinking, usage=usage, model=answers_as)
        if finish is not None:
            answer = Answer(text, thinking, finish, usage, answers_as)
        played = Fault.read(fault) if fault else None
        self.service.script.rules.append(Rule(played, answer, model=model, body=body, nth=nth, times=times))

    def fail_quota(self, fault: str | None) -> None:
        """Let the quota and the balance endpoint fail like this until told otherwise; None: no more."""
        self.service.quota_fault = Fault.read(fault) if fault else None

    def turn(self, seconds: float) -> None:
        """Turn the service's clock: windows refill; requests in flight do not notice."""
        self.service.turned_s += seconds
