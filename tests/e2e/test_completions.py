"""Completions between real server processes and an emulated service: what an editor gets, whatever its person does meanwhile."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.e2e.clients import (
    BETTER,
    CAPABILITIES,
    INSIDE_TOTAL,
    SOURCE,
    FromZero,
    Watching,
    Window,
    a_desk,
    capabilities,
    fenced,
    text,
    until,
)
from tests.unit.core.marked import end_point
from zai_ls.cli.demo.editor import RequestFailed

pytestmark = pytest.mark.timeout(30)

AT_ONCE = "[completion]\ndebounceMs = 1\n"
"""No pause, so that nothing has to be waited for; the pauses have tests of their own, at a turned clock."""
BODY = "# é🎉\ndef total(prices):\n    ⎸\n\n\ndef other():\n    return 1\n"
SUM = "return sum(prices)"
NOBODY = 32_800


async def writing(desk, marked=BODY, name="total.py", kind=Window, settings=AT_ONCE, options=None, **how):
    """A window with one file open, its cursor at `⎸`: window, URI, cursor."""
    desk.configure(settings)
    before, _, after = marked.partition("⎸")
    window = await desk.window(kind, options, **how)
    uri = desk.file(name, before + after)
    window.open(uri, "python", before + after)
    point = end_point(before)
    return window, uri, (point.line, point.column)


async def stats(desk):
    """What `zai-ls stats --json` says: of requests by lane, and of completions."""
    rows = json.loads(await desk.zai("stats", "--json"))
    return {row["lane"]: row["totals"]["requests"] for row in rows["requests"]}, rows["completions"]


def one_by_one(desk):
    """Was there never more than one request at a time?"""
    record = desk.emulator.record
    return (record.most_in_flight, record.most_at_once, record.overlaps) == (1, 1, [])


# -- each editor in its own words ----------------------------------------------------------------------------


def editor(name):
    """The editor whose capabilities are in the file *name*."""
    kind = FromZero if name.startswith(("helix", "neovim")) else Window
    called = {"neovim": "Neovim", "helix": "helix"}.get(name.partition("-")[0], name)
    return lambda: kind(capabilities=capabilities(name), name=called)


@pytest.mark.parametrize("name", sorted(path.stem for path in CAPABILITIES.glob("*.json")))
async def test_each_editor_gets_it_in_its_own_words(desk, name):
    """Menu and ghost text, behind é and 🎉, in a file with either line ending: what is accepted stands where the cursor was."""
    window, *_ = await writing(desk, kind=editor(name))
    for number, ending in enumerate(("\n", "\r\n")):
        marked = 'def total(prices):\n    text = "é🎉"; pri⎸\n    # é🎉\n    \n'.replace("\n", ending)
        uri, at = desk.file(f"{number}.py", ""), (1, 20)
        window.open(uri, "python", marked.replace("⎸", ""))
        desk.emulator.reply("nt(text)\n")
        (item,) = await window.items(uri, at)
        assert (item["label"], item["filterText"]) == ("print(text)", "print(text)")
        assert (item["sortText"], item["insertTextFormat"]) == ("~~zai", 1)
        assert "print(text)" in str(item["documentation"])
        await window.take(uri, at, item)
        assert text(window, uri) == marked.replace("⎸", "nt(text)")

        desk.emulator.reply("if prices:\n        print(text)\n    else:\n        print()\n")
        at = (3, 4)
        (item,) = await window.items(uri, at)
        assert item["label"] == "if prices: …"
        assert item["documentation"] != item["label"]
        given = item.get("textEdit", {}).get("newText", item.get("insertText"))
        assert given.count(ending) == 3 or name.startswith("neovim")
    for number, ending in enumerate(("\n", "\r\n")):
        uri = desk.file(f"{number}.py", "")
        (shown,) = (await window.wish(uri, at)[1])["items"]
        await window.take(uri, at, shown)
        lines = ["    if prices:", "        print(text)", "    else:", "        print()", ""]
        assert text(window, uri).endswith(ending.join(["    # é🎉", *lines]))
    assert await window.items(uri, at) == []
    assert len(desk.emulator.record.chats) == 4
    assert window.told == []
    assert await window.stop() == 0


async def test_a_block_in_a_menu(desk):
    """All its lines are inserted, and can be read before; the menu shows the first."""
    window, uri, at = await writing(desk)
    desk.emulator.reply("result = 0\n    for price in prices:\n        result += price\n    return result")
    answer = await window.wish(uri, at, menu=True)[1]
    (item,) = answer["items"]
    assert not answer["isIncomplete"]
    assert item["label"] == "result = 0 …"
    assert item["documentation"].count("\n") == 3
    await window.take(uri, at, item)
    block = "result = 0\n    for price in prices:\n        result += price\n    return result"
    assert text(window, uri) == BODY.replace("⎸", block)


# -- as few requests as will do ------------------------------------------------------------------------------


@pytest.mark.parametrize("menu", [False, True])
async def test_a_burst_is_one_request_and_six_answers(desk, menu):
    """Six keys 80 ms apart: ghost text comes with the last one; a menu is never held up, and has it at the next key."""
    window, uri, at = await writing(desk, settings="[completion]\ndebounceMs = 400\n")
    desk.emulator.reply("n sum(prices)")
    wishes = []
    for key in ("r", "e", "t", "u", "r", ""):
        at = window.type(uri, at, key) if key else at
        wishes.append(window.wish(uri, at, automatic=True, menu=menu)[1])
        await asyncio.sleep(0.08)
    answers = [(await wish)["items"] for wish in wishes]
    assert [len(items) for items in answers] == ([0] * 6 if menu else [0] * 5 + [1])
    if menu:
        # As an editor does after an answer that is incomplete.
        while not (items := await window.items(uri, at, automatic=True)):
            await desk.in_flight(0)
        assert [item["label"] for item in items] == [SUM]
    assert [served.ended for served in desk.emulator.record.chats] == ["complete"]


async def test_what_is_known_is_shown_without_a_request(desk):
    """The same place again, the rest of what is typed through, and back by one key: one request for all of it."""
    window, uri, at = await writing(desk)
    desk.emulator.reply(SUM)
    assert await window.ghost(uri, at, automatic=True) == [SUM]
    assert await window.ghost(uri, at, automatic=True) == [SUM]
    for typed in range(1, len(SUM)):
        at = window.type(uri, at, SUM[typed - 1])
        assert await window.ghost(uri, at, automatic=True) == [SUM[typed:]]
    window.change(uri, (at[0], at[1] - 1), at, "")
    assert await window.ghost(uri, (at[0], at[1] - 1), automatic=True) == [SUM[-2:]]
    assert len(desk.emulator.record.chats) == 1


async def test_an_automatic_menu_is_answered_at_once(desk):
    """The service never answers: the menu of all servers would wait for ours. It is asked again at the next key."""
    desk.emulator.fail("hang")
    window, uri, at = await writing(desk)
    answer = await window.wish(uri, at, automatic=True, menu=True)[1]
    assert answer == {"isIncomplete": True, "items": []}
    await desk.in_flight()
    at = window.type(uri, at, "r")
    assert await window.items(uri, at, automatic=True) == []


async def test_a_cancelled_wish_leaves_its_request_to_the_next(desk):
    """An editor cancels at every key: each wish has one answer, and one request serves the last."""
    window, uri, at = await writing(desk)
    desk.emulator.reply(SUM, fault="slow-first-token=0.3")
    asked = []
    for key in ("", "r", "e", "t"):
        if asked:
            window.cancel(asked[-1][0])
        at = window.type(uri, at, key) if key else at
        asked.append(window.wish(uri, at, automatic=True))
        await desk.in_flight()
    *cancelled, last = [answer for _, answer in asked]
    assert [item["insertText"] for item in (await last)["items"]] == [SUM[3:]]
    for answer in cancelled:
        with pytest.raises(RequestFailed, match=f"-{NOBODY}"):
            await answer
    assert [served.ended for served in desk.emulator.record.chats] == ["complete"]


async def test_a_request_that_typing_makes_useless_is_closed(desk):
    """Something else is typed than the model is saying: its stream ends, and the wish is answered with nothing."""
    window, uri, at = await writing(desk)
    desk.emulator.reply("return sum(" + "prices, " * 200 + ")", fault="slow-stream=0.05")
    _, answer = window.wish(uri, at, automatic=True)
    await desk.in_flight()
    window.type(uri, at, "while x")
    window.type(uri, (5, 0), "class ")
    assert await answer == {"items": []}
    await desk.in_flight(0)
    assert [served.ended for served in desk.emulator.record.chats] == ["hangup"]


# -- what becomes of it --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("menu", "way"), [(False, "both"), (True, "both"), (True, "text"), (False, "command")]
)
async def test_it_is_known_that_it_was_taken(desk, menu, way):
    """By the command, or from the text where an editor tells nothing: `zai-ls stats` counts it once."""
    window, uri, at = await writing(desk)
    desk.emulator.reply(SUM)
    (item,) = (await window.wish(uri, at, menu=menu)[1])["items"]
    if way == "command":
        await window.command(item["command"]["command"], *item["command"]["arguments"])
    else:
        await window.take(uri, at, item, tells=way == "both")
        assert text(window, uri) == BODY.replace("⎸", SUM)
    assert await window.stop() == 0
    requests, (row,) = await stats(desk)
    assert requests == {"invoked": 1}
    assert (row["shown"], row["accepted"], row["rejected"]) == (1, 1, 0)
    assert row["characters"] == len(SUM)


async def test_what_was_typed_by_hand_was_not_taken(desk):
    """Key by key to its end: shown, typed, not accepted."""
    window, uri, at = await writing(desk)
    desk.emulator.reply("return 1")
    assert await window.ghost(uri, at, automatic=True) == ["return 1"]
    shown = asyncio.get_running_loop().time()
    for key in "return 1":
        at = window.type(uri, at, key)
        if key == "n":
            # Nobody has seen what was there for less than a quarter of a second.
            await asyncio.sleep(max(0.0, shown + 0.3 - asyncio.get_running_loop().time()))
    assert await window.stop() == 0
    requests, (row,) = await stats(desk)
    assert requests == {"typing": 1}
    assert (row["shown"], row["accepted"], row["typed"]) == (1, 0, 1)


# -- who goes first ------------------------------------------------------------------------------------------


async def test_a_guess_gives_way_to_an_action(desk):
    """A person's action does not wait for a guess under way: the guess ends with nothing, the action lands."""
    desk.configure(AT_ONCE)
    window, uri = await desk.open(SOURCE)
    desk.emulator.fail("hang")
    at = window.type(uri, (9, 17), "\n    ")
    _, ghost = window.wish(uri, (10, 4), automatic=True)
    await desk.in_flight()
    del at
    desk.emulator.reply(fenced(BETTER))
    await window.pick(uri, INSIDE_TOTAL, "Simplify total")
    assert await ghost == {"items": []}
    await window.done()
    assert "sum(price * rate for price in prices)" in text(window, uri)
    assert one_by_one(desk)
    assert [served.ended for served in desk.emulator.record.chats] == ["hangup", "complete"]
    assert window.told == []


