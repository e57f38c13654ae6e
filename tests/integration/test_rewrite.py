"""Every action on real code in several languages, from the menu to the text afterwards."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.integration.stories import LIGHT, STANDARD, STRONG, Story, fenced, lines, story, unmarked
from zai_ls.core.actions import ACTIONS
from zai_ls.core.offers import APPLY_KEPT
from zai_ls.core.syntax import Syntax
from zai_ls.domain import Declined, Diagnostic, Edits, Explanation, FinishReason, Kept, Point, Range

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = '''\
import json


class Store:
    """Keeps values."""

    def load(self, path):
        # 读取文件
        handle = open(path)
        if handle is not None:
            return json.load(handle)
        else:
            return None

    def save(self, path):
        # TODO: write the values
        raise NotImplementedError
'''
TYPESCRIPT = """\
export interface Shape { width: number; height: number }

// 面积
export function area(shape, factor) {
  if (factor !== undefined) {
    return shape.width * shape.height * factor;
  } else {
    return shape.width * shape.height;
  }
}

export function perimeter(shape: Shape): number {
  // TODO: twice the sum
  throw new Error("not implemented");
}
"""
GO = """\
package geometry

import "errors"

// 面积
func Area(width, height int) (int, error) {
\tif width < 0 {
\t\treturn 0, errors.New("width")
\t} else {
\t\treturn width * height, nil
\t}
}

func Perimeter(width, height int) int {
\t// TODO: twice the sum
\tpanic("not implemented")
}
"""
RUST = """\
/// Of a plane figure.
pub struct Shape {
    pub width: u32,
    pub height: u32,
}

impl Shape {
    // 面积
    pub fn area(&self) -> u32 {
        let area = self.width * self.height;
        return area;
    }

