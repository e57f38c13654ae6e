"""Completions, from the key to what is proposed: few requests, an answer for everybody, nothing that does not fit."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.integration.writing import LONG_S, said, writing
from zai_ls.domain import Proposed

BODY = "def total(prices):\n    ⎸\n\n\ndef other():\n    return 1\n"
SUM = "return sum(prices)"


# -- as few requests as will do ------------------------------------------------------------------------------


async def test_what_was_proposed_here_is_proposed_again(tmp_path):
    """Without a request and without a pause."""
    async with writing(tmp_path, BODY) as w:
        w.story.reply(SUM)
        assert SUM == await w.complete()
        assert SUM == said(await w.wish())
        assert w.requests == 1


@pytest.mark.parametrize("typed", ["r", "return ", "return sum(", SUM[:-1]])
async def test_typing_through_shows_the_rest(tmp_path, typed):
    """At once, also with the bracket that the editor closes; and going back shows all of it again."""
    async with writing(tmp_path, BODY) as w:
        w.story.reply(SUM)
        await w.complete()
        w.type(typed, close=")" if typed.endswith("(") else "")
        rest = said(await w.wish())
        assert rest == SUM[len(typed) :].removesuffix(")" if typed.endswith("(") else "\0")
        w.erase()
        assert said(await w.wish()).startswith(typed[-1]) or typed.endswith("(")
        assert w.requests == 1


async def test_typed_out_by_hand_asks_for_what_comes_next(tmp_path):
    """The proposal is used up; the end of a call is no place to ask, the next line is."""
    async with writing(tmp_path, BODY) as w:
        w.story.reply(SUM, "x = 1")
        await w.complete()
        w.type(SUM)
        assert await w.complete() == "no: after_closing_bracket"
        w.type("\n    ")
        assert await w.complete() == "x = 1"
        assert w.requests == 2


async def test_a_request_under_way_serves_whoever_types_on(tmp_path):
    """The person types what the model is about to say: one request, the rest of its answer, the stream is not cut."""
    async with writing(tmp_path, BODY) as w:
        w.story.reply(SUM)
        later = []
        w.story.heard.meanwhile += [lambda: w.type("ret") or later.append(w.wish())]
        first = w.wish()
        await w.clock.turn(LONG_S)
        await w.until(lambda: later)
        assert said(await w.after_pause(later[0])) == SUM[3:]
        assert said(await first) == "no: superseded"
        await w.settled()
        assert [served.ended for served in w.story.emulator.record.chats] == ["complete"]


async def test_a_request_that_typing_makes_useless_is_closed(tmp_path):
    """Something else was typed than the model says: its stream is closed, the next wish gets an answer of its own."""
    async with writing(tmp_path, BODY, tokens_per_second=400) as w:
        w.story.reply("return " + "sum(prices) + " * 40 + "1", "1 + 1")
        wish = w.wish()
        await w.clock.turn(LONG_S)
        await w.until(lambda: w.story.emulator.record.in_flight() == 1)
        flight = w.completer._sheets[w.uri].flight
        await w.until(lambda: flight._so_far.text or flight._raw)
        w.type("while x:")
        assert said(await wish) == "no: text_moved"
        await w.until(lambda: not w.story.emulator.record.in_flight())
        assert [served.ended for served in w.story.emulator.record.chats] == ["hangup"]


async def test_a_burst_is_one_request_and_six_answers(tmp_path):
    """Six keys 80 ms apart with a wish each, nothing known before."""
    async with writing(tmp_path, BODY) as w:
        w.story.reply("n sum(prices)")
        wishes = []
        for key in "retur":
            w.type(key)
            wishes.append(w.wish())
            await w.clock.turn(0.08)
        wishes.append(w.wish())
        answers = [said(await w.after_pause(wish)) for wish in reversed(wishes)]
        assert answers == ["n sum(prices)", *["no: superseded"] * 5]
        assert w.requests == 1


async def test_a_wish_that_was_cancelled_leaves_its_request_to_the_next(tmp_path):
    """Editors cancel at every key; the answer is for the text, not for who asked."""
    async with writing(tmp_path, BODY) as w:
        w.story.reply(SUM)
        first = w.wish()
        w.story.heard.meanwhile.append(first.cancel)
        await w.clock.turn(LONG_S)
        await w.until(lambda: w.requests == 1)
        await w.settled()
        assert first.cancelled()
        assert SUM == said(await w.wish())
        assert w.requests == 1


async def test_who_cannot_wait_has_it_at_the_next_key(tmp_path):
    """The menu's automatic wish: an empty answer at once, the model fills the store."""
    async with writing(tmp_path, BODY) as w:
        w.story.reply(SUM)
        assert said(await w.wish(waits_s=0)) == "no: not_ready"
        await w.clock.turn(LONG_S)
        await w.until(lambda: w.requests == 1)
        await w.settled()
        assert SUM == said(await w.wish(waits_s=0))
        assert w.requests == 1


