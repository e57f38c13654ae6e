"""What zai-ls adds between a person's choice and the wire, and until the first token, against plain httpx."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench import plain
from bench.stage import SELECTION, editors, percentile, source

if TYPE_CHECKING:
    from pathlib import Path

    from zai_ls.cli.demo.emulated import Emulated

ROUNDS = 30


@dataclass
class Added:
    """Seconds."""

    p50: float
    p99: float
    plain_p50: float
    """What plain httpx itself needs."""
    plain_p99: float
    """Its own p99 over its p50: how far this machine's noise reaches."""
    first_token_ratio: float


async def measure(emulator: Emulated, folder: Path, rounds: int = ROUNDS) -> Added:
    """From the request that picks an action to the request's arrival at the emulator, less the same for plain httpx."""
    bare = await plain.measure(emulator, folder, rounds)
    ours = await _ours(emulator, folder, rounds)
    base = percentile(bare.to_wire, 50)
    added = [to_wire - base for to_wire, _ in ours]
    return Added(
        p50=percentile(added, 50),
        p99=percentile(added, 99),
        plain_p50=base,
        plain_p99=percentile(bare.to_wire, 99) - base,
        first_token_ratio=percentile([first for _, first in ours], 50) / percentile(bare.first_token, 50),
    )


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
        for n in range(rounds + 3):
            # As a person does it: the text rests, the menu opens, an action is picked.
            await asyncio.sleep(0.3)
            menu = await window.code_actions(uri, SELECTION)
            chosen = next(a for a in menu if a["command"]["arguments"][0]["action"] == "simplify")
            await asyncio.sleep(0.1)
            first_at.clear()
            done = len(ended)
            began = time.time()
            await window.choose(chosen)
            await window.until(lambda done=done: len(ended) > done)
            arrived = (await emulator.record())["served"][-1]["started_at"]
            if n >= 3:  # warmed up
                times.append((arrived - began, (first_at[0] if first_at else time.time()) - began))
            if window.documents[uri].undo:
                window.undo(uri)
    return times
