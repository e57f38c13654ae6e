"""A key is nowhere but in the request's header: whole sessions with a marked key, and every byte they left looked through."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote

from tests.e2e.clients import INSIDE_TOTAL, SOURCE, Watching, a_desk
from tests.integration.test_client import Peer, serving

KEY = "0badc0de5ec2e75afe0123456789abcd.KeyThatLeaks1/+4"
"""Of the service's form, with letters that are written otherwise in a URL."""
OTHER = "sk-another-tools-marked-key-77aa"
BEGIN_OF_OTHER = "sk-another-t"


def forms(key: str) -> dict[str, bytes]:
    """How a key may be found: as it is, in part, backwards, encoded."""
    encoded = {
        f"base64 at {n}": base64.b64encode(b"\0" * n + key.encode())[(0, 2, 3)[n] : -4] for n in range(3)
    }
    return {
        "as it is": key.encode(),
        "its beginning": key[:12].encode(),
        "its end": key[-12:].encode(),
        "reversed": key[::-1].encode(),
        "in a URL": quote(key, safe="").encode(),
        "its end in a URL": quote(key[-12:], safe="").encode(),
        **encoded,
    }


def leaks(where: dict[str, bytes], *keys: str) -> list[str]:
    return [
        f"{form} in {place}"
        for place, data in where.items()
        for key in keys
        for form, wanted in forms(key).items()
        if wanted in data
    ]


class Recording(Watching):
    """An editor that keeps every message of its server."""

    def __init__(self, **options):
        super().__init__(**options)
        self.heard = []

    def _take(self, message):
        self.heard.append(json.dumps(message, ensure_ascii=False))
        super()._take(message)


class Sweep:
    """All that sessions left behind."""

    def __init__(self, desk):
        self.desk = desk
        self.found: dict[str, bytes] = {}
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self):
        self._watching = asyncio.create_task(self._watch())
        return self

    async def __aexit__(self, *_):
        self._watching.cancel()
        for window in self.desk.windows:
            self.found[f"messages of window {id(window)}"] = "\n".join(window.heard).encode()
            self.found[f"stderr of window {id(window)}"] = bytes(window.stderr)
        for path in self.desk.folder.rglob("*"):
            if path.is_file() and path.name not in {"key.sh", "config.toml"}:
                self.found[str(path)] = path.read_bytes()

    async def _watch(self):
        """The command lines of our processes and of theirs, while they run."""
        lines = set()
        while True:
            running = _children(os.getpid())
            for pid in (*running, *(child for parent in running for child in _children(parent))):
                with suppress(OSError):
                    lines.add(Path(f"/proc/{pid}/cmdline").read_bytes())
            self.found["command lines"] = b"\n".join(lines)
            await asyncio.sleep(0.05)

    async def verb(self, *arguments, **env):
        """Run `zai-ls`; what it says is looked through too. Its output and exit code."""
        process = await self.desk.start(*arguments, **env)
        out, err = await process.communicate()
        self.found[f"zai-ls {' '.join(arguments)} ({len(self.found)})"] = out + err
        return out + err, process.returncode


def _children(pid):
    found = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += path.read_text().split()
    return found


async def session(desk, faults=()):
    """One editor: an action, a completion, every command; then one action for each of *faults*."""
    window = await desk.window(Recording, options={"status": True})
    uri = desk.file("prices.py", SOURCE)
    window.open(uri, "python", SOURCE)
    await window.status("ready")
    for count, fault in enumerate((None, *faults), 1):
        if fault:
            desk.emulator.fail(fault)
        await window.pick(uri, INSIDE_TOTAL, "Simplify")
        await window.done(count)
    await window.ghost(uri, (8, 14))
    for command in ("zai.showQuota", "zai.explainLast", "zai.pause", "zai.resume"):
        await window.command(command)
    await window.command("zai.showPrompt", {"action": "simplify", "uri": uri})
    return window, uri


async def verbs(sweep, path):
    """What a person runs when something is wrong, all at once: each waits for its own start most of the time."""
    each = (("doctor",), ("quota", "--json"), ("run", "simplify", str(path), "--debug"))
    await asyncio.gather(*(sweep.verb(*arguments) for arguments in each))


def talkative(desk):
    """The log at its most talkative, in a file of its own."""
    desk.configure(f'log.level = "debug"\nlogFile = "{desk.folder / "zai.log"}"\n')


