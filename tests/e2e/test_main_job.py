"""The main job between real server processes and an emulated service: what a person sees, whatever happens in between."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.e2e.clients import BETTER, INSIDE_TOTAL, SIMPLIFIED, SOURCE, a_desk, capabilities, fenced, text
from zai_ls.cli.demo.editor import RequestFailed
from zai_ls.domain import Point, Range

TOP = Range(Point(0, 0), Point(0, 0))


async def slow(desk, window, uri, reply=None):
    """Begin "Simplify total"; back when the service has the request, which takes 0.4 s from there."""
    if reply is not None:
        desk.emulator.reply(reply, fault="slow-first-token=0.4")
    run_id = await window.pick(uri, INSIDE_TOTAL, "Simplify total")
    await desk.in_flight()
    return run_id


async def one_served_one_waiting(desk):
    """Two windows: the request of the first is never answered, that of the second waits in line behind it."""
    (window, uri), (other, other_uri) = await asyncio.gather(desk.open(SOURCE), desk.open(SOURCE, "other.py"))
    desk.emulator.fail("hang")
    await slow(desk, window, uri)
    desk.emulator.reply(fenced(BETTER))
    await other.pick(other_uri, INSIDE_TOTAL, "Simplify total")
    await other.until(lambda: any("ahead" in value.get("message", "") for value in other.values))
    return window, uri, other, other_uri


# -- the way from the menu into the file ---------------------------------------------------------------------


async def test_an_action_goes_from_the_menu_into_the_file(desk):
    """The function around the cursor is simplified; progress names a model; one undo takes it back; a clean end."""
    window, uri = await desk.open(SOURCE)
    desk.emulator.reply(fenced(BETTER))
    assert await window.pick(uri, INSIDE_TOTAL, "Simplify total")
    await window.done()
    assert text(window, uri) == SIMPLIFIED
    assert len(window.applied) == 1
    window.undo(uri)
    assert text(window, uri) == SOURCE
    assert window.told == []
    begin, *_, end = window.values
    assert (begin["kind"], begin["cancellable"], end["kind"]) == ("begin", True, "end")
    assert any("glm" in value.get("message", "") for value in window.values)
    assert await window.stop() == 0


async def test_two_windows_take_turns(tmp_path):
    """Three actions from each of two windows at once: all are applied, never two in flight, nothing refused."""
    async with a_desk(tmp_path, service_s=0.1) as desk:
        windows = await asyncio.gather(*(desk.open(SOURCE, f"{n}.py") for n in range(2)))
        for window, uri in windows:
            for name in ("Simplify", "Document", "Add types"):
                await window.pick(uri, INSIDE_TOTAL, name)
        for window, uri in windows:
            await window.done(3)
            assert text(window, uri).count("# emulated: ") >= 1
            assert text(window, uri).endswith('    return "é🎉" + name\n')
            assert await window.stop() == 0
        record = desk.emulator.record
        assert (record.most_in_flight, record.most_at_once, record.overlaps) == (1, 1, [])
        assert {served.ended for served in record.chats} == {"complete"}


# -- giving the place back -------------------------------------------------------------------------------------


async def test_cancelling_gives_the_place_to_whoever_waits(desk):
    """By the progress bar: the next one starts, nothing is applied, nobody is told what they did themselves."""
    window, uri, other, other_uri = await one_served_one_waiting(desk)
    (token,) = window.progress
    window.notify("window/workDoneProgress/cancel", {"token": token})
    await window.done()
    await other.done()
    assert text(other, other_uri) == SIMPLIFIED
    assert text(window, uri) == SOURCE
    assert window.told == other.told == []
    assert desk.emulator.record.too_many == []
    # By the command with an id, and by the menu.
    for way in ("command", "menu"):
        desk.emulator.fail("hang")
        run_id = await slow(desk, window, uri)
        if way == "command":
            answer = await window.request(
                "workspace/executeCommand", {"command": "zai.cancel", "arguments": [{"id": run_id}]}
            )
            assert answer == {"id": run_id}
        else:
            await window.pick(uri, INSIDE_TOTAL, "Cancel the running GLM request")
        await desk.in_flight(0)
    await window.done(3)
    assert text(window, uri) == SOURCE


async def test_a_killed_server_gives_its_place_away(desk):
    """SIGKILL while it holds the slot: the other window's request reaches the service within a second."""
    window, _, other, uri = await one_served_one_waiting(desk)
    killed_at = time.time()
    window.kill()
    await other.done()
    assert desk.emulator.record.chats[-1].started_at - killed_at < 1.0
    assert text(other, uri) == SIMPLIFIED
    assert desk.emulator.record.too_many == []


