"""What the person does while the model runs: the answer lands on the text as it is now, or is kept and told (P5, P6)."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.integration.stories import LIGHT, Story, Watch, fenced, lines, story
from zai_ls.core.scheduling import Ticket
from zai_ls.domain import Declined, Diagnostic, Edits, Kept, Lane, Point, Range
from zai_ls.errors import Paused, StateUnusable
from zai_ls.state.slot import PAUSED

BEFORE = """\
import os


def area(w, h):
    total = w
    total = total * h
    return (total)


def last():
    return (os)
"""
SELECTED = lines(4, 8)
REPLY = fenced("def area(w, h):\n    total = w\n    total = total * h\n    return total", "python")
AFTER = BEFORE.replace("return (total)", "return total")
NAME = "a.py"


async def begun(s: Story) -> None:
    s.desk.open(NAME, BEFORE)
    s.reply(REPLY)


# -- edits that land ----------------------------------------------------------------------------------------

TYPED = {
    "a line above": ("import os\n", "import os\nimport sys\n"),
    "several lines above": ("import os\n\n", "import os\nimport sys\n\nX = 1\n\n"),
    "above is taken away": ("import os\n\n\n", ""),
    "below": ("return (os)", "return os"),
    "right above the target": ("def area(", "# of a box\ndef area("),
    "right below the target": ("return (total)\n", "return (total)\n# that was it\n"),
    "inside, another line": ("    total = w\n", "    total = w + 0\n"),
    "inside, a new line": ("    total = w\n", "    total = w\n    assert h\n"),
    "inside, the same change as the model": ("    return (total)", "    return total"),
    "the name, at the first line": ("def area(w, h)", "def area(w: int, h: int)"),
    "emoji above": ("import os\n", 'E = "👩‍👩‍👧"\nimport os\n'),
    "CRLF above": ("import os\n", "import os\r\n"),
}


@pytest.mark.parametrize("name", TYPED)
async def test_what_was_typed_meanwhile_stays_and_the_answer_lands(name, tmp_path):
    """Above, below and inside: both the person's change and the model's are there, and one undo takes the model's back."""
    old, new = TYPED[name]
    async with story(tmp_path) as s:
        await begun(s)
        s.heard.meanwhile.append(lambda: s.desk.type(NAME, old, new))

        outcome = await s.run("simplify", NAME, SELECTED)

        mine = BEFORE.replace(old, new)
        if name == "inside, the same change as the model":
            assert isinstance(outcome, Declined)
            assert AFTER == mine == s.desk.text(NAME)
        else:
            assert isinstance(outcome, Edits), outcome
            assert mine.replace("return (total)", "return total") == s.desk.text(NAME)
            s.check_one_step(NAME, mine)
        assert [LIGHT] == s.requests
        assert [] == s.kit.answers.all()
        s.check_at_rest()


async def test_a_twin_of_the_target_above_is_not_mistaken_for_it(tmp_path):
    """A copy of the code, pasted above, is left alone."""
    code = BEFORE[BEFORE.index("def area") : BEFORE.index("\n\ndef last")]
    async with story(tmp_path) as s:
        await begun(s)
        s.heard.meanwhile.append(lambda: s.desk.type(NAME, "import os\n", f"import os\n\n\n{code}"))

        await s.run("simplify", NAME, SELECTED)

        text = s.desk.text(NAME)
        assert text.index("return (total)") < text.index("return total")
        assert BEFORE.replace("import os\n", f"import os\n\n\n{code}").count("total") == text.count("total")


# -- answers that are kept --------------------------------------------------------------------------------------


def _closed_and_opened(s: Story, text: str) -> None:
    s.desk.close(NAME)
    s.desk.open(NAME, text)


