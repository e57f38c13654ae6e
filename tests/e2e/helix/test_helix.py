"""The main flows as somebody who uses Helix meets them."""

from __future__ import annotations

import json

import pytest

from tests.e2e.clients import BETTER, INSIDE_TOTAL, SIMPLIFIED, SOURCE, a_desk, fenced, text, until
from tests.e2e.helix.editor import Helix
from tests.unit.core.marked import end_point
from zai_ls.cli.demo.editor import RequestFailed
from zai_ls.domain import Point, Range

LINE = 6
"""A line of `total`, counted from 0."""


async def test_from_the_menu_to_one_undo(desk):
    """Columns in utf-8; moving about offers nothing unasked; one edit, one undo; the command's answer is not needed."""
    helix, uri = await desk.open(SOURCE, kind=Helix)
    assert helix.encoding == "utf-8"
    for line in range(10):
        assert await helix.move(uri, line) == []
    # A cursor on é is two bytes wide, on 🎉 four; on the line ending it spans two lines.
    for column in range(10, len('    return "é🎉" + name') + 1):
        assert await helix.move(uri, 13, column) == []
    desk.emulator.reply(fenced(BETTER))
    await helix.pick(uri, INSIDE_TOTAL, "Simplify total")
    await helix.done()
    assert text(helix, uri) == SIMPLIFIED
    assert len(helix.applied) == 1
    helix.undo(uri)
    assert text(helix, uri) == SOURCE
    await helix.answered()
    assert (helix.told, helix.refused) == ([], 0)
    assert await helix.stop() == 0


async def test_a_comment_is_the_box_for_instructions(desk):
    """`zai: …` is offered when the cursor comes by, under its own words; the comment goes with the change."""
    source = "# zai: rename tally to zähle\ndef tally(words):\n    return len(words)  # é🎉\n"
    helix, uri = await desk.open(source, kind=Helix)
    assert await helix.move(uri, 0, 3) == ["GLM: rename tally to zähle"]
    desk.emulator.reply(fenced("def zähle(words):\n    return len(words)  # é🎉"))
    await helix.pick(uri, Range(Point(0, 3), Point(0, 3)), "rename tally")
    await helix.done()
    assert text(helix, uri) == "def zähle(words):\n    return len(words)  # é🎉\n"
    helix.undo(uri)
    assert text(helix, uri) == source
    assert helix.told == []


async def test_a_diagnostic_is_fixed(desk):
    """Offered with its message when the cursor comes by, and carried along: Helix keeps no memory of it."""
    helix, uri = await desk.open(SOURCE, kind=Helix)
    document = helix.documents[uri]
    here = Range(Point(LINE + 2, 8), Point(LINE + 2, 14))
    problem = {"range": helix.range_out(document, here), "message": "result is ü🎉", "severity": 1}
    cursor = Range(Point(LINE + 2, 9), Point(LINE + 2, 9))
    menu = await helix.menu(uri, cursor, trigger=2, diagnostics=[problem])
    assert [action["title"] for action in menu] == ["GLM: Fix: result is ü🎉"]
    desk.emulator.reply(fenced(BETTER), body="result is ü🎉")
    await helix.pick(uri, cursor, "Fix: result", diagnostics=[problem])
    await helix.done()
    assert text(helix, uri) == SIMPLIFIED
    assert helix.told == []


async def test_cancelling_is_an_action(desk):
    """Offered while a request runs, and only then, also when nobody opened the menu."""
    helix, uri = await desk.open(SOURCE, kind=Helix)
    desk.emulator.fail("hang")
    await helix.pick(uri, INSIDE_TOTAL, "Simplify total")
    await desk.in_flight()
    assert await helix.move(uri, LINE) == ["Cancel the running GLM request"]
    await helix.pick(uri, INSIDE_TOTAL, "Cancel the running")
    await desk.in_flight(0)
    await helix.done()
    assert await helix.move(uri, LINE) == []
    assert (text(helix, uri), helix.told, helix.applied) == (SOURCE, [], [])


async def test_a_refused_edit_is_moved_and_tried_again(desk):
    """The person types in the moment the edit arrives: Helix refuses it, and it comes again for the new text."""
    helix, uri = await desk.open(SOURCE, kind=Helix)

    def typing(_):
        helix.before_apply = None
        helix.change(uri, (2, 0), (2, 0), "import re  # é🎉\n")

    helix.before_apply = typing
    desk.emulator.reply(fenced(BETTER))
    await helix.pick(uri, INSIDE_TOTAL, "Simplify total")
    await helix.done()
    assert text(helix, uri) == SIMPLIFIED.replace("import os", "import re  # é🎉\nimport os")
    assert (helix.refused, len(helix.applied), helix.told) == (1, 2, [])
    helix.undo(uri)
    assert text(helix, uri) == SOURCE.replace("import os", "import re  # é🎉\nimport os")