async def test_what_was_made_ready_and_never_shown_counts_as_nothing(tmp_path):
    """Nobody saw it: it is no miss, and no pause grows because of it."""
    async with writing(tmp_path, BODY) as w:
        shown = shown_of(w)
        w.story.reply(SUM)
        assert said(await w.wish(waits_s=0)) == "no: not_ready"
        await w.clock.turn(LONG_S)
        await w.until(lambda: w.requests == 1)
        await w.settled()
        await w.clock.turn(1)
        w.type("while x:")
        assert shown.completion_stats("test", 0) == ()
        assert w.completer._fates.misses(w.uri) == 0


async def test_a_guess_for_a_file_that_was_left_gives_way(tmp_path):
    """The service never answers in one file; whoever goes on in another one has an answer there."""
    async with writing(tmp_path, BODY) as w:
        w.story.emulator.fail("hang")
        left = w.wish()
        await w.clock.turn(LONG_S)
        await w.until(lambda: w.requests == 1)
        w.open(BODY, "other.py")
        w.story.reply(SUM)
        assert SUM == await w.complete()
        assert said(await left) == "no: superseded"


async def test_who_waits_for_so_long_waits_no_longer(tmp_path):
    """An invoked menu is answered when its time is up; the answer is there at the next one."""
    async with writing(tmp_path, BODY) as w:
        w.story.emulator.fail("hang")
        wish = w.wish(invoked=True, waits_s=8.0)
        await w.until(lambda: w.requests == 1)
        await w.clock.turn(7.9)
        assert not wish.done()
        await w.clock.turn(0.2)
        assert said(await wish) == "no: not_ready"


async def test_a_model_with_nothing_to_say_is_not_asked_again_here(tmp_path):
    """By guessing: asked twice, since the stop word may have hidden what it said; a person who asks is worth another."""
    async with writing(tmp_path, BODY) as w:
        w.story.reply("", "", SUM)
        assert await w.complete() == "no: cut_short"
        assert await w.complete() == "no: no_answer"
        assert await w.complete() == "no: nothing_to_add"
        assert w.requests == 2
        assert await w.complete(invoked=True) == SUM


async def test_a_person_who_asks_waits_for_no_pause(tmp_path):
    """The request leaves without any time passing, and counts as invoked."""
    async with writing(tmp_path, BODY) as w:
        w.type("r")
        w.story.reply("eturn 1")
        async with asyncio.timeout(10):
            assert isinstance(await w.wish(invoked=True), Proposed)
        assert w.story.road.ledger.recent("test", 1)[0].lane == "invoked"


async def test_a_wish_of_the_moment_in_which_an_answer_comes_finds_it(tmp_path):
    """An editor that asks again and again while it waits brings about one request."""
    async with writing(tmp_path, BODY, {"completion": {"debounceMs": 1}}) as w:
        w.story.reply(SUM[1:], times=None)
        w.type("r")
        wishes = [w.wish(waits_s=0)]
        await w.clock.turn(1)
        async with asyncio.timeout(10):
            while not wishes[-1].done() or said(wishes[-1].result()) != SUM[1:]:
                wishes.append(w.wish(waits_s=0))
                await asyncio.sleep(0)
        await w.settled()
        assert w.requests == 1