@pytest.mark.parametrize(
    "settings",
    [
        {"completion": {"mode": "off"}},
        {"completion": {"perGlob": {"*.py": "off"}}},
        {"languages": {"off": ["python"]}},
    ],
    ids=["mode", "glob", "language"],
)
async def test_what_is_switched_off_meanwhile_is_not_sent(desk, settings):
    """Its wish stands in line behind another window's request when the person switches it off."""
    other, file, there = await writing(desk, name="other.py")
    window, uri, at = await writing(desk)
    desk.emulator.reply(SUM, fault="slow-first-token=1")
    _, first = other.wish(file, there)
    await desk.in_flight()
    _, guess = window.wish(uri, at, automatic=True)
    await asyncio.sleep(0.3)
    window.configuration = settings
    window.notify("workspace/didChangeConfiguration", {"settings": {}})
    assert await guess == {"items": []}
    assert len((await first)["items"]) == 1
    assert len(desk.emulator.record.chats) == 1


async def test_two_windows_share_one_account(tmp_path):
    """Both ask at the same moment: both get an answer, one after the other."""
    async with a_desk(tmp_path, service_s=0.1) as desk:
        places = [await writing(desk, name=f"{n}.py") for n in range(2)]
        desk.emulator.reply(SUM, times=2)
        answers = await asyncio.gather(*(window.ghost(uri, at) for window, uri, at in places))
        assert answers == [[SUM], [SUM]]
        assert one_by_one(desk)