    pub fn perimeter(&self) -> u32 {
        // TODO: twice the sum
        todo!()
    }
}
"""


@dataclass(frozen=True)
class Code:
    """A file, where its first function is, and where its stub."""

    name: str
    text: str
    function: Range
    stub: Range


CODES = {
    "python": Code("store.py", PYTHON, lines(7, 14), lines(15, 18)),
    "typescript": Code("shape.ts", TYPESCRIPT, lines(3, 11), lines(12, 16)),
    "go": Code("geometry.go", GO, lines(5, 13), lines(14, 18)),
    "rust": Code("shape.rs", RUST, lines(8, 13), lines(14, 18)),
}
NOT_OFFERED = {("go", "addTypes"), ("rust", "addTypes")}
"""Languages that have their types already."""


@pytest.mark.parametrize("language", CODES)
async def test_every_action_from_the_menu_to_the_text(language, tmp_path):
    """Each action is offered, runs once, leaves sound text (or shows words), and one undo takes it back."""
    code = CODES[language]
    problem = Diagnostic(Range(Point(8, 4), Point(8, 6)), "is never closed", source="check")
    async with story(tmp_path) as s:
        s.desk.open(code.name, code.text)
        for action in ACTIONS:
            selected = code.stub if action == "implement" else code.function
            if (language, action) in NOT_OFFERED:
                assert action not in s.offers(code.name, selected)
                continue
            if action == "instruct":
                await _by_comment(s, code)
            else:
                await _from_menu(s, code, action, selected, problem)
        s.check_at_rest()


async def _from_menu(s: Story, code: Code, action: str, selected: Range, problem: Diagnostic) -> None:
    offer = s.offers(code.name, selected, problem)[action]
    asked = len(s.requests)

    outcome = await s.take(offer, code.name)

    assert asked + 1 == len(s.requests), action
    if action == "explain":
        assert isinstance(outcome, Explanation)
        assert [(outcome.title, outcome.markdown)] == s.desk.shown
        assert s.desk.text(code.name) == code.text
        return
    assert isinstance(outcome, Edits), (action, outcome)
    (change,) = outcome.changes
    changed = next(name for name in _names(s) if s.desk.uri(name) == change.uri)
    assert Syntax().errors_in(s.desk.text(changed), _language(code)) == 0
    document = s.desk.documents[change.uri]
    document.undo()
    assert document.text == (code.text if changed == code.name else "")
    if action == "test":
        assert (changed == code.name) == (code.name == "shape.rs"), "Rust keeps tests inside"
        assert change.create == (code.name != "shape.rs")


async def _by_comment(s: Story, code: Code) -> None:
    mark = "#" if code.name.endswith(".py") else "//"
    head, at, tail = code.text.partition("TODO: ")
    del at
    text = f"{head}zai: be brief{tail}"
    name = f"told_{code.name}"
    s.desk.open(name, text)
    cursor = Range(Point(code.stub.start.line + 1, 2), Point(code.stub.start.line + 1, 2))
    offer = s.offers(name, cursor)["instruct"]
    assert (offer.title, offer.instruction) == ("GLM: be brief" + tail.split("\n")[0], offer.instruction)
    assert f"{mark} zai: be brief" in text

    outcome = await s.take(offer, name)

    assert isinstance(outcome, Edits), outcome
    assert "Request: be brief" in s.heard.bodies[-1]
    s.check_one_step(name, text)


def _names(s: Story) -> list[str]:
    return [uri.rpartition("/")[2] for uri in s.desk.documents]


def _language(code: Code) -> str:
    return next(language for language, other in CODES.items() if other is code)


# -- what comes out, letter for letter ----------------------------------------------------------------------

TEXTS = {
    "fenced": ("«def f(x):\n    return not not x»\n", fenced("def f(x):\n    return bool(x)", "python"), "def f(x):\n    return bool(x)\n"),
    "fence without a name": ("«x = (1)»\n", fenced("x = 1"), "x = 1\n"),
    "fence of tildes": ("«x = (1)»\n", "~~~python\nx = 1\n~~~", "x = 1\n"),
    "chatty": ("«x = (1)»\ny = 2\n", f"Sure!\n\n{fenced('x = 1', 'python')}\nI hope this helps. Anything else?", "x = 1\ny = 2\n"),
    "no fence": ("«def f(x):\n    return not not x»\n", "def f(x):\n    return bool(x)", "def f(x):\n    return bool(x)\n"),
    "unclosed fence": ("«x = (1)»\ny = 2\n", "```python\nx = 1", "x = 1\ny = 2\n"),
    "indentation dropped": ("class A:\n«    def f(self):\n        return (1)»\n", fenced("def f(self):\n    return 1"), "class A:\n    def f(self):\n        return 1\n"),
    "indented too far": ("«def f():\n    return (1)»\n", fenced("    def f():\n        return 1"), "def f():\n    return 1\n"),
    "tabs for spaces": ("class A:\n«    def f(self):\n        return (1)»\n", fenced("def f(self):\n\treturn 1"), "class A:\n    def f(self):\n        return 1\n"),
    "spaces for tabs": ("class A:\n«\tdef f(self):\n\t\treturn (1)»\n", fenced("    def f(self):\n        return 1"), "class A:\n\tdef f(self):\n\t\treturn 1\n"),
    "CRLF": ("«x = (1)\r\ny = (2)»\r\nz = 3\r\n", fenced("x = 1\ny = 2"), "x = 1\r\ny = 2\r\nz = 3\r\n"),
    "CRLF from the model": ("«x = (1)\ny = (2)»\n", "```\r\nx = 1\r\ny = 2\r\n```\r\n", "x = 1\ny = 2\n"),
    "no final newline": ("y = 2\n«x = (1)»", fenced("x = 1"), "y = 2\nx = 1"),
    "surrogate pairs": ('a = "😀"; «b = ("👩‍👩‍👧")»; c = "🎉"\n', fenced('a = "😀"; b = "👩‍👩‍👧🏽"; c = "🎉"'), 'a = "😀"; b = "👩‍👩‍👧🏽"; c = "🎉"\n'),
    "form feed": ("x = 1\x0c\n«y = (2)»\nz = 3\n", fenced("y = 2"), "x = 1\x0c\ny = 2\nz = 3\n"),
    "surroundings repeated": ("import os\n\n\n«def f():\n    return (os)»\n\n\nprint(f())\nprint(os)\n", fenced("import os\n\n\ndef f():\n    return os\n\n\nprint(f())\nprint(os)"), "import os\n\n\ndef f():\n    return os\n\n\nprint(f())\nprint(os)\n"),
    "thinking leaked": ("«x = (1)»\n", f"<think>Let me see.</think>\n{fenced('x = 1')}", "x = 1\n"),
    "part of a line selected": ("x = «(1)»\n", fenced("x = 1"), "x = 1\n"),
    "broken before, less broken after": ("«def f(:\n    return (1»\n", fenced("def f():\n    return 1"), "def f():\n    return 1\n"),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
async def test_a_reply_becomes_text(name, tmp_path):
    """One request, one step, the text as a careful person would have typed it; everything around it stays."""
    marked, reply, expected = TEXTS[name]
    before, selected = unmarked(marked)
    async with story(tmp_path) as s:
        s.desk.open("a.py", before)
        s.reply(reply)

        outcome = await s.run("simplify", "a.py", selected)

        assert isinstance(outcome, Edits), outcome
        assert expected == s.desk.text("a.py")
        assert [LIGHT] == s.requests
        assert [] == s.desk.told
        assert "Applied to a.py." in s.said
        s.check_one_step("a.py", before)
        s.check_at_rest()


F = "«def f(x):\n    return not not x»\n"
G = fenced("def f(x):\n    return bool(x)", "python")
BROKEN = fenced("def f(x):\n    return (bool(x)", "python")
TALK = "I would rather not change this, because it looks perfectly fine to me as it is."


@dataclass(frozen=True)
class Not:
    """A request that ends without an edit, or only at the second go."""

    replies: tuple[str, ...]
    reason: str
    models: tuple[str, ...]
    says: str
    finish: FinishReason = FinishReason.STOP
    thinking: str = ""
    model: str | None = None


NOT = {
    "empty after thinking": Not(("",), "empty_reply", (LIGHT,), "nothing to say", thinking="Hm. I wonder."),
    "blank": Not(("  \n\n",), "empty_reply", (LIGHT,), "nothing to say"),
    "unchanged": Not((fenced("def f(x):\n    return not not x"),), "unchanged", (LIGHT,), "change nothing"),
    "prose twice": Not((TALK, TALK), "not_code", (LIGHT, STANDARD), "did not answer with code, twice"),
    "prose twice, model chosen": Not((TALK, TALK), "not_code", (STRONG, STRONG), "did not answer with code", model=STRONG),
    "another language": Not((fenced("fn f() {}", "rust"),) * 2, "not_code", (LIGHT, STANDARD), "did not answer with code"),
    "breaks the syntax": Not((BROKEN, BROKEN), "breaks_syntax", (LIGHT, STANDARD), "would break the syntax of a.py"),
    "prose, then broken": Not((TALK, BROKEN), "breaks_syntax", (LIGHT, STANDARD), "would break the syntax of a.py"),
    "cut off": Not(("```python\ndef f(x):",) * 2, "cut_off", (LIGHT, STANDARD), "cut off before its end", finish=FinishReason.LENGTH),
    "left out": Not((fenced("def f(x):\n    # ... rest of the code unchanged ..."),) * 2, "not_code", (LIGHT, STANDARD), "did not answer with code"),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT)
async def test_a_reply_that_is_not_applied(name, tmp_path):
    """The file stays, the person is told one sentence, and what the model wrote is kept where the sentence says."""
    case = NOT[name]
    before, selected = unmarked(F)
    async with story(tmp_path) as s:
        s.desk.open("a.py", before)
        s.reply(*case.replies, finish=case.finish, thinking=case.thinking)

        outcome = await s.run("simplify", "a.py", selected, model=case.model)

        assert before == s.desk.text("a.py")
        assert list(case.models) == s.requests
        assert isinstance(outcome, Declined | Kept)
        assert case.reason == outcome.reason
        ((severity, text),) = s.desk.told
        assert outcome.text == text
        assert case.says in text
        assert case.says in s.said, "explain says it too"
        if len(case.models) == 2:
            assert f"Asked once more, {case.models[1]}" in s.said
        kept = s.kit.answers.all()
        if isinstance(outcome, Kept):
            assert "warning" == severity
            assert outcome.path in text
            assert [outcome.answer_id] == [answer.id for answer in kept]
            assert kept[0].text.strip() in case.replies[-1]
        else:
            assert "info" == severity
            assert [] == kept
        s.check_at_rest()


@pytest.mark.parametrize(
    "first", [TALK, BROKEN, fenced("def f(x):\n    # ... rest of the code unchanged ...")]
)
async def test_a_second_go_one_model_up(first, tmp_path):
    """An unusable reply is asked for again once; explain says why and whom."""
    before, selected = unmarked(F)
    async with story(tmp_path) as s:
        s.desk.open("a.py", before)
        s.reply(first, G)

        outcome = await s.run("simplify", "a.py", selected)

        assert isinstance(outcome, Edits)
        assert "def f(x):\n    return bool(x)\n" == s.desk.text("a.py")
        assert [LIGHT, STANDARD] == s.requests
        decision, *_ = s.assistant.explain_last()
        assert (STANDARD, "standard") == (decision.choice.model, decision.choice.tier)
        assert [] == s.desk.told
        s.check_at_rest()


DISGUISED = {
    "a name with letters of another alphabet": (
        "return b\u043e\u043el(x)",
        "b\u043e\u043el only looks like bool",
    ),
    "an override in a comment": ("return bool(x)  # \u202e admin", "U+202E changes the order"),
    "an escape in a string": ('return "\x1b[2K"', "U+001B is a control character"),
}


@pytest.mark.parametrize("name", DISGUISED)
async def test_an_answer_that_is_not_what_it_looks_like_is_applied_on_purpose_only(name, tmp_path):
    """It is kept, the person reads why, nobody is asked again, and one step applies it."""
    body, why = DISGUISED[name]
    before, selected = unmarked(F)
    async with story(tmp_path) as s:
        s.desk.open("a.py", before)
        s.reply(f"```python\ndef f(x):\n    {body}\n```")

        outcome = await s.run("simplify", "a.py", selected)

        assert isinstance(outcome, Kept)
        assert ("spoofs", True) == (outcome.reason, why in outcome.text)
        assert "line 2" in outcome.text
        assert "\u202e" not in outcome.text
        assert before == s.desk.text("a.py")
        assert 1 == len(s.requests)
        assert isinstance(await s.apply_kept("a.py"), Edits)
        assert f"def f(x):\n    {body}\n" == s.desk.text("a.py")


async def test_a_kept_answer_that_breaks_the_file_can_still_be_applied(tmp_path):
    """It is offered until the text changes, applying it is one step, and then it is offered no more."""
    before, selected = unmarked(F)
    async with story(tmp_path) as s:
        s.desk.open("a.py", before)
        s.reply(BROKEN, BROKEN)
        await s.run("simplify", "a.py", selected)
        assert "applyKept" in s.offers("a.py", selected)

        assert isinstance(await s.apply_kept("a.py"), Edits)

        assert "def f(x):\n    return (bool(x)\n" == s.desk.text("a.py")
        s.check_one_step("a.py", before)
        assert "applyKept" not in s.offers("a.py", selected)
        assert isinstance(await s.run("applyKept", "a.py"), Declined), "a late second click"
        assert 2 == len(s.requests), "applying asks nobody"


async def test_a_kept_answer_is_not_applied_to_another_text(tmp_path):
    """After a change it is offered no more, and a late click changes nothing and says so."""
    before, selected = unmarked(F)
    async with story(tmp_path) as s:
        s.desk.open("a.py", before)
        s.reply(BROKEN, BROKEN)
        await s.run("simplify", "a.py", selected)
        offer = s.offers("a.py", selected)["applyKept"]
        s.desk.type("a.py", "not not x", "not not xx")

        outcome = await s.take(offer, "a.py")

        assert isinstance(outcome, Declined)
        assert "no_kept_answer" == outcome.reason
        assert "applyKept" not in s.offers("a.py", selected)
        assert "def f(x):\n    return not not xx\n" == s.desk.text("a.py")
        assert outcome.text == s.desk.told[-1][1]


async def test_a_kept_answer_that_the_editor_refuses_stays_at_hand(tmp_path):
    """Refused once is not lost: it is offered again."""
    before, selected = unmarked(F)
    async with story(tmp_path) as s:
        s.desk.open("a.py", before)
        s.reply(BROKEN, BROKEN)
        await s.run("simplify", "a.py", selected)
        s.desk.refuses = True
        assert isinstance(await s.apply_kept("a.py"), Declined)
        s.desk.refuses = False

        assert isinstance(await s.apply_kept("a.py"), Edits)


async def test_a_closed_document_is_remembered_no_longer(tmp_path):
    """Neither its tree nor a kept answer's text stays in memory; the answer stays in its folder."""
    async with story(tmp_path) as s:
        text, selected = unmarked("«def f():\n    return  1\n»")
        uri = s.desk.open("a.py", text)
        s.reply(BROKEN, BROKEN)
        await s.run("simplify", "a.py", selected)
        assert APPLY_KEPT in s.offers("a.py", selected)

        s.desk.close("a.py")
        s.assistant.forget(uri)

        s.desk.open("a.py", text)
        assert APPLY_KEPT not in s.offers("a.py", selected)
        assert 1 == len(s.kit.answers.all())


