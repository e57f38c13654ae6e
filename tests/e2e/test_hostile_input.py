"""Floods and giants over the wire to a real server: it lives, its memory stays bounded, and each request is answered."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from tests.e2e.clients import INSIDE_TOTAL, SOURCE, a_desk
from tests.e2e.rawclient import frame, raw_client
from tests.integration.test_client import CHUNKED, Peer, serving

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
MIB = 2**20
URI = "file:///w/a.py"
LIST = {
    "textDocument": {"uri": URI},
    "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}},
    "context": {"diagnostics": []},
}


def most(pid) -> int:
    """MiB of memory that the process has had at most."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) // 1024


async def send_giant(client, head: bytes, length: int):
    """A message of *length* bytes that begins with *head*, never whole in our memory either."""
    await client.write(b"Content-Length: %d\r\n\r\n%b" % (length, head))
    left = length - len(head)
    while left:
        piece = min(left, MIB)
        await client.write(b" " * piece)
        left -= piece


@pytest.mark.parametrize("way", ["as a request", "as a change", "as a new document"])
async def test_a_message_of_200_mb_takes_no_memory(way):
    """It is skipped; a request is answered by its id; the texts that it may have changed are not trusted any more."""
    heads = {
        "as a request": b'{"jsonrpc": "2.0", "id": "giant", "method": "textDocument/codeAction", "params": "',
        "as a change": b'{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": "',
        "as a new document": b'{"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": "',
    }
    async with raw_client() as client:
        await client.initialize()
        await client.open(URI, "x = 1\n")
        assert (await client.call("textDocument/codeAction", LIST))["result"]
        before = most(client._process.pid)
        await send_giant(client, heads[way], 200 * MIB)
        if way == "as a request":
            assert (await client.reply("giant"))["error"]["code"] == -32600
        await client.told("200 MB")
        known = (await client.call("textDocument/codeAction", LIST))["result"]
        assert bool(known) == (way == "as a new document")
        await client.open(URI, "x = 1\n")
        assert (await client.call("textDocument/codeAction", LIST))["result"]
        grown = most(client._process.pid) - before
        print(f"200 MB {way}: {before} + {grown} MiB")
        assert grown < 16
        assert await client.stop() == 0


async def test_a_flood_fills_the_pipe_and_not_the_memory():
    """20,000 requests and notifications at once, and not one answer read meanwhile that is not asked for."""
    async with raw_client() as client:
        await client.initialize()
        await client.open(URI, "x = 1\n")
        before = most(client._process.pid)
        count = 5_000
        request = {"jsonrpc": "2.0", "method": "textDocument/codeAction", "params": LIST}
        odd = frame({"jsonrpc": "2.0", "method": "$/x"}) + frame({"jsonrpc": "2.0", "id": 1, "result": 2})
        data = b"".join(frame({**request, "id": f"f{n}"}) + odd * 2 for n in range(count))
        writing = asyncio.create_task(client.write(data))
        await client.until(lambda: sum(str(r.get("id")).startswith("f") for r in client.replies) == count)
        await writing
        assert len({r["id"] for r in client.replies}) == len(client.replies)
        grown = most(client._process.pid) - before
        print(f"a flood of {len(data) // 1024} KiB: {before} + {grown} MiB")
        assert grown < 32
        assert await client.stop() == 0


ENDLESS = {
    "a line without end": b"x" * 65_536,
    "comments": b": ping\n\n" * 8_192,
    "empty data": b"data:\n" * 10_000,
    "words": b"data: %b\n\n"
    % json.dumps({"id": "1", "choices": [{"index": 0, "delta": {"content": "word " * 50}}]}).encode()
    * 200,
}


async def test_a_service_without_end_fills_no_memory(tmp_path):
    """The action fails with a sentence; the server lives, and goes on answering meanwhile."""
    pieces = []

    async def answer(peer: Peer) -> None:
        if b"chat" not in served.requests[-1][0]:
            await peer.whole(b"{}", b"404 Not Found")
            return
        await peer.begin(CHUNKED)
        piece = pieces[-1]
        while True:
            await peer.chunk(piece)

    async with serving(answer) as served, a_desk(tmp_path) as desk:
        desk.env["ZAI_BASE_URL"] = served.url
        window, uri = await desk.open(SOURCE)
        await window.code_actions(uri, INSIDE_TOTAL)
        before = 0
        for count, (name, piece) in enumerate(ENDLESS.items(), 1):
            pieces.append(piece)
            before = before or most(window.pid)
            await window.pick(uri, INSIDE_TOTAL, "Simplify")
            await window.code_actions(uri, INSIDE_TOTAL)
            await window.done(count)
            print(f"{name} without end: {before} + {most(window.pid) - before} MiB")
        assert all("broke off or made no sense" in told for told in window.told[-len(ENDLESS) :])
        assert most(window.pid) - before < 64
        assert await window.stop() == 0