KEPT = {
    "the same line": (lambda s: s.desk.type(NAME, "return (total)", "return (total) or 0"), "conflict", "You changed the same lines"),
    "the target is deleted": (lambda s: s.desk.type(NAME, BEFORE[BEFORE.index("def area") : BEFORE.index("def last")], ""), "conflict", "You changed the same lines"),
    "all is deleted": (lambda s: s.desk.type(NAME, BEFORE, ""), "conflict", "You changed the same lines"),
    "the document is closed": (lambda s: s.desk.close(NAME), "document_closed", "was closed or renamed"),
    "closed, and something else opened": (lambda s: _closed_and_opened(s, "x = 1\n"), "conflict", "You changed the same lines"),
    "the editor refuses": (lambda s: setattr(s.desk, "refuses", True), "refused_by_editor", "did not take the change"),
    "the editor says stale for ever": (lambda s: setattr(s.desk, "stale", 99), "refused_by_editor", "did not take the change"),
}  # fmt: skip


@pytest.mark.parametrize("name", KEPT)
async def test_an_answer_that_cannot_land_is_kept_and_told(name, tmp_path):
    """The text stays as the person made it; one sentence says why and where the answer is, and there it is, whole."""
    act, reason, says = KEPT[name]
    async with story(tmp_path) as s:
        await begun(s)
        s.heard.meanwhile.append(lambda: act(s))
        s.heard.meanwhile.append(lambda: None)

        outcome = await s.run("simplify", NAME, SELECTED)
        left = s.desk.text(NAME)

        assert isinstance(outcome, Kept), outcome
        assert reason == outcome.reason
        assert [("warning", outcome.text)] == s.desk.told
        assert says in outcome.text
        assert says in s.said
        (answer,) = s.kit.answers.all()
        assert (
            "def area(w, h):\n    total = w\n    total = total * h\n    return total" == answer.text.strip()
        )
        assert (outcome.answer_id, outcome.path) == (answer.id, str(answer.path))
        assert outcome.path in outcome.text
        assert (0o600, reason) == (answer.path.stat().st_mode & 0o777, answer.reason)
        assert [] == s.desk.applied
        assert left is None or "return total\n" not in left
        assert s.desk.tries <= 3
        s.check_at_rest()


async def test_two_sound_changes_that_break_the_file_together_are_not_merged(tmp_path):
    """Merging is no licence to spoil a file that is sound now; the kept answer is not offered for it."""
    async with story(tmp_path) as s:
        s.desk.open(NAME, "if a:\n    x = 1\ny = 2\nz = (3)\n")
        s.reply(fenced("if a:\n    x = 1\nelse:\n    y = 2\nz = 3"))
        s.heard.meanwhile.append(lambda: s.desk.type(NAME, "if a:", "with a:"))

        outcome = await s.run("simplify", NAME, lines(1, 5))

        assert isinstance(outcome, Kept), outcome
        assert "breaks_syntax" == outcome.reason
        assert "with a:\n    x = 1\ny = 2\nz = (3)\n" == s.desk.text(NAME)
        assert "Apply the kept answer" not in outcome.text
        assert "applyKept" not in s.offers(NAME, lines(1, 5))


async def test_closed_and_opened_again_unchanged(tmp_path):
    """The same text in a new opening takes the answer, although its versions began anew."""
    async with story(tmp_path) as s:
        await begun(s)
        s.heard.meanwhile.append(lambda: _closed_and_opened(s, BEFORE.replace("import os", "import os, sys")))

        outcome = await s.run("simplify", NAME, SELECTED)

        assert isinstance(outcome, Edits), outcome
        assert AFTER.replace("import os", "import os, sys") == s.desk.text(NAME)


# -- the last moment --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 2])
async def test_a_change_at_the_last_moment_is_moved_with_and_tried_again(times, tmp_path):
    """Between our reading and the editor's applying the person typed: stale, rebased, applied."""
    async with story(tmp_path) as s:
        await begun(s)
        for number in range(times):
            s.desk.before_apply.append(
                lambda n=number: s.desk.type(NAME, "import os\n", f"import os\nX{n} = {n}\n")
            )

        outcome = await s.run("simplify", NAME, SELECTED)

        assert isinstance(outcome, Edits), outcome
        assert times + 1 == s.desk.tries
        assert "return total\n" in s.desk.text(NAME)
        assert "X0 = 0\n" in s.desk.text(NAME)
        assert [LIGHT] == s.requests
        s.check_at_rest()