async def test_an_answer_that_comes_after_its_document_was_closed_is_not_held(tmp_path):
    """It lies in its folder; in memory it would stay for good."""
    async with story(tmp_path) as s:
        text, selected = unmarked("«def f():\n    return  1\n»")
        s.desk.open("a.py", text)
        s.reply(BROKEN, BROKEN)
        s.heard.meanwhile += [lambda: None, lambda: s.desk.close("a.py")]
        await s.run("simplify", "a.py", selected)

        s.desk.open("a.py", text)

        assert APPLY_KEPT not in s.offers("a.py", selected)


# -- tests ------------------------------------------------------------------------------------------------------

TESTS = fenced("def test_zero():\n    assert double(0) == 0\n", "python")
OLD = "from a import double\n\n\ndef test_two():\n    assert double(2) == 4\n"
MORE = OLD + "\n\ndef test_zero():\n    assert double(0) == 0\n"


@pytest.mark.parametrize("where", ["new", "on disk", "open", "open and not saved"])
async def test_tests_go_to_their_file(where, tmp_path):
    """A new file is made; an existing one, on disk or open, gets them at its end, and the model has seen it."""
    async with story(tmp_path) as s:
        s.desk.open("a.py", "def double(n):\n    return n * 2\n")
        old = "" if where == "new" else OLD
        if where == "on disk":
            (s.desk.folder / "test_a.py").write_text(old)
        elif where == "open":
            (s.desk.folder / "test_a.py").write_text(old)
            s.desk.open("test_a.py", old)
        elif where == "open and not saved":
            s.desk.open("test_a.py", old)
        s.reply(TESTS)

        outcome = await s.run("test", "a.py", lines(1, 3))

        assert isinstance(outcome, Edits), outcome
        assert ("def test_zero():\n    assert double(0) == 0\n" if where == "new" else MORE) == s.desk.text(
            "test_a.py"
        )
        assert "def double(n):\n    return n * 2\n" == s.desk.text("a.py")
        assert (where == "new") == outcome.changes[0].create
        assert ("test_two" in s.heard.bodies[0]) == bool(old)
        s.check_one_step("test_a.py", old)
        s.check_at_rest()


