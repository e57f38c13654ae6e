"""What zai-ls adds between a person's choice and the wire, and until the first token, against plain httpx."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.stage import KEY, SELECTION, editors, percentile, source

if TYPE_CHECKING:
    from pathlib import Path

    from zai_ls.cli.demo.emulated import Emulated

ROUNDS = 30


@dataclass
class Added:
    """Seconds."""

    p50: float
    p99: float
    first_token_ratio: float


async def measure(emulator: Emulated, folder: Path, rounds: int = ROUNDS) -> Added:
    """From the request that picks an action to the request's arrival at the emulator, less the same for plain httpx."""
    plain = await _plain(emulator, rounds)
    ours = await _ours(emulator, folder, rounds)
    base = percentile([to_wire for to_wire, _ in plain], 50)
    added = [to_wire - base for to_wire, _ in ours]
    ratio = percentile([first for _, first in ours], 50) / percentile([first for _, first in plain], 50)
    return Added(percentile(added, 50), percentile(added, 99), ratio)


async def _plain(emulator: Emulated, rounds: int) -> list[tuple[float, float]]:
    import httpx

    times: list[tuple[float, float]] = []
    body = {
        "model": "glm-4.7",
        "stream": True,
        "max_tokens": 256,
        "messages": [
            {
                "role": "user",
                "content": "```python\n" + "".join(source(500).splitlines(keepends=True)[200:260]) + "```",
            }
        ],
    }
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        for _ in range(rounds):
            began = time.time()
            first = 0.0
            async with client.stream(
                "POST",
                emulator.base_url("/api/paas/v4") + "/chat/completions",
                json=body,
                headers={"Authorization": f"Bearer {KEY}"},
            ) as response:
                async for chunk in response.aiter_raw():
                    if not first and (b'"content":"' in chunk or b"reasoning_content" in chunk):
                        first = time.time() - began
            arrived = (await emulator.record())["served"][-1]["started_at"]
            times.append((arrived - began, first))
    return times


async def _ours(emulator: Emulated, folder: Path, rounds: int) -> list[tuple[float, float]]:
    times: list[tuple[float, float]] = []
    first_at: list[float] = []
    ended: list[float] = []

    def heard(method: str, params: dict) -> None:
        if method != "$/progress":
            return
        message = params["value"].get("message") or ""
        if ("thinking" in message or "writing" in message) and not first_at:
            first_at.append(time.time())
        if params["value"]["kind"] == "end":
            ended.append(time.time())

    async with editors(1, emulator.base_url("/api/paas/v4"), folder / "added", on_event=heard) as (window,):
        uri = (folder / "added.py").as_uri()
        window.open(uri, "python", source(500))
        menu = await window.code_actions(uri, SELECTION)
        chosen = next(a for a in menu if a["command"]["arguments"][0]["action"] == "simplify")
        for n in range(rounds + 3):
            first_at.clear()
            done = len(ended)
            began = time.time()
            await window.choose(chosen)
            await window.until(lambda done=done: len(ended) > done)
            arrived = (await emulator.record())["served"][-1]["started_at"]
            if n >= 3:  # warmed up
                times.append((arrived - began, (first_at[0] if first_at else time.time()) - began))
            window.undo(uri) if window.documents[uri].undo else None
            await asyncio.sleep(0.02)
    return times


def record_line(added: Added) -> str:
    """For machines."""
    return json.dumps(added.__dict__)