DOC = '    """Width times height."""\n'
DOCUMENTED = BEFORE.replace("    total = w\n", DOC + "    total = w\n")
MIXED = {
    "the next line, as one change": ("    total = w\n", DOC + "    total = w1\n", 1),
    "the next line rewritten": ("    total = w\n", DOC + "    pass\n", 1),
    "the line above, as one change": ("def area(w, h):\n", "def area(w, h, d):\n" + DOC, 1),
    "elsewhere, the whole text": (BEFORE, DOCUMENTED.replace("(os)", "(os1)"), 1),
    "reworded by the editor": ("    total = w\n", DOC.replace("Width", "width") + "    total = w\n", 0),
}


@pytest.mark.parametrize("name", MIXED)
async def test_an_edit_that_came_back_with_typing_in_it_is_not_applied_again(name, tmp_path):
    """The editor took the edit and sent it with what the person typed as one change: it has landed, once."""
    old, new, lands = MIXED[name]
    async with story(tmp_path) as s:
        s.desk.open(NAME, BEFORE)
        s.reply(fenced(DOCUMENTED[DOCUMENTED.index("def area") : DOCUMENTED.index("\n\ndef last")], "python"))
        s.desk.before_apply.append(lambda: s.desk.type(NAME, old, new))

        outcome = await s.run("document", NAME, SELECTED)

        assert isinstance(outcome, Edits if lands else Kept), outcome
        assert 1 == s.desk.tries
        assert BEFORE.replace(old, new) == s.desk.text(NAME)
        s.check_at_rest()


async def test_an_editor_that_is_stale_three_times_is_taken_at_its_word(tmp_path):
    """Three tries, then the answer is kept."""
    async with story(tmp_path) as s:
        await begun(s)
        s.desk.stale = 3

        assert isinstance(await s.run("simplify", NAME, SELECTED), Kept)

        assert 3 == s.desk.tries
        assert BEFORE == s.desk.text(NAME)


async def test_closed_at_the_last_moment(tmp_path):
    """Nothing is written behind the person's back."""
    async with story(tmp_path) as s:
        await begun(s)
        s.desk.before_apply.append(lambda: s.desk.close(NAME))

        outcome = await s.run("simplify", NAME, SELECTED)

        assert isinstance(outcome, Kept)
        assert "document_closed" == outcome.reason
        assert [] == s.desk.applied


# -- prose ------------------------------------------------------------------------------------------------------

README = "# Tool\n\nIt counts words quick.\n\n```python\ncount('a b')\n```\n\nThat is all.\n"


async def test_a_markdown_file_keeps_its_blocks(tmp_path):
    """A whole file that comes back without a fence around it is the file, not the code inside."""
    async with story(tmp_path) as s:
        s.desk.open("README.md", README)
        s.reply(README.replace("quick.", "quickly."))

        outcome = await s.run("simplify", "README.md")

        assert isinstance(outcome, Edits), outcome
        assert README.replace("quick.", "quickly.") == s.desk.text("README.md")


async def test_a_refusal_does_not_replace_prose(tmp_path):
    """A file of sentences is not replaced by the sentence that it cannot be had."""
    async with story(tmp_path) as s:
        s.desk.open("README.md", README)
        s.reply(*["I'm sorry, but I can't help with that."] * 2)

        outcome = await s.run("simplify", "README.md")

        assert isinstance(outcome, Kept), outcome
        assert README == s.desk.text("README.md")


# -- waiting in line ---------------------------------------------------------------------------------------------


async def in_line(s: Story, act, action: str = "simplify", **ask) -> object:
    """Run while another window has the slot; *act* when the request waits, then the line moves on."""
    other = await s.kit.slot.hold(Ticket("other", "test", Lane.ACTION, LIGHT))

    def moved_on() -> None:
        act()
        other.release(clean=True)

    s.watch = Watch("waiting", moved_on)
    return await s.run(action, NAME, SELECTED, **ask)


