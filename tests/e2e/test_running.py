"""A running action as the editor lives through it: progress, cancel, edits that did not land, settings, the end."""

from __future__ import annotations

import asyncio

from tests.e2e.rawclient import MODERN, raw_client

URI = "file:///w/a.py"


def first_letter():
    return {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 1}}


async def started(client, capabilities=None, text="abc\n", **params):
    client.answers.setdefault("window/workDoneProgress/create", lambda _: None)
    await client.initialize(capabilities, **params)
    await client.open(URI, text)


def kinds(client):
    return [m["params"]["value"]["kind"] for m in client.said if m["method"] == "$/progress"]


async def test_an_action_from_begin_to_end():
    """Answered at once with an id; cancellable progress, throttled; an edit with its version; the truth about it."""
    async with raw_client() as client:

        async def apply(params):
            (change,) = params["edit"]["documentChanges"]
            assert change["textDocument"] == {"uri": URI, "version": 1}
            assert change["edits"] == [{"range": first_letter(), "newText": "X"}]
            assert params["label"] == "Fake"
            await client.change(URI, 2, "Xbc\n")
            return {"applied": True}

        client.answers["workspace/applyEdit"] = apply
        await started(client)
        reply = await client.run(URI, "report edit:X", range=first_letter(), version=1)
        assert list(reply["result"]) == ["id"]
        await client.told("landing applied")
        await client.until(lambda: kinds(client)[-1:] == ["end"])
        assert kinds(client)[0] == "begin"
        assert kinds(client).count("report") <= 4
        begin = (await client.heard("$/progress"))[0]["value"]
        assert begin["cancellable"] is True
        assert begin["title"] == "GLM: Simplify a.py"
        assert await client.stop() == 0


async def test_a_running_action_can_be_cancelled():
    """By the progress bar, by command, and by a code action where there is neither; it cleans up, and no one is told."""
    async with raw_client() as client:
        await started(client)

        async def by_progress(_):
            token = (await client.heard("$/progress"))[-1]["token"]
            await client.notify("window/workDoneProgress/cancel", {"token": token})

        async def by_command(run_id):
            assert (await client.command("zai.cancel"))["result"] == {"id": run_id}

        async def by_command_with_id(run_id):
            assert (await client.command("zai.cancel", {"id": run_id}))["result"] == {"id": run_id}

        async def by_code_action(run_id):
            params = {
                "textDocument": {"uri": URI},
                "range": first_letter(),
                "context": {"diagnostics": [], "triggerKind": 2},
            }
            (action,) = (await client.call("textDocument/codeAction", params))["result"]
            assert action["title"] == "Cancel the running GLM request"
            command = action["command"]
            reply = await client.command(command["command"], *command["arguments"])
            assert reply["result"] == {"id": run_id}

        for count, way in enumerate((by_progress, by_command, by_command_with_id, by_code_action), 1):
            run_id = (await client.run(URI, "hang"))["result"]["id"]
            await client.until(lambda count=count: client.log.count("hanging") == count)
            await client.until(lambda count=count: kinds(client).count("begin") == count)
            await way(run_id)
            await client.until(lambda count=count: client.log.count("cancelled") == count)
            await client.until(lambda count=count: kinds(client).count("end") == count)
        assert (await client.command("zai.cancel"))["result"] == {"id": None}
        assert await client.stop() == 0
        assert not [m for m in client.said if m["method"] == "window/showMessage"]


async def test_shutdown_ends_what_runs_before_it_is_answered():
    """The slot is free and the progress bar gone when the editor reads the answer; then exit gives 0."""
    async with raw_client() as client:
        await started(client)
        await client.run(URI, "hang")
        await client.logged("hanging")
        await client.heard("$/progress")
        assert (await client.call("shutdown"))["result"] is None
        assert kinds(client)[-1] == "end"
        await client.notify("exit")
        assert await client.ended() == 0
        assert "cancelled" in client.log


async def test_an_editor_that_vanishes_leaves_no_work_behind():
    """The end of stdin cancels what runs, and the process ends."""
    async with raw_client() as client:
        await started(client)
        await client.run(URI, "hang")
        await client.logged("hanging")
        client.hang_up()
        assert await client.ended() == 1
        assert "cancelled" in client.log


async def test_shutdown_while_an_edit_waits_for_the_editor():
    """A reply that comes too late disturbs nobody; shutdown is answered, the work is over."""
    async with raw_client() as client:
        await started(client)
        await client.run(URI, "edit:X", range=first_letter())
        await client.until(lambda: [m for m in client.said if m["method"] == "workspace/applyEdit"])
        (asked,) = [m for m in client.said if m["method"] == "workspace/applyEdit"]
        assert (await client.call("shutdown"))["result"] is None
        await client.send(id=asked["id"], result={"applied": True})
        await client.notify("exit")
        assert await client.ended() == 0
        assert "InvalidState" not in client.log


