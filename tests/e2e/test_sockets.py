"""The same server over TCP and WebSocket: one editor, of this machine, and no web page's script."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from contextlib import asynccontextmanager, suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.e2e.rawclient import ROOT, frame

INITIALIZE = {"processId": None, "rootUri": None, "capabilities": {}}
CONVERSATION = [
    {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE},
    {"jsonrpc": "2.0", "id": 2, "method": "shutdown"},
]
EXIT = {"jsonrpc": "2.0", "method": "exit"}


@asynccontextmanager
async def listening(transport):
    """A server process and the port it says it listens on."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.e2e.fake_server", transport, cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(20):
            while not (
                found := re.search(rb"zai-ls listens on 127\.0\.0\.1:(\d+)", await process.stderr.readline())
            ):
                pass
            yield process, int(found[1])
    finally:
        if process.returncode is None:
            process.kill()
        await process.stderr.read()
        await process.wait()
        process._transport.close()


async def test_tcp_serves_one_editor():
    """Framed as over stdio; a second connection is turned away; the exit code is the same."""
    async with listening("tcp") as (process, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"".join(map(frame, CONVERSATION[:1])))
        await reader.readuntil(b"\r\n\r\n")
        other_reader, other_writer = await asyncio.open_connection("127.0.0.1", port)
        assert await other_reader.read() == b""
        other_writer.close()
        writer.write(frame(CONVERSATION[1]))
        await reader.readuntil(b'"id": 2, "result": null}')
        writer.write(frame(EXIT))
        assert await process.wait() == 0
        writer.close()


async def test_tcp_takes_no_request_of_a_browser():
    """Any web page can make its browser send one to any port of this machine, with a body of its own making."""
    async with listening("tcp") as (process, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = json.dumps(CONVERSATION[0]).encode()
        head = b"POST / HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: https://evil.example\r\n" % port
        writer.write(head + b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        assert await process.wait() == 1
        with suppress(ConnectionError):
            assert await reader.read() == b""
        writer.close()


async def test_websocket_serves_one_editor_and_no_strangers():
    """A page of another site is refused by its origin, a second editor because there is one already."""
    async with listening("websocket") as (process, port):
        url = f"ws://127.0.0.1:{port}"
        for origin in (
            "https://evil.example",
            "null",
            "http://localhost.evil.example",
            "http://127.0.0.1.evil.example:80",
            "http://localhost@evil.example",
            "http://[evil",
            "",
        ):
            with pytest.raises(InvalidStatus) as refused:
                await connect(url, origin=origin, proxy=None)
            assert refused.value.response.status_code == 403, origin
        async with connect(url, origin="http://localhost:8080", proxy=None) as socket:
            for message in CONVERSATION:
                await socket.send(json.dumps(message))
                assert json.loads(await socket.recv())["id"] == message["id"]
                if message["id"] == 1:
                    with pytest.raises(InvalidStatus) as refused:
                        await connect(url, proxy=None)
                    assert refused.value.response.status_code == 409
            await socket.send(json.dumps(EXIT))
            assert await process.wait() == 0
