"""What no well-behaved editor sends: every request still gets exactly one answer, and the server lives on."""

from __future__ import annotations

import pytest

from tests.e2e.rawclient import MODERN, frame, raw_client
from zai_ls.cli.demo.editor import ScriptedEditor

URI = "file:///w/a.py"
NOWHERE = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
INITIALIZE = {"processId": None, "rootUri": None, "capabilities": {}}


def action_params(**context):
    return {
        "textDocument": {"uri": URI},
        "range": NOWHERE,
        "context": {"diagnostics": [], **context},
    }


async def test_requests_out_of_turn_are_refused():
    """Before initialize: -32002; a second initialize and anything after shutdown: -32600; then exit with 0."""
    async with raw_client() as client:
        early = await client.call("textDocument/codeAction", action_params())
        assert early["error"]["code"] == -32002
        await client.notify("textDocument/didOpen", {"nonsense": True})
        assert "result" in await client.initialize()
        again = await client.call("initialize", INITIALIZE)
        assert again["error"]["code"] == -32600
        assert (await client.call("shutdown"))["result"] is None
        for method in ("shutdown", "textDocument/codeAction"):
            assert (await client.call(method))["error"]["code"] == -32600
        await client.notify("exit")
        assert await client.ended() == 0


@pytest.mark.parametrize("ending", ["exit before initialize", "exit without shutdown", "hang up", "garbage"])
async def test_an_end_without_shutdown_is_an_error(ending):
    """The exit code says whether the end was agreed on (LSP, exit)."""
    async with raw_client() as client:
        if ending != "exit before initialize":
            await client.initialize()
        if ending == "hang up":
            client.hang_up()
        elif ending == "garbage":
            await client.write(b"This is no LSP.\r\n\r\n")
        else:
            await client.notify("exit")
        assert await client.ended() == 1


async def test_strange_messages_are_answered_and_nothing_is_lost():
    """Whatever comes, the next request is served; one server sees it all, one after the other."""
    async with raw_client() as client:
        await client.initialize()
        await client.open(URI, "x = 1\n")

        # Bytes cut anywhere, and several messages in one piece.
        first, second = (
            frame(
                {
                    "jsonrpc": "2.0",
                    "id": msg_id,
                    "method": "textDocument/codeAction",
                    "params": action_params(),
                }
            )
            for msg_id in ("cut", "joined")
        )
        for at in range(0, len(first), 7):
            await client.write(first[at : at + 7])
        await client.write(second + second.replace(b'"joined"', b'"joinet"'))
        for msg_id in ("cut", "joined", "joinet"):
            assert (await client.reply(msg_id))["result"]

        # What a newer client may send.
        newer = action_params(triggerKind=99, only=["quickfix", "refactor.new"], brandNew={"a": 1})
        newer["context"]["diagnostics"] = [
            {"range": NOWHERE, "message": "odd", "severity": 9, "tags": [1, 77], "extra": []}
        ]
        titles = [
            action["title"] for action in (await client.call("textDocument/codeAction", newer))["result"]
        ]
        assert titles == ["Fix: odd"]

        # What does not fit is said, without values: they may be document text.
        for params in (None, {}, [], 7, {**action_params(), "range": {"start": "secret text"}}):
            error = (await client.call("textDocument/codeAction", params))["error"]
            assert error["code"] == -32602
            assert "secret text" not in str(error)
        unknown = await client.call("textDocument/brandNew", {})
        assert unknown["error"]["code"] == -32601

        # What is no message at all.
        for body, code in (
            (b"{", -32700),
            (b"\xff\xfe", -32700),
            (b"[" * 100_000, -32700),
            (b"[]", -32600),
            (b"3", -32600),
            (b'{"id": 5}', -32600),
            (b'{"id": [1], "method": "shutdown"}', -32600),
        ):
            before = len(client.replies)
            await client.write(frame(body))
            await client.until(lambda before=before: len(client.replies) > before)
            assert client.replies[-1]["error"]["code"] == code
            assert client.replies[-1]["id"] is None

        # What has no answer: replies to nothing, unknown and broken notifications, late cancels.
        await client.send(id=4711, result=None)
        await client.send(id=4711, error="odd")
        await client.notify("$/setTrace", {"value": "verbose"})
        await client.notify("textDocument/didChange", {"textDocument": {"uri": URI}})
        for params in ({"id": 4711}, {"id": [1]}, None):
            await client.notify("$/cancelRequest", params)
        await client.change("file:///w/never-opened.py", 2, "x")
        assert (await client.call("textDocument/codeAction", action_params()))["result"]
        closed = {**action_params(), "textDocument": {"uri": "file:///w/closed.py"}}
        assert (await client.call("textDocument/codeAction", closed))["result"] is None

        answered = [reply["id"] for reply in client.replies if reply["id"] is not None]
        assert len(answered) == len(set(answered)), "a request was answered twice"
        assert await client.stop() == 0


