"""The emulated author: sound code stays sound, the same request gets the same reply, and each says that it is emulated."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import zai_ls
from zai_ls.core.actions import ACTIONS
from zai_ls.core.completion.cleaning import written
from zai_ls.core.completion.place import place_at
from zai_ls.core.completion.prompt import Surrounding, completion_prompt
from zai_ls.core.completion.shape import shape_of
from zai_ls.core.completion.soundness import spoils
from zai_ls.core.prompts import build_prompt
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import split_lines
from zai_ls.domain import Ask, Point, Range, Snapshot
from zai_ls.emulator.author import write
from zai_ls.emulator.rewriting import rewrite
from zai_ls.glm.chat_request import ChatRequest, Message

SOURCES = sorted(Path(zai_ls.__file__).parent.rglob("*.py"))


def asked(user, system=""):
    return write(ChatRequest("glm-4.7", system, (Message("user", user),)))


def prompted(action, code, language="python", instruction=None):
    """The reply to the prompt that zai-ls itself makes."""
    lines = tuple(split_lines(code))
    snapshot = Snapshot("file:///a/shop.py", language, 1, lines, path="/a/shop.py")
    target = Range(Point(0, 0), Point(len(lines) - 1, len(lines[-1])))
    ask = Ask(action, snapshot.uri, target, instruction=instruction)
    prompt = build_prompt(ACTIONS[action], snapshot, target, ask, salt=b"s")
    return asked(prompt.user, prompt.system)


def code_of(reply):
    found = re.fullmatch(r"(`{3,})[^\n`]*\n(.*)\n\1", reply, re.DOTALL)
    assert found, reply
    return found[2]


CODE = """def total(items, flag):
    if flag == True:
        return 0
    result = 0
    for item in items:
        result = result + item
    return result"""

CASES = [
    ("simplify", CODE, ["if flag:", "result += item"]),
    ("simplify", "def f(x):\n    if x > 1:\n        return True\n    else:\n        return False", ["return bool(x > 1)"]),
    ("document", CODE, ['"""Emulated: documents `total`."""']),
    ("addTypes", CODE, ["def total(items, flag) -> object:"]),
    ("addTypes", "def f(x):\n    print(x)", ["def f(x) -> None:"]),
    ("implement", "def f(x):\n    raise NotImplementedError", ["return None"]),
    ("optimise", CODE, ["result = result + item"]),
]  # fmt: skip


@pytest.mark.parametrize(("action", "code", "expected"), CASES)
def test_small_changes_that_fit_the_task(action, code, expected):
    """Each action's own prompt gets its own kind of change, in one code block."""
    changed = code_of(prompted(action, code))

    ast.parse(changed)
    assert "# emulated" in changed
    for piece in expected:
        assert piece in changed


@pytest.mark.parametrize("action", sorted(ACTIONS))
def test_every_action_gets_a_reply_that_says_so(action):
    """Code says it in a comment, prose in a sentence."""
    reply = prompted(action, CODE, instruction="rename total to grand_total")

    assert "emulated" in reply.lower()
    assert prompted(action, CODE, instruction="rename total to grand_total") == reply
    if action == "explain":
        assert "`total`" in reply
        assert "```" not in reply
    elif action == "test":
        assert "def test_total" in code_of(reply)


def test_a_request_in_words():
    """A renaming is carried out, and the comment that asked for it leaves."""
    code = f"# zai: rename total to grand_total\n{CODE}"
    changed = code_of(prompted("instruct", code, instruction="rename total to grand_total"))

    assert "def grand_total(" in changed
    assert "zai:" not in changed


@pytest.mark.parametrize("task", ["document", "add types", "simplify", "implement", "fix"])
def test_sound_python_stays_sound(task):
    """Over all of this package's own source: what parsed before parses after, twice in a row."""
    for source in SOURCES:
        once = rewrite(source.read_text("utf-8").rstrip("\n"), "python", task)
        ast.parse(once)
        twice = rewrite(once, "python", task)
        ast.parse(twice)
        assert twice != once
        assert twice.count(f"# emulated: {task}") == 1 or "emulated" in source.read_text("utf-8")