async def test_tests_of_rust_go_inside(tmp_path):
    """A Rust file keeps its tests at its own end."""
    source = "pub fn double(n: u32) -> u32 {\n    n * 2\n}\n"
    reply = "#[cfg(test)]\nmod tests {\n    use super::*;\n\n    #[test]\n    fn zero() {\n        assert_eq!(double(0), 0);\n    }\n}\n"
    async with story(tmp_path) as s:
        s.desk.open("lib.rs", source)
        s.reply(fenced(reply, "rust"))

        await s.run("test", "lib.rs", lines(1, 4))

        assert source + "\n\n" + reply == s.desk.text("lib.rs")
        s.check_one_step("lib.rs", source)


async def _to_latin_1(s: Story) -> None:
    (s.desk.folder / "test_a.py").write_bytes(b"# caf\xe9\n" + OLD.encode())


async def _to_a_link(s: Story) -> None:
    (s.desk.folder / "test_a.py").symlink_to(_secret(s))


async def _to_a_link_open_in_the_editor(s: Story) -> None:
    await _to_a_link(s)
    s.desk.open("test_a.py", SECRET)


async def _to_a_link_to_nothing(s: Story) -> None:
    (s.desk.folder / "test_a.py").symlink_to(s.desk.folder.parent / "none.py")