async def test_a_shutdown_answers_everything_and_gives_the_place_away(desk):
    """With work in flight and a request on the wire: each is answered, the bar ends, the exit code is 0."""
    window, uri, other, other_uri = await one_served_one_waiting(desk)
    listing = asyncio.ensure_future(window.code_actions(uri, INSIDE_TOTAL))
    await asyncio.sleep(0)
    assert await window.stop() == 0
    assert await listing
    assert window.ends == 1
    await other.done()
    assert text(other, other_uri) == SIMPLIFIED


async def test_an_editor_that_crashes_gives_its_place_away(desk):
    """Its server sees the end of its input, ends by itself, and the other window goes on."""
    window, _, other, uri = await one_served_one_waiting(desk)
    window.hang_up()
    assert await window.wait() == 1
    await other.done()
    assert text(other, uri) == SIMPLIFIED


# -- the text moves on while the model writes ------------------------------------------------------------------------


async def test_an_answer_follows_its_lines(desk):
    """Typed above, and inside a line below: the answer lands where its function is now, in one step."""
    window, uri = await desk.open(SOURCE)
    await slow(desk, window, uri, fenced(BETTER))
    window.change(uri, (2, 0), (2, 0), "import re  # é🎉\n")
    window.change(uri, (14, 11), (14, 11), '"🎉" + ')
    typed = text(window, uri)
    await window.done()
    expected = SIMPLIFIED.replace("import os", "import re  # é🎉\nimport os").replace(
        'return "é🎉"', 'return "🎉" + "é🎉"'
    )
    assert text(window, uri) == expected
    window.undo(uri)
    assert text(window, uri) == typed
    assert window.told == []


async def test_an_answer_to_lines_that_changed_is_kept(desk):
    """Not applied, told in one sentence, and `zai-ls answers` still has it."""
    window, uri = await desk.open(SOURCE)
    await slow(desk, window, uri, fenced(BETTER))
    window.change(uri, (7, 0), (8, 0), "    for each in sorted(prices):\n")
    typed = text(window, uri)
    await window.read("You changed the same lines of prices.py")
    await window.done()
    assert text(window, uri) == typed
    assert (window.applied, len(window.told)) == ([], 1)
    (kept,) = desk.kept()
    assert (kept.uri, kept.reason) == (uri, "conflict")
    assert "sum(price * rate" in kept.text
    listed = await desk.zai("answers")
    assert kept.id in listed
    assert "prices.py" in listed


@pytest.mark.parametrize("new_name", [None, "costs.py"])
async def test_an_answer_for_a_document_that_is_gone_is_kept(desk, new_name):
    """Closed, or renamed (which editors say as closing one and opening another): nothing is applied anywhere."""
    window, uri = await desk.open(SOURCE)
    await slow(desk, window, uri, fenced(BETTER))
    window.close(uri)
    if new_name:
        renamed = desk.file(new_name, SOURCE)
        window.open(renamed, "python", SOURCE)
    await window.read("prices.py was closed or renamed")
    await window.done()
    assert window.applied == []
    if new_name:
        assert text(window, renamed) == SOURCE
    (kept,) = desk.kept()
    assert (kept.uri, kept.reason) == (uri, "document_closed")