async def test_what_changed_in_line_is_in_the_prompt(tmp_path):
    """The prompt is of the text as it is when the request leaves, and the answer lands on it."""
    async with story(tmp_path) as s:
        await begun(s)

        outcome = await in_line(s, lambda: s.desk.type(NAME, "import os\n", "import os\nimport sys\n"))

        assert isinstance(outcome, Edits), outcome
        (body,) = s.heard.bodies
        told = json.loads(body)["messages"][-1]["content"]
        assert "import sys" in told
        assert "The marked code (lines 5-8)" in told
        assert AFTER.replace("import os\n", "import os\nimport sys\n") == s.desk.text(NAME)
        s.check_at_rest()


async def test_a_target_touched_in_line_is_asked_as_it_was_and_merged(tmp_path):
    """The selection is not what it was: the person's change and the answer are merged afterwards."""
    async with story(tmp_path) as s:
        await begun(s)

        await in_line(s, lambda: s.desk.type(NAME, "    total = w\n", "    total = w + 0\n"))

        assert "total = w + 0" not in s.heard.bodies[0]
        assert AFTER.replace("total = w\n", "total = w + 0\n") == s.desk.text(NAME)


async def test_closed_in_line(tmp_path):
    """The document has gone before anything was sent: nothing is sent, and the person is told."""
    async with story(tmp_path) as s:
        await begun(s)

        outcome = await in_line(s, lambda: s.desk.close(NAME))

        assert isinstance(outcome, Declined)
        assert "no_such_document" == outcome.reason
        assert [] == s.requests
        assert [("info", outcome.text)] == s.desk.told
        s.check_at_rest()


async def test_paused_in_line(tmp_path):
    """A pause answers who waits."""
    async with story(tmp_path) as s:
        await begun(s)

        with pytest.raises(Paused):
            await in_line(s, s.assistant.pause)

        assert [] == s.requests
        assert s.assistant.status().paused
        s.kit.slot.reopen("test", PAUSED)
        s.check_at_rest()


async def test_the_diagnostics_of_a_moved_target_move_along(tmp_path):
    """What a problem is told about is the line it stands on when the request leaves."""
    problem = Diagnostic(Range(Point(6, 4), Point(6, 18)), "parentheses")
    async with story(tmp_path) as s:
        await begun(s)

        await in_line(
            s,
            lambda: s.desk.type(NAME, "import os\n", "import os\nimport sys\n"),
            "fix",
            diagnostics=(problem,),
        )

        assert "line 4 of the code: parentheses" in s.heard.bodies[0]


# -- between the menu and the run ----------------------------------------------------------------------------------


async def test_a_range_of_an_older_version_is_moved(tmp_path):
    """The text changed after the menu was made: the code that was meant then is meant now."""
    async with story(tmp_path) as s:
        await begun(s)
        s.desk.type(NAME, "import os\n", "import os\nimport sys\n")

        await s.run("simplify", NAME, SELECTED, version=1)

        assert "The marked code (lines 5-8)" in s.heard.bodies[0]
        assert AFTER.replace("import os\n", "import os\nimport sys\n") == s.desk.text(NAME)


async def test_code_that_changed_after_the_menu_is_not_asked_about(tmp_path):
    """What was meant is not there any more: nothing is sent, and the person is told."""
    async with story(tmp_path) as s:
        await begun(s)
        s.desk.type(NAME, "total = w\n", "total = 2 * w\n")

        outcome = await s.run("simplify", NAME, SELECTED, version=1)

        assert isinstance(outcome, Declined)
        assert "changed_since" == outcome.reason
        assert [] == s.requests


