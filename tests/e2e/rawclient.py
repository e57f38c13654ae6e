"""A client that speaks bare JSON-RPC over stdio: it can send what no well-behaved editor would."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import asynccontextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 30
"""Far beyond what anything here takes; a test that waits longer has failed."""

MODERN = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]},
    },
    "window": {"workDoneProgress": True, "showDocument": {"support": True}},
    "textDocument": {
        "codeAction": {
            "disabledSupport": True,
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": [""]}},
        }
    },
}


def frame(message):
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class RawClient:
    """One server process and what it said."""

    def __init__(self, process):
        self._process = process
        self._replies = {}
        self._ids = iter(range(1, 10_000))
        self.answers = {}
        """By method: a function of the params that gives the result of a request of the server, or an Exception."""
        self.said = []
        """Requests and notifications of the server, oldest first."""
        self.replies = []
        self.log = ""
        self._news = asyncio.Event()
        self._tasks = [asyncio.create_task(self._read()), asyncio.create_task(self._read_log())]

    # -- out --------------------------------------------------------------------------------------------

    async def write(self, data):
        self._process.stdin.write(data)
        with suppress(
            ConnectionResetError, BrokenPipeError
        ):  # hung up, or the server is gone: nobody listens
            await self._process.stdin.drain()

    async def send(self, **message):
        await self.write(frame({"jsonrpc": "2.0", **message}))

    async def notify(self, method, params=None):
        await self.send(method=method, params=params)

    async def begin(self, method, params=None, msg_id=None):
        """Send a request; its id."""
        msg_id = next(self._ids) if msg_id is None else msg_id
        await self.send(id=msg_id, method=method, **({} if params is None else {"params": params}))
        return msg_id

    async def call(self, method, params=None, msg_id=None):
        """Send a request and wait for its answer, whole."""
        return await self.reply(await self.begin(method, params, msg_id))

    # -- in ---------------------------------------------------------------------------------------------

    async def reply(self, msg_id):
        return (await self.until(lambda: [r for r in self.replies if r.get("id") == msg_id]))[0]

    async def heard(self, method, matching=lambda params: True):
        """Wait for a message of the server; its params."""
        return await self.until(
            lambda: [m["params"] for m in self.said if m["method"] == method and matching(m["params"])]
        )

    async def told(self, text):
        """Wait until the person reads *text*."""
        return await self.heard("window/showMessage", lambda params: text in params["message"])

    async def logged(self, text):
        await self.until(lambda: text in self.log)

    async def until(self, condition):
        async with asyncio.timeout(_PATIENCE_S):
            while not (found := condition()):
                self._news.clear()
                await self._news.wait()
            return found

    async def ended(self):
        """Wait for the process to end; its exit code."""
        async with asyncio.timeout(_PATIENCE_S):
            code = await self._process.wait()
            await asyncio.gather(*self._tasks)
        return code

    async def _read(self):
        while headers := await self._process.stdout.readline():
            await self._process.stdout.readline()
            length = int(headers.split(b":")[1])
            await self._take(json.loads(await self._process.stdout.readexactly(length)))
            self._news.set()

    async def _take(self, message):
        if "method" not in message:
            self.replies.append(message)
            return
        self.said.append(message)
        if "id" in message and message["method"] in self.answers:
            result = self.answers[message["method"]](message["params"])
            if asyncio.iscoroutine(result):
                result = await result
            if isinstance(result, Exception):
                await self.send(id=message["id"], error={"code": -32603, "message": str(result)})
            else:
                await self.send(id=message["id"], result=result)

    async def _read_log(self):
        while line := await self._process.stderr.readline():
            self.log += line.decode()
            self._news.set()

    # -- an editor's usual words ------------------------------------------------------------------------

    async def initialize(self, capabilities=None, **params):
        capabilities = MODERN if capabilities is None else capabilities
        reply = await self.call(
            "initialize", {"processId": None, "rootUri": None, "capabilities": capabilities, **params}
        )
        await self.notify("initialized", {})
        return reply

    async def open(self, uri, text, version=1):
        await self.notify(
            "textDocument/didOpen",
            {"textDocument": {"uri": uri, "languageId": "python", "version": version, "text": text}},
        )

    async def change(self, uri, version, text):
        await self.notify(
            "textDocument/didChange",
            {"textDocument": {"uri": uri, "version": version}, "contentChanges": [{"text": text}]},
        )

    async def run(self, uri, script, **more):
        argument = {"action": "simplify", "uri": uri, "instruction": script, **more}
        return await self.command("zai.run", argument)

    async def command(self, name, *arguments):
        return await self.call("workspace/executeCommand", {"command": name, "arguments": list(arguments)})

    async def stop(self):
        """End as an editor does; the exit code."""
        if self._process.returncode is None:
            await self.call("shutdown")
            await self.notify("exit")
        return await self.ended()

    def hang_up(self):
        self._process.stdin.close()


@asynccontextmanager
async def raw_client(*arguments):
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.e2e.fake_server",
        *arguments,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    client = RawClient(process)
    try:
        yield client
    finally:
        if process.returncode is None:
            process.kill()
        await client.ended()
        process._transport.close()