async def test_commands_take_arguments_of_any_shape():
    """A clear error for what is wrong, and no complaint about what is unknown or missing."""
    async with raw_client() as client:
        await client.initialize()
        await client.open(URI, "x = 1\n")
        for arguments in ([], [None], ["x"], [{"uri": URI}], [{"action": "fix", "uri": URI, "range": 1}]):
            reply = await client.call(
                "workspace/executeCommand", {"command": "zai.run", "arguments": arguments}
            )
            assert reply["error"]["code"] == -32602, arguments
        unknown = await client.call("workspace/executeCommand", {"command": "zai.brandNew"})
        assert unknown["error"]["code"] == -32602
        assert (await client.call("workspace/executeCommand", {"command": "zai.cancel"}))["result"] == {
            "id": None
        }
        reply = await client.command(
            "zai.run",
            {
                "action": "simplify",
                "uri": URI,
                "version": 1,
                "range": NOWHERE,
                "instruction": "ask",
                "new": 1,
            },
            "a second argument",
        )
        assert set(reply["result"]) == {"id"}
        await client.told("asked Range(start=Point(line=0, column=0)")
        assert await client.stop() == 0


async def test_a_broken_capability_costs_that_capability_only():
    """Without an answer to initialize the editor has no server at all."""
    async with raw_client() as client:
        broken = {
            **MODERN,
            "textDocument": {**MODERN["textDocument"], "completion": 7, "hover": []},
            "notebookDocument": "yes",
            "general": {"positionEncodings": ["utf-99", "utf-8"]},
        }
        reply = await client.initialize(broken, clientInfo="odd", initializationOptions={"zai": {"a": 1}})
        assert reply["result"]["capabilities"]["positionEncoding"] == "utf-8"
        await client.logged("settings [('a', 1)]")
        await client.open(URI, "x = 1\n")
        actions = (await client.call("textDocument/codeAction", action_params()))["result"]
        assert actions[0]["kind"] == "refactor.rewrite.zai.simplify"
        assert await client.stop() == 0


async def test_failures_inside_tell_the_kind_and_no_text():
    """Neither the answer nor the log holds the error's own message: it may quote the document."""
    async with raw_client() as client:
        await client.initialize()
        await client.open(URI, "boom secret_name\n")
        error = (await client.call("textDocument/codeAction", action_params()))["error"]
        assert error["code"] == -32603
        assert "RuntimeError" in error["message"]
        assert "data" not in error
        await client.run(URI, "fail")
        assert (await client.told("RuntimeError"))[0]["type"] == 1
        assert await client.stop() == 0
        assert "textDocument/codeAction failed with RuntimeError" in client.log
        assert "secret_name" not in client.log


async def test_a_request_that_is_cancelled_is_answered_so():
    """A cancel right behind its request still finds it; the answer is -32800, once."""
    async with raw_client() as client:
        await client.initialize()
        await client.open(URI, "x = 1\n")
        request = {
            "jsonrpc": "2.0",
            "id": "c",
            "method": "textDocument/codeAction",
            "params": action_params(),
        }
        cancel = {"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": "c"}}
        await client.write(frame(request) + frame(cancel))
        reply = await client.reply("c")
        assert reply.get("error", {}).get("code", -32800) == -32800
        assert await client.stop() == 0
        assert [r["id"] for r in client.replies].count("c") == 1


async def test_stdout_belongs_to_lsp():
    """A stray print goes to stderr and breaks nothing."""
    async with raw_client() as client:
        await client.initialize()
        await client.logged("print must not reach the editor")
        assert await client.stop() == 0


async def test_a_request_cancelled_right_behind_it_leaves_no_word_on_stderr():
    """Editors cancel at every key, often in the same write; what a server says on stderr, they show."""
    window = ScriptedEditor()
    await window.start()
    window.open(URI, "python", "x = 1\n")
    for _ in range(20):
        request, _ = window.ask("textDocument/codeAction", action_params())
        window.cancel(request)
    assert await window.stop() == 0
    assert bytes(window.stderr) == b""