@pytest.mark.parametrize(
    ("language", "code", "comment"),
    [
        ("typescript", "  const x = 1;", "  // emulated: fix"),
        ("go", "\tx := 1", "\t// emulated: fix"),
        ("lua", "local x = 1", "-- emulated: fix"),
        ("html", "<!DOCTYPE html>\n<p>", "<!-- emulated: fix -->"),
        ("shellscript", "#!/bin/sh\nls", "# emulated: fix"),
        ("css", "a {}", "/* emulated: fix */"),
    ],
)
def test_comments_in_the_language_at_the_indentation(language, code, comment):
    """The mark is a comment of the language, on its own line, below what must stay first."""
    lines = rewrite(code, language, "fix").split("\n")

    assert comment in lines
    assert lines[0] == code.split("\n")[0] or lines[0] == comment
    assert "\n".join(line for line in lines if line != comment) == code


def test_what_cannot_be_commented_stays():
    """JSON has no comments."""
    assert rewrite('{"a": 1}', "json", "fix") == '{"a": 1}'


def test_the_last_block_is_the_code():
    """Blocks before it, and fences inside it, do not count."""
    reply = asked("Look:\n```python\nold = 1\n```\nSimplify:\n````python\nnew = '''\n```\n'''\n````")

    assert "old" not in reply
    assert code_of(reply).endswith("new = '''\n```\n'''")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Complete the code at the cursor.\n```python\nx =\n```", "# emulated"),
        ("hello", "This reply is emulated"),
        ("```\n\n```", "emulated"),
        ("", "emulated"),
        ("Fix this:\n```python\nx = 1", "emulated"),
        ("Write tests.\n```rust\nfn area() {}\n```", "fn area_is_emulated()"),
        ("Write tests. They go to a new file.\n```go\nfunc Area() {}\n```", 'import "testing"'),
        ("Write tests.\n```cobol\nX.\n```", "emulated"),
    ],
)
def test_whatever_is_asked(text, expected):
    """Any message gets a reply."""
    assert expected in asked(text)


@pytest.mark.parametrize(
    ("language", "code", "doc"),
    [
        ("typescript", "  f() {}", "  /** Emulated documentation. */"),
        ("rust", "fn f() {}", "/// Emulated documentation."),
        ("go", "func f() {}", "// Emulated documentation."),
    ],
)
def test_documentation_in_other_languages(language, code, doc):
    """A doc comment stands above the code, once."""
    once = rewrite(code, language, "document")
    twice = rewrite(once, language, "document")

    assert doc in once.split("\n")
    assert once.endswith(code)
    assert twice.count("(2)") == 1
    assert twice.count(doc) == 1


@pytest.mark.parametrize("code", ["", "\n", "#!/bin/sh"])
def test_code_with_no_line_to_mark(code):
    """Where there is nothing but blank lines or a first line that must stay, the mark still has a place."""
    changed = rewrite(code, "python", "fix")

    assert "# emulated: fix" in changed
    assert changed.startswith(code.strip())


# -- at a cursor ----------------------------------------------------------------------------------------------


def completed(marked, language="python"):
    """The reply to the prompt that zai-ls makes for a completion where `⎸` stands, and whether it breaks the file."""
    before, _, after = marked.partition("⎸")
    snapshot = Snapshot("file:///a/shop.py", language, 1, tuple(split_lines(before + after)))
    point = Point(before.count("\n"), len(before.rpartition("\n")[2]))
    place, syntax = place_at(snapshot, point), Syntax()
    shape = shape_of(place, max_tokens=160)
    around = syntax.surroundings(snapshot, Range(Point(point.line, 0), point), budget=1000, below_share=0.25)
    prompt = completion_prompt(snapshot, place, shape, Surrounding(around), salt=b"s")
    reply = asked(prompt.user, prompt.system).split(prompt.stop or "\0")[0]
    shown = written(reply, place, shape, ended=True).text
    return reply, bool(shown) and spoils(snapshot, point, shown, syntax)


LINE = "# emulated: this line continues the code"