# -- files of tests ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_disk", [True, False])
async def test_tests_that_would_break_their_file_are_kept(on_disk, tmp_path):
    """Also in a file that is not open, whose language only its name tells."""
    async with story(tmp_path) as s:
        s.desk.open(NAME, "def double(n):\n    return n * 2\n")
        path = s.desk.folder / "test_a.py"
        if on_disk:
            path.write_text("def test_two():\n    pass\n")
        s.reply(*[fenced("def test_zero():\n    assert (0", "python")] * 2)

        outcome = await s.run("test", NAME, lines(1, 3))

        assert isinstance(outcome, Kept), outcome
        assert "breaks_syntax" == outcome.reason
        assert "would break the syntax of test_a.py" in outcome.text
        assert [] == s.desk.applied
        assert "Apply the kept answer" not in outcome.text, "it is not offered"
        assert "def test_two():\n    pass\n" == path.read_text() if on_disk else not path.exists()


async def test_a_test_file_that_appears_meanwhile_is_not_overwritten(tmp_path):
    """The tests go to its end."""
    async with story(tmp_path) as s:
        s.desk.open(NAME, "def double(n):\n    return n * 2\n")
        s.reply(fenced("def test_zero():\n    assert double(0) == 0", "python"))
        path = s.desk.folder / "test_a.py"
        s.heard.meanwhile.append(lambda: path.write_text("import a\n"))

        await s.run("test", NAME, lines(1, 3))

        assert s.desk.text("test_a.py").startswith("import a\n")
        assert "def test_zero" in s.desk.text("test_a.py")


async def test_tests_refused_by_the_editor_are_kept(tmp_path):
    """An editor that cannot create files gets a sentence instead."""
    async with story(tmp_path) as s:
        s.desk.open(NAME, "def double(n):\n    return n * 2\n")
        s.reply(fenced("def test_zero():\n    assert double(0) == 0", "python"))
        s.desk.refuses = True

        outcome = await s.run("test", NAME, lines(1, 3))

        assert isinstance(outcome, Kept)
        assert "test_a.py" in outcome.text


# -- two at once -------------------------------------------------------------------------------------------------

TWO = "def f(x):\n    return not not x\n\n\ndef g(x):\n    return not not x\n"


async def test_two_actions_on_two_functions_both_land(tmp_path):
    """They take turns, and each lands where its function is by then."""
    async with story(tmp_path) as s:
        s.desk.open(NAME, TWO)
        s.reply(fenced("def f(x):\n    # truth\n    return bool(x)"), fenced("def g(x):\n    return bool(x)"))

        await asyncio.gather(
            s.run("simplify", NAME, lines(1, 3)), s.run("simplify", NAME, lines(5, 7), version=1)
        )

        assert TWO.replace("return not not x", "return bool(x)").replace(
            "    return", "    # truth\n    return", 1
        ) == s.desk.text(NAME)
        assert 2 == len(s.requests)
        s.check_at_rest()


async def test_two_actions_on_one_function_do_not_overwrite_each_other(tmp_path):
    """The second answer was made for a text that is no more: it is kept."""
    async with story(tmp_path) as s:
        s.desk.open(NAME, TWO)
        s.reply(fenced("def f(x):\n    return bool(x)"), fenced("def f(x):\n    return x is not None"))

        first, second = await asyncio.gather(
            s.run("simplify", NAME, lines(1, 3)), s.run("refactor", NAME, lines(1, 3))
        )

        assert isinstance(first, Edits)
        assert isinstance(second, Kept), second
        assert TWO.replace("return not not x", "return bool(x)", 1) == s.desk.text(NAME)
        s.check_at_rest()


# -- where answers are kept --------------------------------------------------------------------------------------


async def test_an_answer_that_cannot_be_kept_is_shown(tmp_path):
    """No room for kept answers: the person reads it instead, and why."""
    (tmp_path / "answers").write_text("a file in the way")
    async with story(tmp_path) as s:
        await begun(s)
        s.desk.refuses = True

        with pytest.raises(StateUnusable) as refused:
            await s.run("simplify", NAME, SELECTED)

        assert str(tmp_path / "answers") in refused.value.user_text
        assert "return total" in s.desk.shown[0][1]
        s.check_at_rest()