async def test_an_answer_finds_its_lines_in_a_document_that_was_opened_anew(desk):
    """Closed and opened again with more text, as after a branch was switched: versions begin anew and prove nothing."""
    window, uri = await desk.open(SOURCE)
    await slow(desk, window, uri, fenced(BETTER))
    window.close(uri)
    window.open(uri, "python", SOURCE.replace("import os", "import re\nimport os"))
    await window.done()
    assert text(window, uri) == SIMPLIFIED.replace("import os", "import re\nimport os")
    assert window.told == []


# -- what the model and the service say -----------------------------------------------------------------------------


async def test_a_reply_that_breaks_the_file_is_offered_not_applied(desk):
    """Asked once more, then kept; "Apply the kept answer" is offered until the text changes."""
    window, uri = await desk.open(SOURCE)
    broken = BETTER.replace(")", "", 1)
    for _ in range(2):
        desk.emulator.reply(fenced(broken))
    await window.pick(uri, INSIDE_TOTAL, "Simplify total")
    await window.read("would break the syntax of prices.py")
    await window.done()
    assert (window.applied, text(window, uri)) == ([], SOURCE)
    assert len(desk.emulator.record.chats) == 2
    (kept,) = desk.kept()
    assert kept.reason == "breaks_syntax"
    await window.pick(uri, INSIDE_TOTAL, "Apply the kept answer")
    await window.until(lambda: window.applied)
    assert "def total(prices, rate:" in text(window, uri)
    window.undo(uri)
    menu = await window.code_actions(uri, INSIDE_TOTAL)
    assert not [action for action in menu if "kept answer" in action["title"]]


async def test_prose_in_place_of_code_is_kept(desk):
    """Twice no code: nothing is applied, one sentence, the words can be read."""
    window, uri = await desk.open(SOURCE)
    for _ in range(2):
        desk.emulator.reply("I am sorry, but I would rather talk about the weather today.")
    await window.pick(uri, INSIDE_TOTAL, "Simplify total")
    await window.read("did not answer with code")
    await window.done()
    assert (window.applied, text(window, uri), len(window.told)) == ([], SOURCE, 1)
    assert "weather" in desk.kept()[0].text


@pytest.mark.parametrize("code", ["1000", "1308", "1261"])
async def test_a_refusal_of_the_service_is_told_once(desk, code):
    """One sentence, nothing applied, the place is free."""
    window, uri = await desk.open(SOURCE)
    desk.emulator.fail(code, times=None)
    await window.pick(uri, INSIDE_TOTAL, "Simplify total")
    await window.done()
    assert (window.applied, text(window, uri)) == ([], SOURCE)
    (told,) = window.told
    assert "\n" not in told.strip()
    assert code in told
    assert desk.emulator.record.in_flight() == 0
    assert await window.stop() == 0


async def test_without_a_key_everything_says_why(tmp_path):
    """Told once at the start; each action is there, disabled, with the reason; nothing is sent."""
    async with a_desk(tmp_path, key=False) as desk:
        window, uri = await desk.open(SOURCE)
        await window.read("ZAI_API_KEY")
        menu = await window.code_actions(uri, Range(Point(5, 0), Point(10, 0)))
        assert menu
        assert all("ZAI_API_KEY" in action["disabled"]["reason"] for action in menu)
        assert await window.stop() == 0
        assert len(window.told) == 1
        assert desk.emulator.record.served == []


async def test_a_file_that_is_ignored_is_left_alone_and_the_reason_is_shown(desk):
    """In the menu, when an action is run all the same, and when it is asked why no completion came; nothing is sent."""
    window, uri = await desk.open(SOURCE)
    (desk.files / ".zaiignore").write_text("# ours\n*.py\n")
    words = f"`*.py`, line 2 of {desk.files}/.zaiignore"
    menu = await window.code_actions(uri, Range(Point(5, 0), Point(10, 0)))
    assert menu
    assert all(words in action["disabled"]["reason"] for action in menu)
    await window.command("zai.run", {"action": "explain", "uri": uri})
    await window.read(words)
    assert await window.ghost(uri, (6, 4)) == []
    await window.command("zai.explainLast")
    await window.until(lambda: window.shown or len(window.told) > 1)
    assert desk.emulator.record.chats == []
    assert await window.stop() == 0