@pytest.mark.parametrize(
    ("marked", "reply"),
    [
        ("def total(prices):\n    ⎸\n", f"{LINE}\n    result = prices"),
        ("def total(prices):⎸\n", f"\n    {LINE}\n    result = prices"),
        ("def total(prices):\n    return ⎸\n", "prices  # emulated"),
        ("def total(prices):\n    return sum(⎸\n", "prices)  # emulated"),
        ("def total(prices):\n    return sum(⎸)\n", "prices"),
        ("def total(prices):\n    x = pri⎸\n", "ces  # emulated"),
        ("def total(prices):\n    for x ⎸\n        print(x)\n", "in prices:  # emulated"),
        ("def total(prices):\n    if prices⎸\n", ": pass  # emulated"),
        ("def ⎸\n", "emulated(): pass  # emulated"),
        ("class A⎸\n    x = 1\n", ":  # emulated"),
        ("import os\nx = os.sep\ny = os.⎸\n", "sep  # emulated"),
        ("prices = 1\nx ⎸\n", "= prices  # emulated"),
        ("prices = 1\nx = (1 ⎸\n", "+ prices)  # emulated"),
        ("from os ⎸\n", "import emulated  # emulated"),
        ("x = foo(\n    1,\n    ⎸\n)\n", LINE),
        ("@cached\n⎸\ndef f(): pass\n", LINE),
        ("x = [⎸\n", "1]  # emulated"),
        ("x = {⎸\n", "}  # emulated"),
        ("# what the ⎸\nx = 1\n", "emulated"),
        ("x = 'abc ⎸'\n", "emulated"),
        ("x = 'abc ⎸\n", "emulated'  # emulated"),
        ('"""What it ⎸\n"""\n', "emulated"),
        ('"""What it ⎸\n', 'emulated"""'),
        ('"""\n⎸\n"""\n', "emulated"),
    ],
)
def test_python_is_continued_where_the_cursor_stands(marked, reply):
    """Somebody who tries zai-ls without a key sees a completion that fits its place, and a file that is as sound as before."""
    assert completed(marked) == (reply, False)


@pytest.mark.parametrize(
    ("language", "marked", "reply"),
    [
        ("javascript", "function f(a) {\n  ⎸\n}\n", f"//{LINE[1:]}\n  const result = a;"),
        ("typescript", "function f(a) {⎸\n}\n", f"\n    //{LINE[1:]}\n    const result = a;"),
        ("javascript", "class A {\n  ⎸\n}\n", f"//{LINE[1:]}"),
        ("javascript", "const a = 1;\nconst b = foo(⎸\n", "a);  // emulated"),
        ("javascript", "const a = {\n  b: ⎸\n};\n", "a  // emulated"),
        ("javascript", "const a = 1;\nif (⎸\n", "a) {}  // emulated"),
        ("go", "package main\n\nfunc f(a int) int {\n\treturn ⎸\n}\n", "a  // emulated"),
        ("rust", "fn f(a: i32) {\n    let b = ⎸\n}\n", "a;  // emulated"),
        ("lua", "local a = 1\nlocal b = ⎸\n", "a  -- emulated"),
        ("css", "a {\n  color: ⎸\n}\n", "a  /* emulated */"),
        ("shellscript", "A=1\necho ⎸\n", "A  # emulated"),
        ("json", '{"a": ⎸}\n', "null"),
        ("json", "[\n  ⎸\n]\n", ""),
        ("markdown", "some words ⎸\n", "emulated"),
        ("html", "<p>some ⎸</p>\n", "emulated"),
    ],
)
def test_other_languages_are_continued(language, marked, reply):
    """The same in other languages, with the comment that each has."""
    assert completed(marked, language) == (reply, False)


def test_completions_of_real_code_rarely_break_it():
    """Wherever somebody stops typing in a real file: of 600 places at most one in twelve gets what would break it.

    The places move with every file of ours that comes or goes; some one in eighteen breaks, wherever they are.
    """
    broken = 0
    for number in range(600):
        lines = SOURCES[number * 7 % len(SOURCES)].read_text("utf-8").split("\n")
        filled = [at for at, line in enumerate(lines) if line.strip()] or [0]
        at = filled[number * 13 % len(filled)]
        lines[at] = lines[at][: number * 5 % (len(lines[at]) + 1)] + "⎸"
        broken += completed("\n".join(lines))[1]
    assert broken <= 50