async def test_a_killed_server_gives_its_place_away(desk):
    """SIGKILL while a completion is on the wire: the other window gets its own."""
    window, uri, at = await writing(desk)
    other, other_uri, _ = await writing(desk, name="other.py")
    desk.emulator.fail("hang")
    window.wish(uri, at)
    await desk.in_flight()
    desk.emulator.reply(SUM)
    _, answer = other.wish(other_uri, at)
    window.kill()
    assert [item["insertText"] for item in (await answer)["items"]] == [SUM]
    assert desk.emulator.record.too_many == []


@pytest.mark.parametrize("menu", [False, True])
async def test_a_shutdown_answers_what_is_open(desk, menu):
    """One on the wire: its wish is answered once, the stream is closed, the server ends with 0."""
    window, uri, at = await writing(desk)
    desk.emulator.fail("hang")
    _, answer = window.wish(uri, at, menu=menu)
    await desk.in_flight()
    assert await window.stop() == 0
    with pytest.raises(RequestFailed, match=f"-{NOBODY}"):
        await answer
    await desk.in_flight(0)


async def test_closing_the_file_closes_its_request(desk):
    """Nobody waits for a completion of a file that is closed."""
    window, uri, at = await writing(desk)
    desk.emulator.fail("hang")
    _, answer = window.wish(uri, at, automatic=True)
    await desk.in_flight()
    window.close(uri)
    assert (await answer)["items"] == []
    await desk.in_flight(0)