async def _to_a_folder_outside(s: Story) -> None:
    _secret(s)
    (s.desk.folder / "tests").symlink_to(s.desk.folder.parent)


async def _to_a_new_file_outside(s: Story) -> None:
    (s.desk.folder.parent / "elsewhere").mkdir()
    (s.desk.folder / "tests").symlink_to(s.desk.folder.parent / "elsewhere")


async def _to_a_folder_outside_without_a_root(s: Story) -> None:
    far = s.desk.folder / "1" / "2" / "3"
    far.mkdir(parents=True)
    s.kit.roots = ()
    (s.desk.folder / "tests").mkdir()
    (s.desk.folder / "tests" / "test_a.py").write_text(SECRET)
    (far / "tests").symlink_to(s.desk.folder / "tests")
    s.desk.open("1/2/3/a.py", SOURCE)


async def _to_a_device(s: Story) -> None:
    os.mkfifo(s.desk.folder / "test_a.py")


async def _to_a_folder(s: Story) -> None:
    (s.desk.folder / "test_a.py").mkdir()


async def _to_a_large_file(s: Story) -> None:
    (s.desk.folder / "test_a.py").write_text(OLD + "#" * 2**20)


def _secret(s: Story) -> Path:
    path = s.desk.folder.parent / "test_a.py"
    path.write_text(SECRET)
    return path