# -- when not to ask -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("x = foo()⎸\n", "after_closing_bracket"),
        ("x = [1]⎸\n", "after_closing_bracket"),
        ("retu⎸rn x\n", "inside_word"),
        ("x = ⎸foo(1)\n", "inside_line"),
        ("# what the ⎸\n", "in_comment"),
        ("x = 'abc ⎸'\n", "in_string"),
        ('def f():\n    """What it ⎸\n    """\n', "in_string"),
        ("⎸\n", "nothing_to_go_by"),
    ],
)
async def test_where_a_guess_is_worth_no_request(tmp_path, marked, reason):
    """Nothing is sent, the reason can be read; a person who asks gets an answer all the same."""
    async with writing(tmp_path, marked) as w:
        assert await w.complete() == f"no: {reason}"
        assert w.requests == 0
        assert w.last
        w.story.reply("x")
        await w.complete(invoked=True)
        assert w.requests == 1


@pytest.mark.parametrize(
    ("settings", "name", "reason"),
    [
        ({"completion": {"mode": "off"}}, "a.py", "mode_off"),
        ({"completion": {"mode": "invoked"}}, "a.py", "mode_invoked"),
        ({"completion": {"perLanguage": {"python": "off"}}}, "a.py", "mode_off"),
        ({"completion": {"mode": "off", "perLanguage": {"python": "invoked"}}}, "a.py", "mode_invoked"),
        ({"completion": {"perGlob": {"*.gen.py": "off"}}}, "a.gen.py", "mode_off"),
        ({"completion": {"perGlob": {"lib/**": "off", "*.py": "auto"}}}, "lib/a.py", "mode_off"),
        ({"languages": {"off": ["python"]}}, "a.py", "language_off"),
        ({"limits": {"maxFileBytes": 1024}}, "a.py", "unfit"),
        ({}, ".env.local", "ignored"),
        ({}, "id_rsa", "ignored"),
    ],
)
async def test_what_switches_completions_off(tmp_path, settings, name, reason):
    """Everywhere, by language, by file, by size, by what a name says."""
    async with writing(tmp_path, settings=settings) as w:
        w.open(BODY + "#" * 2000 * (reason == "unfit"), name)
        assert await w.complete() == f"no: {reason}"
        if reason != "mode_invoked":
            assert await w.complete(invoked=True) == f"no: {reason}"
        assert w.requests == 0


@pytest.mark.parametrize(
    ("key", "marked"), [("inComments", "# what the ⎸\nx = 1\n"), ("inStrings", "x = 'abc ⎸'\n")]
)
async def test_comments_and_strings_where_they_are_wanted(tmp_path, key, marked):
    async with writing(tmp_path, marked, {"completion": {key: True}}) as w:
        w.story.reply("name is")
        assert await w.complete() == "name is"


async def test_after_a_deletion_nothing_is_asked(tmp_path):
    """Until something is typed again; what is known already is shown."""
    async with writing(tmp_path, BODY) as w:
        w.type("retun")
        w.erase(2)
        assert await w.complete() == "no: after_deletion"
        w.type("u")
        w.story.reply("rn 1")
        assert await w.complete() == "rn 1"


@pytest.mark.parametrize(
    ("selected", "answer"), [("urn", "urn sum(prices)"), ("ain", "no: menu_item_selected")]
)
async def test_while_the_editors_own_menu_is_open(tmp_path, selected, answer):
    """What it has selected is what the person looks at: only what begins like that is shown, and nothing is asked."""
    async with writing(tmp_path, BODY) as w:
        w.story.reply(SUM)
        await w.complete()
        w.type("ret")
        assert await w.complete(selected=selected) == answer
        w.type("x")
        assert await w.complete(selected="y") == "no: menu_item_selected"
        assert w.requests == 1


async def test_the_switch_of_this_window(tmp_path):
    """Off: nothing is asked and what is under way is closed; on again: as before."""
    async with writing(tmp_path, BODY) as w:
        w.story.emulator.fail("hang")
        wish = w.wish()
        await w.clock.turn(LONG_S)
        await w.until(lambda: w.requests == 1)
        assert w.completer.toggle() is False
        assert said(await wish) == "no: switched_off"
        assert await w.complete(invoked=True) == "no: switched_off"
        assert w.completer.toggle() is True
        w.story.reply(SUM)
        assert SUM == await w.complete()


