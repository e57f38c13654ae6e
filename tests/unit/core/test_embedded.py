"""Code in another language's text: fences of Markdown, scripts and styles of HTML and of what looks like it."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.core.texts import TEXTS, rows, snapshot
from zai_ls.core.complexity import score
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import split_lines, whole

SYNTAX = Syntax()
HARD = """\
def f(xs, n):
    for x in xs:
        while x > n and x.a:
            n = f(xs[n - 1], n)
    return n
"""
SCRIPT = (
    "function f(xs, n) {\n  for (const x of xs) {\n    if (x.a && x > n) { n = f(xs[n - 1], n); }\n  }\n}\n"
)
RUST = "fn f(xs: &[T], n: u32) {\n    for x in xs {\n        if x.a && x.b { f(&xs[1..], n); }\n    }\n}\n"
STYLE = "a { color: red; }\n.b > c { margin: calc(1px + 2px); }\n"
SCALA = "def f(xs: Seq[T]) = {\n  for (x <- xs) {\n    if (x.a && x.b) {\n      f(x)\n    }\n  }\n}\n"
PROSE = "# A page\n\nSome words, and if and for.\n\n"


def scored(text: str, language: str, first: int = 0, last: int | None = None, syntax: Syntax = SYNTAX):
    document = snapshot(text, language, uri=f"file:///{language}/{hash(text)}")
    part = whole(document.lines) if last is None else rows(first, last, document.lines)
    return score(document, part, syntax)


def value(text: str, language: str = "markdown") -> float:
    return scored(text, language).value


def fence(code: str, info: str = "python", mark: str = "```", before: str = "") -> str:
    lines = "".join(before + line for line in code.splitlines(keepends=True))
    return f"{before}{mark}{info}\n{lines}{before}{mark}\n"


INFO = [
    ("python", HARD, "python"),
    ("py title='a.py'", HARD, "python"),
    (" Python", HARD, "python"),
    ("{.python .numberLines}", HARD, "python"),
    ("{python}", HARD, "python"),
    ("{code-block} python", HARD, "python"),
    ("python,ignore", HARD, "python"),
    ("js", SCRIPT, "javascript"),
    ("jsx", SCRIPT, "javascriptreact"),
    ("ts:a.ts", SCRIPT, "typescript"),
    ("rust,no_run", RUST, "rust"),
    ("css", STYLE, "css"),
    ("scala", SCALA, "scala"),
    ("cobol", SCALA, "cobol"),
    ("php", "function f($xs) { foreach ($xs as $x) { if ($x) { f($x); } } }\n", None),
]


@pytest.mark.parametrize(("info", "code", "language"), INFO, ids=[each[0] for each in INFO])
def test_a_fence_is_as_hard_as_the_code_in_it(info, code, language):
    """Its first word names the language, however the rest of the line is written."""
    alone = value(code, language) if language else value("<?php\n" + code, "php")

    assert value(fence(code, info)) == pytest.approx(alone, abs=0.01)


SHAPES = {
    "tildes": fence(HARD, mark="~~~"),
    "longer": fence(HARD, mark="`````"),
    "one that is not closed": f"```python\n{HARD}",
    "in a list": "- item\n\n" + fence(HARD, before="  "),
    "in a quotation": fence(HARD, before="> "),
    "in a list in a quotation": "> 1. item\n>\n" + fence(HARD, before=">    "),
    "in a page that is a fence": fence(fence(HARD), "markdown", mark="````"),
    "in a quoted page that is a fence": fence(fence(HARD), "md", mark="````", before="> "),
    "other line endings": fence(HARD).replace("\n", "\r\n"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_a_fence_may_be_written_and_placed_in_any_way(shape):
    """The marks of lists and quotations are no part of the code."""
    assert value(SHAPES[shape]) == pytest.approx(value(HARD, "python"), abs=0.02)


def test_a_selection_in_a_fence_is_that_code():
    """Exactly, wherever it begins; and a part of it is a part of the code."""
    text = PROSE + fence(HARD) + PROSE

    assert scored(text, "markdown", 5, 9) == scored(HARD, "python")
    assert scored(text, "markdown", 7, 8) == scored(HARD, "python", 2, 3)
    assert scored(text, "markdown", 0, 3).value < 0.05


@pytest.mark.parametrize(("info", "code"), [("", HARD), ("text", HARD), ("txt", HARD)])
def test_what_is_said_to_be_no_code_is_none(info, code):
    """Output, trees of folders, pictures of letters."""
    assert value(fence(code, info)) < 0.03


def test_several_fences_come_to_what_they_are_together():
    """As if they stood in one file; the same one twice raises it less than twice, in other places as well."""
    once, twice = value(fence(HARD)), value(fence(HARD) + PROSE + "- a\n\n" + fence(HARD, before="  "))
    other = value(fence(HARD) + PROSE + fence(SCRIPT, "js"))

    assert once < twice < 1.25 * once
    assert twice == pytest.approx(value(HARD + HARD, "python"), abs=0.02)
    assert twice < other < 1


HOSTS = {
    "a script": ("html", f"<p>a</p>\n<script>\n{SCRIPT}</script>\n", SCRIPT, "javascript"),
    "a module": ("html", f"<script type='module' defer>\n{SCRIPT}</script>\n", SCRIPT, "javascript"),
    "a type": ("html", f"<script type=text/javascript>\n{SCRIPT}</script>\n", SCRIPT, "javascript"),
    "a script of types": ("html", f'<script lang="ts">\n{SCRIPT}</script>\n', SCRIPT, "typescript"),
    "large letters": ("html", f"<SCRIPT TYPE='text/JavaScript'>\n{SCRIPT}</SCRIPT>\n", SCRIPT, "javascript"),
    "one that is not closed": ("html", f"<p><script>\n{SCRIPT}", SCRIPT, "javascript"),
    "a script in a page in a fence": (
        "markdown",
        fence(f"<script>\n{SCRIPT}</script>\n", "html"),
        SCRIPT,
        "javascript",
    ),
    "a style": ("html", f"<style>\n{STYLE}</style>\n", STYLE, "css"),
    "a component": (
        "vue",
        f'<template>\n<b @a="x > 1">{{{{ b }}}}</b>\n</template>\n<script setup lang="ts" generic="T extends R<a, b>">\n{SCRIPT}</script>\n',
        SCRIPT,
        "typescript",
    ),
    "another component": (
        "svelte",
        f"<script>\n{SCRIPT}</script>\n<b on:a={{() => g()}}>b</b>\n",
        SCRIPT,
        "javascript",
    ),
    "a component in a fence": (
        "markdown",
        fence(f"<script>\n{SCRIPT}</script>\n", "vue"),
        SCRIPT,
        "javascript",
    ),
}


@pytest.mark.parametrize("host", HOSTS)
def test_a_script_or_a_style_is_as_hard_as_the_code_in_it(host):
    """Little else is in these pages."""
    language, text, code, inner = HOSTS[host]

    assert value(text, language) == pytest.approx(value(code, inner), abs=0.05)


def test_a_script_is_measured_by_itself():
    """Exactly, when it alone is selected."""
    for language in ("html", "vue", "svelte"):
        text = f"<p>a</p>\n<script>\n{SCRIPT}</script>\n<p>b</p>\n"
        assert scored(text, language, 2, 6).measures == scored(SCRIPT, "javascript").measures


@pytest.mark.parametrize("kind", ["application/ld+json", "importmap"])
def test_data_in_a_script_is_data(kind):
    """It has no branches, whatever its texts say."""
    text = f'<script type="{kind}">\n{{"a": [1, 2], "b": "if for while"}}\n</script>\n'
    assert scored(text, "html").measures["branching"] == 0


def test_php_in_a_page_counts_as_before():
    """Between its marks, and a selection without them."""
    code = "foreach ($xs as $x) {\n  if ($x->a && $x->b) { g($x); }\n}\n"
    page = f"<p>a</p>\n<?php\n{code}?>\n<p>b</p>\n<?php if ($a) {{ ?>\n<b>c</b>\n<?php }} ?>\n"

    assert (
        scored(page, "php", 2, 4).measures["branching"]
        == scored("<?php\n" + code, "php").measures["branching"]
    )
    assert value(page, "php") > value("<?php\n" + code, "php")


def test_definitions_are_those_of_the_embedded_code():
    """By its own grammar and in the places of the page; what prose says is none."""
    text = (
        "function is a word that a line may begin with.\n\n"
        + fence("const f = (a) => {\n  return a;\n};\n", "js", before="> ")
        + fence("class A:\n    def g(self):\n        pass\n")
        + "- a\n"
        + fence("def h(x: Int) = {\n  x\n}\n", "scala", before="  ")
    )
    document = snapshot(text, "markdown")
    found = SYNTAX.definitions(document)

    assert [(each.name, each.range.start.line, each.range.end.line) for each in found] == [
        ("f", 3, 5),
        ("A", 8, 10),
        ("g", 9, 10),
        ("h", 14, 16),
    ]
    inner = SYNTAX.enclosing_definition(document, rows(10, 10, document.lines).start)
    assert inner is not None
    assert (inner.name, inner.kind) == ("g", "method")


ODD = st.lists(
    st.sampled_from(
        [
            "```python\n",
            "```\n",
            "~~~ js\n",
            "~~~\n",
            "````md\n",
            "> ",
            "  - ",
            "    ",
            "\t",
            "```{\n",
            "``` é👍 {.}\n",
            "<script>",
            "<script lang=ts src=\n",
            "</script>",
            "<style lang='",
            "<!--",
            "-->",
            "<?php ",
            "?>",
            "if (a) { f(); }\n",
            "def f():\n",
            "    for x in f():\r\n",
            "é = '👍'\n",
            "\r",
            "\n",
        ]
    ),
    max_size=16,
).map("".join)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.one_of(ODD, TEXTS),
    st.sampled_from(["markdown", "html", "vue", "svelte", "php"]),
    st.integers(0, 20),
    st.integers(0, 20),
)
def test_nothing_is_too_odd(text, language, first, more):
    """Marks that open and never close, or close what is not open: there is a score, of any lines."""
    document = snapshot(text, language, uri="file:///odd")
    first = min(first, len(document.lines) - 1)
    last = min(first + more, len(document.lines) - 1)

    assert 0 <= score(document, rows(first, last, document.lines), SYNTAX).value <= 1
    for each in SYNTAX.definitions(document):
        assert each.range.end.line < len(document.lines)


def test_only_what_is_touched_is_read_and_only_once(monkeypatch):
    """A page of many fences costs what the selection holds."""
    from zai_ls.core import syntax as module

    read = []
    parse = module.parse_within
    monkeypatch.setattr(
        module, "parse_within", lambda *given, **named: read.append(given[2]) or parse(*given, **named)
    )
    syntax = Syntax()
    document = snapshot((PROSE + fence(HARD)) * 50, "markdown")
    for _ in range(3):
        score(document, rows(5, 9, document.lines), syntax)
    assert len(read) == 1

    score(document, whole(document.lines), syntax)
    score(document, whole(document.lines), syntax)
    assert len(read) == 50


def test_a_page_that_costs_too_much_is_measured_in_time():
    """Fences of what is no code: there is one limit for all of them, and words must do for the rest, which is cheaper."""

    def cost_s(fences):
        document = snapshot(fence("x = " + "a<" * 2000 + "\n", "cpp") * fences, "markdown")
        start = process_time()
        score(document, whole(document.lines), Syntax())
        return process_time() - start

    assert cost_s(200) < 8 * cost_s(20)


def test_lines_of_a_piece_without_a_tree_are_its_own():
    """What is around it, and the marks before its lines, are not read as its words."""
    text = PROSE + fence(SCALA, "scala", before="> ")
    found = scored(text, "markdown", 5, len(split_lines(text)) - 3)

    assert found.measures == scored(SCALA, "scala").measures
