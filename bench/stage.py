"""The stage that every measurement uses: an emulator in its own process, server processes, and a source file of known size."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from zai_ls.cli.demo.editor import ScriptedEditor
from zai_ls.cli.demo.emulated import Emulated, emulated
from zai_ls.domain import Point, Range

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

FIRST_TOKEN_S = 0.2
SERVICE_S = 0.3
KEY = "0123456789abcdef0123456789abcdef.benchmarkbenchma"
SELECTION = Range(Point(200, 0), Point(260, 0))


@asynccontextmanager
async def emulator(
    *arguments: str, first_token_s: float = FIRST_TOKEN_S, service_s: float = SERVICE_S
) -> AsyncIterator[Emulated]:
    """An emulator of the bench's own pace, in its own process."""
    pace = ("--first-token-ms", f"{first_token_s * 1000:.0f}", "--service-ms", f"{service_s * 1000:.0f}")
    async with emulated("--key", KEY, *pace, *arguments) as running:
        yield running


def environment(base_url: str, state_dir: Path) -> dict[str, str]:
    """What a server process is started with: this account, a state folder of its own, nothing of the person's.

    Modules are compiled once and kept, as an installed package's are, whatever the shell says.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ZAI_", "ZHIPU", "OPENAI_", "ANTHROPIC_", "PYTHONDONTWRITE"))
    }
    return {
        **kept,
        "ZAI_API_KEY": KEY,
        "ZAI_BASE_URL": base_url,
        "ZAI_STATE_DIR": str(state_dir),
        "ZAI_CONFIG": os.devnull,
        "NO_PROXY": "*",
    }


@asynccontextmanager
async def editors(
    count: int, base_url: str, state_dir: Path, **options: object
) -> AsyncIterator[list[ScriptedEditor]]:
    """*count* editor windows, each with its own server process."""
    windows = [ScriptedEditor(name=f"bench-{n}", **options) for n in range(count)]  # type: ignore[arg-type] # passed through
    try:
        await asyncio.gather(*(w.start(env=environment(base_url, state_dir)) for w in windows))
        yield windows
    finally:
        for window in windows:
            try:
                await window.stop()
            except Exception:  # noqa: BLE001 - a server that was killed cannot say goodbye
                window.kill()


def source(lines: int) -> str:
    """A Python module of *lines* lines: small functions with branches, one after the other."""
    out: list[str] = ['"""Generated for the benchmark."""\n', "\n"]
    n = 0
    while len(out) < lines:
        out += [
            f"def step_{n}(items, limit={n}):\n",
            "    total = 0\n",
            "    for item in items:\n",
            "        if item > limit:\n",
            "            total += item * 2\n",
            "        else:\n",
            "            total -= 1\n",
            "    return total\n",
            "\n",
            "\n",
        ]
        n += 1
    return "".join(out[:lines])


def percentile(values: list[float], percent: float) -> float:
    """The value below which *percent* of *values* lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]