SOURCE = "def double(n):\n    return n * 2\n"
SECRET = "KEY = 'hidden'\n"
NOT_OURS = {
    _to_latin_1: "tests_unreadable",
    _to_a_link: "tests_link",
    _to_a_link_open_in_the_editor: "tests_link",
    _to_a_link_to_nothing: "tests_link",
    _to_a_folder_outside: "tests_outside",
    _to_a_new_file_outside: "tests_outside",
    _to_a_folder_outside_without_a_root: "tests_outside",
    _to_a_device: "tests_no_file",
    _to_a_folder: "tests_no_file",
    _to_a_large_file: "too_large",
}


@pytest.mark.parametrize("leads", NOT_OURS, ids=lambda leads: leads.__name__.strip("_"))
async def test_tests_are_not_written_where_they_would_do_harm(leads, tmp_path):
    """A file that is no UTF-8, no plain file, behind a link, outside, or too large: declined before anything is sent."""
    async with story(tmp_path, {"limits.maxFileBytes": 2**20}) as s:
        s.desk.open("a.py", SOURCE)
        await leads(s)
        before = {path: path.read_bytes() for path in tmp_path.rglob("test_a.py") if path.is_file()}
        name = "1/2/3/a.py" if not s.kit.roots else "a.py"

        outcome = await s.run("test", name, lines(1, 3))

        assert isinstance(outcome, Declined)
        assert NOT_OURS[leads] == outcome.reason
        assert "test_a.py" in outcome.text
        assert [] == s.requests
        assert [] == s.desk.applied
        assert before == {path: path.read_bytes() for path in before}
        s.check_at_rest()


# -- declined without a request ----------------------------------------------------------------------------------

DECLINED = {
    "no such document": (None, lines(1, 2), "simplify", {}, "no_such_document"),
    "empty document": ("", None, "simplify", {}, "nothing_here"),
    "blank document": ("\n\n  \n", lines(1, 4), "simplify", {}, "nothing_here"),
    "nothing at the cursor": ("import os\n\n\n\nx = 1\n", Range(Point(2, 0), Point(2, 0)), "simplify", {}, "nothing_here"),
    "binary": ("x = 1\0\n", lines(1, 2), "simplify", {}, "binary"),
    "too large": ("x = 1\n" * 200, lines(1, 2), "simplify", {"limits.maxFileBytes": 1024}, "too_large"),
    "too large in bytes only": ("# 日本語\n" * 100, lines(1, 2), "simplify", {"limits.maxFileBytes": 1024}, "too_large"),
    "language off": ("x = 1\n", lines(1, 2), "simplify", {"languages.off": ["python"]}, "language_off"),
    "unknown action": ("x = 1\n", lines(1, 2), "improve", {}, "no_such_action"),
}  # fmt: skip


@pytest.mark.parametrize("name", DECLINED)
async def test_declined_without_a_request(name, tmp_path):
    """Nothing is sent, nothing is changed, the reason is one sentence, and explain knows it."""
    text, selected, action, settings, reason = DECLINED[name]
    async with story(tmp_path, settings) as s:
        if text is not None:
            s.desk.open("a.py", text)

        outcome = await s.run(action, "a.py", selected)

        assert isinstance(outcome, Declined)
        assert reason == outcome.reason
        assert [("info", outcome.text)] == s.desk.told
        assert outcome.text == s.said
        assert [] == s.requests
        assert s.desk.text("a.py") == text
        s.check_at_rest()