# -- the prompt ----------------------------------------------------------------------------------------------


async def test_what_the_model_is_shown(tmp_path):
    """Imports, what encloses the cursor, both sides of it, similar code, recent edits; nothing of a file that is off."""
    async with writing(tmp_path, settings={"completion": {"perGlob": {"private.py": "off"}}}) as w:
        w.open("def average(prices):\n    return sum(prices) / len(prices)\n", "other.py")
        w.open("prices = 'sum(prices) total prices return def'\n", "private.py")
        w.open("import os\n\nRATE = 1\n\n" + "# far\n\n" * 800 + BODY)
        w.change("RATE = 1", "RATE = 2")
        w.story.reply(SUM)
        await w.complete()
        prompt = w.prompt()
        assert "<imports>\nimport os\n</imports>" in prompt
        assert '<similar file="other.py">\ndef average(prices):' in prompt
        assert "+RATE = 2" in prompt
        assert "RATE = 1" not in prompt, "what was taken out may have been a secret"
        assert "<after>\n\n\ndef other():\n    return 1\n</after>" in prompt
        assert "def total(prices):\n    </before>" in prompt
        assert "private" not in prompt
        sent = json.loads(w.story.heard.bodies[-1])
        assert sent["thinking"] == {"type": "disabled"}
        assert sent["max_tokens"] <= 160
        assert len(sent["stop"]) == 1


async def test_what_stays_the_same_comes_first(tmp_path):
    """The service caches common beginnings: while a line is typed only the end of the prompt changes."""
    async with writing(tmp_path, "import os\n\n\n" + BODY) as w:
        w.story.reply("", "")
        await w.complete(invoked=True)
        w.type("return sum(x for x in ")
        await w.complete(invoked=True)
        one, two = w.prompt(0), w.prompt(1)
        same = next(n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b)
        assert one[same:].startswith("</before>")


async def test_a_request_that_waited_in_line_asks_for_the_text_as_it_is(tmp_path):
    """What was typed meanwhile is in it."""
    async with writing(tmp_path, BODY) as w:
        lease = await w.story.road.slot.hold(ticket())
        wish = w.wish()
        await w.clock.turn(LONG_S)
        await w.until(lambda: w.story.road.slot.view("test").waiting)
        w.type("return su")
        second = w.wish()
        w.story.reply("m(prices)")
        lease.release(clean=True)
        assert said(await w.after_pause(second)) == "m(prices)"
        assert said(await wish) == "no: superseded"
        assert "    return su</before>" in w.prompt()
        assert w.requests == 1


def ticket():
    from zai_ls.core.scheduling import Ticket
    from zai_ls.domain import Lane

    return Ticket(id="in-the-way", account="test", lane=Lane.ACTION, model="glm-4.7")


# -- the answer ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reply", ["return = 1", "def def x", "for x in y:\n  return 1\n    x = 2"])
async def test_what_would_break_a_sound_file_is_dropped(tmp_path, reply):
    """And is not asked for again."""
    async with writing(tmp_path, BODY) as w:
        w.story.reply(reply)
        assert await w.complete() == "no: breaks_syntax"
        assert await w.complete() == "no: nothing_to_add"
        assert w.requests == 1


async def test_what_is_not_what_it_looks_like_is_dropped(tmp_path):
    """Letters of another alphabet in a name; what cannot be seen is taken out before anything is shown."""
    async with writing(tmp_path, BODY) as w:
        w.story.reply("return l\u0435n(x)")
        assert await w.complete() == "no: spoofs"
        assert w.requests == 1


@pytest.mark.parametrize(
    ("reply", "stop"),
    [
        ("```python\nx + 1\n```", ["\n```"]),
        ("Here is the completion:\n\n```python\nx + 1\n```\n", None),
        ("<think>\nx is 1.\n</think>\nx + 1", None),
    ],
)
async def test_a_model_that_does_not_begin_with_code_is_asked_in_another_way(tmp_path, reply, stop):
    """The stop word of a line hides its code; the next request lets more through. One that behaves is held short again."""
    async with writing(tmp_path, "x = 1\ny = ⎸\n") as w:
        w.story.reply(reply, reply, "x + 2")
        assert await w.complete() == "no: cut_short"
        assert await w.complete() == "x + 1"
        w.type("x + 1\nz = ")
        assert await w.complete() == "x + 2"
        w.type("x + 2\nz = ")
        await w.complete()
        stops = [json.loads(body).get("stop") for body in w.story.heard.bodies]
        assert stops == [["\n"], stop, stop, ["\n"]]