# -- nothing pops up -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "menu"), [("1308", False), ("1308", True), ("1113", True), ("status=500", False), ("cut", True)]
)
async def test_refusals_are_an_empty_list_and_a_status(desk, fault, menu):
    """Quota, balance, a broken service: nothing pops up, the status line says it, and `explain last` says why."""
    window, uri, at = await writing(desk, kind=Watching, options={"zai": {"status": True}})
    desk.emulator.fail(fault, times=None)
    assert (await window.wish(uri, at, menu=menu)[1])["items"] == []
    status = await window.status("closed" if fault == "1308" else "problem")
    assert status["version"] == 1
    assert status["detail"]
    assert window.told == []
    await window.command("zai.explainLast")
    await window.until(lambda: window.shown or window.told)
    assert window.shown


async def test_the_status_line_follows(desk):
    """Busy while the service is asked, ready again; off while completions are switched off here."""
    window, uri, at = await writing(desk, kind=Watching, options={"status": True, "zai": {}})
    desk.emulator.fail("hang")
    _, answer = window.wish(uri, at)
    await window.status("busy")
    await desk.in_flight()
    assert await window.command("zai.toggleCompletions") == {"on": False}
    assert (await answer)["items"] == []
    await window.status("off")
    assert await window.ghost(uri, at) == []
    assert await window.command("zai.toggleCompletions") == {"on": True}
    desk.emulator.reply(SUM)
    assert await window.ghost(uri, at) == [SUM]
    await window.status("ready")
    assert not any("setting" in told for told in window.told)


async def test_no_status_for_an_editor_that_did_not_ask(desk):
    """An editor logs what it does not know; so it is not told."""
    window, uri, at = await writing(desk, kind=Watching)
    desk.emulator.reply(SUM)
    assert await window.ghost(uri, at) == [SUM]
    assert await window.stop() == 0
    assert window.statuses == []


async def test_without_a_key(tmp_path):
    """The one sentence at the start, and then an empty list each time; nothing is sent."""
    async with a_desk(tmp_path, key=False) as desk:
        window, uri, at = await writing(desk)
        await window.read("ZAI_API_KEY")
        assert await window.items(uri, at) == []
        assert await window.items(uri, at, automatic=True) == []
        assert await window.ghost(uri, at) == []
        assert await window.ghost(uri, at, automatic=True) == []
        assert len(window.told) == 1
        assert desk.emulator.record.served == []


async def test_why_nothing_came_can_be_read(desk):
    """After a deletion no guess is made; `zai.explainLast` says so, in a document to read."""
    window, uri, at = await writing(desk)
    desk.emulator.reply("")
    assert await window.ghost(uri, at) == []
    window.change(uri, (at[0] - 1, 9), (at[0] - 1, 10), "")
    assert await window.ghost(uri, at, automatic=True) == []
    await window.command("zai.explainLast")
    await window.until(lambda: window.shown)
    told = await until(lambda: (shown := _path(window.shown[-1])) and shown.read_text())
    assert "complete" in told
    assert "delet" in told
    assert len(desk.emulator.record.chats) == 1


def _path(uri):
    return Path(unquote(urlsplit(uri).path))