# -- texts of every shape ------------------------------------------------------------------------------------------------

NARROW = "def f(a):\n    return  a\n"
SHAPES = {
    "crlf": (NARROW.replace("\n", "\r\n"), "def f(a):\n    return a", "def f(a):\r\n    return a\r\n"),
    "tabs": (
        "if 1:\n\tdef f(a):\n\t\treturn  a\n",
        "def f(a):\n    return a",
        "if 1:\n\tdef f(a):\n\t\treturn a\n",
    ),
    "no final newline": (NARROW[:-1], "def f(a):\n    return a", "def f(a):\n    return a"),
    "surrogate pairs": (
        "X = '😀'\ndef f(a):\n    return '😀' + a  # 😀",
        "def f(a):\n    return a + '😀'  # 😀😀",
        "X = '😀'\ndef f(a):\n    return a + '😀'  # 😀😀",
    ),
    "mixed endings": (
        "A = 1\r\nB = 2\ndef f(a):\r\n    return  a\r\n",
        "def f(a):\n    return a",
        "A = 1\r\nB = 2\ndef f(a):\r\n    return a\r\n",
    ),
    "form feed": (
        "A = 1\n\f\ndef f(a):\n    return  a\n",
        "def f(a):\n    return a",
        "A = 1\n\f\ndef f(a):\n    return a\n",
    ),
}


@pytest.mark.parametrize("editor", ["vscode-1.139", "neovim-0.11"])
async def test_the_shape_of_a_text_is_kept(desk, editor):
    """Line endings, tabs, a missing last newline, characters outside the basic plane: in utf-16 and in utf-8."""
    window = await desk.window(capabilities=capabilities(editor))
    for number, (name, (original, reply, expected)) in enumerate(SHAPES.items(), 1):
        uri = desk.file(f"{name.replace(' ', '_')}.py", original)
        window.open(uri, "python", original)
        desk.emulator.reply(fenced(reply))
        line = next(n for n, line in enumerate(window.documents[uri].lines) if "return" in line)
        await window.pick(uri, Range(Point(line, 8), Point(line, 8)), "Simplify f")
        await window.done(number)
        assert text(window, uri) == expected, (name, window.told)
        window.undo(uri)
        assert text(window, uri) == original, name


async def test_what_cannot_be_worked_on_says_so(desk):
    """A huge file, a binary one, a place without code, a range past the end: told why, nothing sent, nothing hangs."""
    window = await desk.window()
    table = (
        ("huge.py", "# é🎉\n" * 700_000, TOP, "huge.py is larger than"),
        ("binary.py", "def f():\n    return 1\n\0\n", TOP, "binary.py is a binary file"),
        ("empty.py", "", TOP, "no code here"),
        ("blank.py", SOURCE, Range(Point(3, 0), Point(4, 0)), "no code here"),
        ("past.py", SOURCE, Range(Point(9_999, 3), Point(10_000, 7)), "no code here"),
    )
    for count, (name, content, range_, sentence) in enumerate(table, 1):
        uri = desk.file(name, content)
        window.open(uri, "python", content)
        offered = [a for a in await window.code_actions(uri, range_) if "disabled" not in a]
        assert offered == [], name
        # The command can be run without the menu.
        argument = {
            "action": "simplify",
            "uri": uri,
            "range": window.range_out(window.documents[uri], range_),
        }
        await window.request("workspace/executeCommand", {"command": "zai.run", "arguments": [argument]})
        await window.read(sentence)
        await window.done(count)
        assert len(window.told) == count, window.told
        window.close(uri)
    assert window.applied == []
    assert desk.emulator.record.chats == []
    with pytest.raises(RequestFailed):
        await window.request("workspace/executeCommand", {"command": "zai.run", "arguments": ["nonsense"]})
    assert await window.stop() == 0