async def test_a_line_break_says_that_the_line_is_finished(tmp_path):
    """It is not asked again here, and the model is not taken for a talker."""
    async with writing(tmp_path, "x = 1\ny = x⎸\n") as w:
        w.story.reply("\nz = 2")
        assert await w.complete() == "no: no_answer"
        assert await w.complete() == "no: nothing_to_add"
        assert w.requests == 1


async def test_thinking_without_a_word_is_no_completion(tmp_path):
    async with writing(tmp_path, BODY) as w:
        w.story.emulator.fail("empty-text")
        assert await w.complete() == "no: no_answer"


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("1302", "failed"),
        ("1305", "failed"),
        ("1113", "failed"),
        ("1308", "throttled"),
        ("1313", "failed"),
        ("status=500", "failed"),
        ("garbage", "failed"),
        ("cut", "failed"),
        ("error-in-stream=1305", "failed"),
        ("finish=sensitive", "no_answer"),
        ("finish=network_error", "no_answer"),
    ],
)
async def test_errors_are_an_empty_list_and_a_status(tmp_path, fault, reason):
    """Nothing pops up while typing; the reason can be read, and the next wish works once the service does."""
    async with writing(tmp_path, BODY) as w:
        w.story.emulator.fail(fault, times=None)
        answer = await w.complete()
        assert answer in {f"no: {reason}", "no: throttled"}
        assert w.story.desk.told == w.story.desk.shown == []
        await w.settled()
        if reason == "failed":
            assert "problem" in {status.state for status in w.statuses}
        assert w.last


async def test_a_closed_account_is_not_asked_again(tmp_path):
    """After a spent window nothing is sent until it refills, and the reason names the time."""
    async with writing(tmp_path, BODY) as w:
        w.story.emulator.fail("1308")
        assert await w.complete() == "no: throttled"
        assert await w.complete() == "no: throttled"
        assert "possible again from" in w.last
        assert w.requests == 1
        assert w.statuses[-1].state == "problem"


async def test_a_model_the_plan_lacks_is_replaced(tmp_path):
    """By the next one, in the same wish."""
    async with writing(tmp_path, BODY) as w:
        w.story.emulator.fail("1311")
        w.story.reply(SUM)
        assert SUM == await w.complete()
        assert len(set(w.story.heard.models)) == 2


# -- what becomes of it --------------------------------------------------------------------------------------


async def test_it_learns_whether_it_was_taken(tmp_path):
    """From the text alone; and pauses longer where it was not wanted."""
    async with writing(tmp_path, BODY) as w:
        shown = shown_of(w)
        w.story.reply(SUM)
        await w.complete()
        await w.clock.turn(1)
        w.type(SUM)
        w.type("\n    ")
        w.story.reply("x = 1")
        await w.complete()
        await w.clock.turn(1)
        w.type("y")
        (row,) = shown.completion_stats("test", 0)
        assert (row.shown, row.accepted, row.rejected) == (2, 1, 1)
        assert w.completer._fates.misses(w.uri) == 1


async def test_what_is_shown_late_is_known_where_it_stands(tmp_path):
    """The person types on, the editor shows the answer to its older wish, takes back what was typed, and puts all of it in."""
    async with writing(tmp_path, BODY) as w:
        shown = shown_of(w)
        w.story.reply(SUM)
        w.story.heard.meanwhile.append(lambda: w.type("ret"))
        assert SUM == await w.complete()
        await w.settled()
        await w.clock.turn(1)
        w.erase(3)
        w.type(SUM)
        (row,) = shown.completion_stats("test", 0)
        assert (row.shown, row.accepted, row.rejected) == (1, 1, 0)


def shown_of(w):
    from zai_ls.state.shown import Shown

    return Shown(w.story.road.database, w.clock)