async def test_an_editor_that_says_applied_and_applies_nothing_is_found_out():
    """Neovim 0.11 does so with a version that is stale; the change it held back comes a moment later."""
    async with raw_client() as client:

        async def lie(_):
            client.typing = asyncio.create_task(client.change(URI, 2, "abcd\n"))
            return {"applied": True}

        client.answers["workspace/applyEdit"] = lie
        await started(client)
        await client.run(URI, "edit:X", range=first_letter())
        await client.told("landing stale")
        await client.run(URI, "edit:X", range=first_letter(), model="1")
        await client.until(lambda: str(client.said).count("landing stale") == 2)
        asked = [m for m in client.said if m["method"] == "workspace/applyEdit"]
        assert len(asked) == 1, "an edit for a version known to be gone was sent"
        assert await client.stop() == 0


async def test_ranges_mean_the_version_they_were_listed_for():
    """The person typed between the list and the choice: columns count in the text they were counted in."""
    async with raw_client() as client:
        await started(client, text="😀ab\n")
        await client.change(URI, 2, "ab\n")
        range_ = {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 4}}
        await client.run(URI, "ask", range=range_, version=1)
        await client.told("asked Range(start=Point(line=0, column=1), end=Point(line=0, column=3)) 1")
        await client.run(URI, "ask", range=range_, version=2)
        await client.told("asked Range(start=Point(line=0, column=2), end=Point(line=0, column=2)) 2")
        await client.notify("textDocument/didClose", {"textDocument": {"uri": URI}})
        await client.run(URI, "ask", range=range_, version=2)
        await client.told("False")
        assert await client.stop() == 0


async def test_refusals_are_told_once():
    """One sentence for what the service refuses, none for what the person cancelled."""
    async with raw_client() as client:
        await started(client)
        await client.run(URI, "refuse")
        (params,) = await client.told(
            "The 5 h quota is used up (1308). Requests are possible again from noon."
        )
        assert params["type"] == 1
        await client.run(URI, "supersede")
        (params,) = await client.told("A newer request replaced this one.")
        assert params["type"] == 3
        assert await client.stop() == 0
        assert len([m for m in client.said if m["method"] == "window/showMessage"]) == 2


async def test_the_other_commands_answer():
    """Each public command says something sensible, also before there is anything to say."""
    async with raw_client() as client:
        client.answers["window/showDocument"] = lambda _: {"success": False}
        await started(client)
        await client.command("zai.explainLast")
        await client.told("There was no GLM request in this editor yet")
        await client.run(URI, "")
        await client.command("zai.explainLast")
        await client.told("I was asked to simplify.")
        for command, text in (
            ("zai.showQuota", "GLM account a1 (pro, api.z.ai): no reading of the quota yet."),
            ("zai.pause", "paused"),
            ("zai.resume", "goes on"),
            ("zai.showPrompt", "No request for this."),
            ("zai.toggleCompletions", "completions are off in this window"),
        ):
            assert (await client.command(command))["result"] in (None, {"on": False})
            await client.told(text)
        assert await client.stop() == 0


async def test_settings_come_from_three_places_in_order():
    """What the editor is configured with goes over what it was started with; a complaint is told once."""
    async with raw_client() as client:
        values = [{"b": 2, "bad": 1}]
        client.answers["workspace/configuration"] = lambda params: [
            values[0] for item in params["items"] if item["section"] == "zai"
        ]
        client.answers["client/registerCapability"] = lambda _: None
        capabilities = {
            **MODERN,
            "workspace": {
                **MODERN["workspace"],
                "configuration": True,
                "didChangeConfiguration": {"dynamicRegistration": True},
            },
        }
        await started(
            client,
            capabilities,
            initializationOptions={"a": 1, "b": 1},
            workspaceFolders=[{"uri": "file:///w/one", "name": "one"}, {"uri": "untitled:x", "name": "x"}],
        )
        await client.logged("settings [('a', 1), ('b', 1)]")
        await client.logged("folders ('/w/one',)")
        await client.logged("settings [('a', 1), ('b', 2), ('bad', 1)]")
        (registration,) = (await client.heard("client/registerCapability"))[0]["registrations"]
        assert registration["method"] == "workspace/didChangeConfiguration"
        values[0] = {"b": 3, "bad": 1}
        await client.notify("workspace/didChangeConfiguration", {"settings": None})
        await client.logged("settings [('a', 1), ('b', 3), ('bad', 1)]")
        await client.notify(
            "workspace/didChangeWorkspaceFolders",
            {
                "event": {
                    "added": [{"uri": "file:///w/two", "name": "two"}],
                    "removed": [{"uri": "file:///w/one", "name": "one"}],
                }
            },
        )
        await client.logged("folders ('/w/two',)")
        assert await client.stop() == 0
        complaints = [m for m in client.said if m["method"] == "window/showMessage"]
        assert [m["params"]["message"] for m in complaints] == ["zai.bad is not accepted."]


async def test_settings_are_taken_from_a_client_that_only_pushes():
    """An old client cannot be asked; what it sends is the section or holds it."""
    async with raw_client() as client:
        await started(client, {}, initializationOptions={"zai": {"a": 1}})
        await client.logged("settings [('a', 1)]")
        await client.notify("workspace/didChangeConfiguration", {"settings": {"zai": {"a": 2}}})
        await client.logged("settings [('a', 2)]")
        assert await client.stop() == 0