async def test_an_edit_that_is_always_refused_is_kept(desk):
    """Three tries, then one sentence; the answer is not lost, and the file is as the person left it."""
    helix, uri = await desk.open(SOURCE, kind=Helix)
    helix.before_apply = lambda _: helix.change(uri, (2, 0), (2, 0), "# again\n")
    desk.emulator.reply(fenced(BETTER))
    await helix.pick(uri, INSIDE_TOTAL, "Simplify total")
    await helix.read("did not take the change of prices.py")
    await helix.done()
    assert helix.refused == 3
    assert text(helix, uri) == SOURCE.replace("import os", "# again\n" * 3 + "import os")
    assert len(helix.told) == 1
    assert "sum(price * rate" in desk.kept()[0].text


async def test_explanations_and_tests(desk):
    """Helix opens no documents for a server: the explanation is a message. Tests come in a file of their own."""
    helix, uri = await desk.open(SOURCE, kind=Helix)
    await helix.pick(uri, INSIDE_TOTAL, "Explain total")
    assert "explanation is emulated" in await helix.read("total")
    await helix.done()
    await helix.pick(uri, INSIDE_TOTAL, "Write tests for total")
    await helix.done(2)
    (new,) = set(helix.documents) - {uri}
    assert new.rpartition("/")[2] == "test_prices.py"
    assert "def test_total" in text(helix, new)
    assert text(helix, uri) == SOURCE
    assert len(helix.told) == 1
    await helix.answered()
    await until(lambda: desk.emulator.record.in_flight() == 0)


async def test_without_a_key(tmp_path):
    """Helix shows no disabled action, so the sentence at the start is all that the person reads: it must come."""
    async with a_desk(tmp_path, key=False) as desk:
        helix, uri = await desk.open(SOURCE, kind=Helix)
        await helix.read("ZAI_API_KEY")
        assert await helix.menu(uri, INSIDE_TOTAL) == []
        assert helix.dropped
        assert len(helix.told) == 1


# -- completions ----------------------------------------------------------------------------------------------

AT_ONCE = "[completion]\ndebounceMs = 1\n"


async def writing(desk, marked, settings=AT_ONCE):
    """Helix with one file open and the cursor at `⎸`: editor, URI, cursor."""
    desk.configure(settings)
    before, _, after = marked.partition("⎸")
    helix, uri = await desk.open(before + after, kind=Helix)
    point = end_point(before)
    return helix, uri, (point.line, point.column)


async def test_a_late_completion_joins_the_menu(desk):
    """It comes while the person types on: it still fits, and goes where the word began. A guess, though Helix calls it asked for."""
    helix, uri, at = await writing(desk, 'def total(prices):\n    x = "é🎉"; ⎸\n')
    at = helix.keys(uri, at, "pri")
    desk.emulator.reply("nt(x)  # é🎉", fault="slow-first-token=0.2")
    menu = helix.asked_for(uri, at)
    await desk.in_flight()
    at = helix.keys(uri, at, "nt")
    (item,) = await menu.items(at)
    assert (item["label"], item["sortText"], item["insertTextFormat"]) == ("print(x)  # é🎉", "~~zai", 1)
    # Helix reads documentation as Markdown, whatever it is called.
    assert item["documentation"]["value"] == "```python\nprint(x)  # é🎉\n```"
    menu.accept(item, at)
    assert text(helix, uri) == 'def total(prices):\n    x = "é🎉"; print(x)  # é🎉\n'
    assert helix.told == []
    assert await helix.stop() == 0
    rows = json.loads(await desk.zai("stats", "--json"))
    assert [row["lane"] for row in rows["requests"]] == ["typing"]
    (row,) = rows["completions"]
    assert (row["shown"], row["accepted"], row["rejected"]) == (1, 1, 0)


async def test_a_block_goes_in_as_it_is(desk):
    """Helix indents nothing that it inserts."""
    helix, uri, at = await writing(desk, "def total(prices):\n    ⎸\n")
    desk.emulator.reply("for price in prices:\n        print(price)\n    return None")
    menu = helix.asked_for(uri, at)
    (item,) = await menu.items(at)
    menu.accept(item, at)
    assert text(helix, uri) == (
        "def total(prices):\n    for price in prices:\n        print(price)\n    return None\n"
    )


async def test_nothing_is_ever_cancelled(desk):
    """A newer request answers the older one, which would wait for its pause otherwise; each is answered once, also at the end."""
    helix, uri, at = await writing(desk, "def total(prices):\n    ⎸\n", "[completion]\ndebounceMs = 10000\n")
    older = helix.asked_for(uri, at)
    at = helix.keys(uri, at, "x =")
    newer = helix.asked_for(uri, at)
    assert await older.items(at) == []
    assert not newer.answer.done()
    assert await helix.stop() == 0
    with pytest.raises(RequestFailed):
        await newer.answer
    assert desk.emulator.record.chats == []


async def test_who_wants_to_ask_has_an_answer(desk):
    """`completion.menu = "invoked"`, with Helix's own guessing switched off: each request is a person's."""
    helix, uri, at = await writing(desk, "def total(prices):\n    ⎸\n", f'{AT_ONCE}menu = "invoked"\n')
    at = helix.keys(uri, at, "return ")
    desk.emulator.reply("prices")
    (item,) = await helix.asked_for(uri, at).items(at)
    assert item["label"] == "prices"
    assert await helix.stop() == 0
    rows = json.loads(await desk.zai("stats", "--json"))
    assert [row["lane"] for row in rows["requests"]] == ["invoked"]