# -- settings, other requests --------------------------------------------------------------------------------


async def test_an_editor_with_ghost_text_has_none_in_its_menu(desk):
    """It would show everything twice; before the first request for ghost text nobody knows."""
    window, uri, at = await writing(desk)
    desk.emulator.reply(SUM)
    assert len(await window.items(uri, at)) == 1
    assert await window.ghost(uri, at) == [SUM]
    assert await window.items(uri, at) == []
    assert await window.items(uri, at, automatic=True) == []
    assert len(desk.emulator.record.chats) == 1


@pytest.mark.parametrize(("mode", "invoked", "automatic"), [("auto", 1, 1), ("invoked", 1, 0), ("off", 0, 0)])
async def test_when_the_menu_has_it(desk, mode, invoked, automatic):
    """`completion.menu`: always, when asked for, never. Ghost text does not mind."""
    window, uri, at = await writing(desk, settings=f'{AT_ONCE}menu = "{mode}"\n')
    desk.emulator.reply(SUM)
    assert len(await window.items(uri, at)) == invoked
    assert len(await window.items(uri, at, automatic=True)) == automatic
    assert len(desk.emulator.record.chats) == invoked


async def test_strange_wishes_have_an_answer(desk):
    """Trigger kinds nobody knows yet, places outside the document, documents that are not open: a list, and life goes on."""
    window, uri, at = await writing(desk)
    desk.emulator.reply("", times=None)
    here = {"textDocument": {"uri": uri}, "position": {"line": at[0], "character": at[1]}}
    for method in ("textDocument/completion", "textDocument/inlineCompletion"):
        for params in (
            {**here, "context": {"triggerKind": 99}},
            {**here, "context": {"triggerKind": 2, "brandNew": [1]}},
            {**here, "position": {"line": 1_000_000, "character": 5}, "context": {"triggerKind": 1}},
            {**here, "position": {"line": 0, "character": 1_000_000}, "context": {"triggerKind": 1}},
            {**here, "textDocument": {"uri": "file:///w/closed.py"}, "context": {"triggerKind": 1}},
        ):
            assert (await window.request(method, params))["items"] == []
        with pytest.raises(RequestFailed, match="-32602"):
            await window.request(method, {"textDocument": {"uri": uri}})
    # A menu's context is optional.
    assert (await window.request("textDocument/completion", here))["items"] == []
    await window.command("zai.completionAccepted", {"id": "nobody knows"})
    with pytest.raises(RequestFailed, match="-32602"):
        await window.command("zai.completionAccepted", 7)
    assert window.told == []
    assert await window.stop() == 0


async def test_what_would_be_sent_can_be_read(desk):
    """In the editor by `zai.showPrompt`, on the command line by `what-leaves`: the same words, and no request."""
    window, uri, at = await writing(desk)
    position = {"line": at[0], "character": at[1]}
    await window.command(
        "zai.showPrompt", {"action": "complete", "uri": uri, "range": {"start": position, "end": position}}
    )
    await window.until(lambda: window.shown)
    shown = await until(lambda: (path := _path(window.shown[-1])).exists() and path.read_text())
    told = await desk.zai("what-leaves", f"{desk.files}/total.py:{at[0] + 1}", "--action", "complete")
    sent = "\n".join(message["content"] for message in json.loads(told)["messages"])
    for words in (shown, sent):
        assert "Task: complete the code at the cursor." in words
        assert "def total(prices):\n    </before>" in words
    assert desk.emulator.record.chats == []


async def test_what_was_replaced_can_be_read(desk):
    """How many secrets, in the editor; neither there nor on the command line is one of them."""
    token = "ghp_" + "aB3d" * 9
    window, uri, at = await writing(desk, f'TOKEN = "{token}"\n{BODY}')
    position = {"line": at[0], "character": at[1]}
    await window.command(
        "zai.showPrompt", {"action": "complete", "uri": uri, "range": {"start": position, "end": position}}
    )
    await window.until(lambda: window.shown)
    shown = await until(lambda: (path := _path(window.shown[-1])).exists() and path.read_text())
    told = await desk.zai("what-leaves", f"{desk.files}/total.py:{at[0] + 1}", "--action", "complete")
    assert "Secrets replaced by placeholders: 1." in shown
    for words in (shown, told):
        assert token not in words
        assert "ghp_" in words
