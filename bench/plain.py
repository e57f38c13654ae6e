"""The measure of all ratios: plain httpx on one kept-alive connection, sending what zai-ls would send, one after the other."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from bench.stage import KEY, SELECTION, environment, source

if TYPE_CHECKING:
    from pathlib import Path

    from zai_ls.cli.demo.emulated import Emulated
    from zai_ls.glm.dialect import WireRequest


@dataclass
class Plain:
    """Seconds."""

    to_wire: list[float] = field(default_factory=list)
    """From the call to the request's arrival at the emulator, without connecting."""
    first_token: list[float] = field(default_factory=list)
    handovers: list[float] = field(default_factory=list)
    """From one request's end at the emulator to the arrival of the next."""
    service_s: float = 0.0
    """From the first request's arrival to the last one's end, for each request."""


async def measure(emulator: Emulated, folder: Path, rounds: int = 30) -> Plain:
    """*rounds* requests, and two before them to warm up."""
    import httpx

    wire = request(emulator.base_url("/api/paas/v4"), folder)
    plain = Plain()
    began_at: list[float] = []
    url = emulator.base_url("/api/paas/v4") + wire.path
    headers = {**dict(wire.headers), "Authorization": f"Bearer {KEY}", "Accept-Encoding": "identity"}
    before = len((await emulator.record())["served"])
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        for _ in range(rounds + 2):
            began = time.time()
            first = 0.0
            async with client.stream("POST", url, content=wire.body, headers=headers) as response:
                async for chunk in response.aiter_raw():
                    if not first and (b'"content":"' in chunk or b"reasoning_content" in chunk):
                        first = time.time() - began
            began_at.append(began)
            plain.first_token.append(first)
    served = (await emulator.record())["served"][before:]
    plain.to_wire = [one["started_at"] - began for one, began in zip(served, began_at, strict=True)][2:]
    plain.first_token = plain.first_token[2:]
    plain.handovers = [b["started_at"] - a["ended_at"] for a, b in pairwise(served[2:])]
    plain.service_s = (served[-1]["ended_at"] - served[2]["started_at"]) / rounds
    return plain


def request(base_url: str, folder: Path) -> WireRequest:
    """The request that zai-ls makes of the benchmark's selection."""
    from zai_ls.cli.files import FileEditor
    from zai_ls.cli.wiring import build
    from zai_ls.config import load
    from zai_ls.domain import Ask, Declined

    path = folder / "plain.py"
    path.write_text(source(500), encoding="utf-8")
    app = build(load(environ=environment(base_url, folder / "plain")), editor_name="bench")
    editor = FileEditor(max_bytes=1_000_000, write=False)
    text = editor.open(path)
    made = app.assistant.preview(Ask("simplify", text.uri, SELECTION), editor)
    assert not isinstance(made, Declined)
    return made.request