async def test_no_session_leaves_a_key_behind(tmp_path):
    """Everything that works and fails, logged at its most talkative, ended by a kill: not in one byte of it."""
    async with a_desk(tmp_path, plan="pro", more_keys={KEY: "pro"}) as desk:
        desk.env |= {"ZAI_API_KEY": KEY, "OPENAI_API_KEY": OTHER}
        talkative(desk)
        async with Sweep(desk) as sweep:
            window, uri = await session(desk, ("1214", "garbage-stream"))
            await verbs(sweep, desk.files / "prices.py")
            desk.emulator.fail("hang")
            await window.pick(uri, INSIDE_TOTAL, "Simplify")
            await desk.in_flight()
            window.kill()
            await window.wait()
    assert leaks(sweep.found, KEY, OTHER) == []
    assert any(place.endswith("zai.log") and data for place, data in sweep.found.items())
    assert any("state.db" in place for place in sweep.found)
    assert sweep.found["command lines"]


def echoes(key: str) -> list[str]:
    """What a service may say that got a key it does not like."""
    return [
        f"Invalid key {key}",
        f"Incorrect API key provided: {key[:14]}***{key[-10:]}",
        f"header was 'Bearer {key}' for user",
        f"token={quote(key, safe='')}",
        f"backwards {key[::-1]}",
        f"Basic {base64.b64encode(b'user:' + key.encode()).decode()}",
        f"split {key[:16]} {key[16:]}",
        "Bearer " + " ".join(key[at : at + 20] for at in range(0, len(key), 20)),
    ]


async def test_a_service_that_repeats_the_key_is_not_repeated(tmp_path):
    """In an error's text, in whatever form; as the name of a model; in the names of quotas."""
    said = []

    async def answer(peer: Peer) -> None:
        line, headers, _ = served.requests[-1]
        key = headers.get(b"authorization", b"").decode().removeprefix("Bearer ")
        words = echoes(key)[len(said) % len(echoes(key))]
        said.append(words)
        row = {"type": key, "level": key, "percentage": 10, "unit": 3, "number": 5}
        choice = {"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}
        if b"quota" in line:
            answer = {"code": 200, "success": True, "data": {"limits": [row], "level": key}}
            await peer.whole(json.dumps(answer).encode())
        elif b"chat" in line and len(said) % 2:
            event = json.dumps({"id": key, "model": key, "choices": [choice]}).encode()
            await peer.whole(b"data: %b\n\ndata: [DONE]\n\n" % event)
        else:
            error = {"code": "1214", "message": words, "type": key}
            body = json.dumps({"error": error, "msg": words, "request_id": key}).encode()
            await peer.whole(body, b"500 Odd", b"X-Request-Id: " + key.encode())

    async with serving(answer) as served, a_desk(tmp_path) as desk:
        desk.env |= {"ZAI_API_KEY": KEY, "ZAI_BASE_URL": served.url, "ZAI_PLAN": "pro"}
        talkative(desk)
        async with Sweep(desk) as sweep:
            window, uri = await session(desk)
            for count in range(2, 2 + len(echoes(KEY))):
                await window.pick(uri, INSIDE_TOTAL, "Simplify")
                await window.done(count)
            await verbs(sweep, desk.files / "prices.py")
            await window.stop()
    assert len(said) > len(echoes(KEY))
    assert leaks(sweep.found, KEY) == []


async def test_children_get_no_key(tmp_path):
    """The program that prints the key, and what a keyring starts, have none in their environment, and none on their lines."""
    async with a_desk(tmp_path, more_keys={KEY: "payg"}) as desk:
        script = desk.folder / "key.sh"
        script.write_text(
            f"#!/bin/sh\nenv > {desk.folder}/children\nps -o args= > {desk.folder}/lines\nprintf '%s\\n' '{KEY}'\n"
        )
        script.chmod(0o700)
        desk.configure(f'apiKeyCommand = ["{script}"]\n')
        del desk.env["ZAI_API_KEY"]
        desk.env |= {"OPENAI_API_KEY": OTHER, "ANTHROPIC_AUTH_TOKEN": OTHER, "ANTHROPIC_API_KEY": OTHER}
        async with Sweep(desk) as sweep:
            window, _ = await session(desk)
            await window.stop()
        assert "complete" in {served.ended for served in desk.emulator.record.chats}
        assert leaks(sweep.found, KEY, OTHER) == []
        assert "ZAI_BASE_URL" in (desk.folder / "children").read_text()
