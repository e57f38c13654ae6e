"""What is repeated hardly counts, however often: tables, and rows of one operator."""

from __future__ import annotations

import inspect
import json

import pytest

from tests.unit.core.texts import snapshot
from zai_ls.core.complexity import Score, score
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import whole

SYNTAX = Syntax()

TABLES = {
    "rust tuples": ("rust", "static A: &[(&str, u32)] = &[\n", '  ("k{n}", 0x{n} | FLAG),\n', "];\n"),
    "rust structs": (
        "rust",
        "static A: &[R] = &[\n",
        '  R { s: "k{n}", m: (1 << {n}) | F, n: {n} * 4 },\n',
        "];\n",
    ),
    "rust macro": ("rust", "fn f() { g(vec![\n", '  row("k{n}", 1 << {n} | FLAG),\n', "]); }\n"),
    "go map": ("go", "package p\nvar a = map[string]int{\n", '\t"k{n}": 1 << {n} | FLAG,\n', "}\n"),
    "go structs": (
        "go",
        "package p\nvar a = []T{\n",
        "\t{S: s{n}, M: (B{n} << 2) & MASK, N: ({n} + 1) * 4},\n",
        "}\n",
    ),
    "go constants": ("go", "package p\nconst (\n", "\tA{n} = 1 << {n} | FLAG\n", ")\n"),
    "typescript objects": (
        "typescript",
        "const a = [\n",
        '  { s: "k{n}", m: (1 << {n}) | F, n: B * {n} + 4 },\n',
        "];\n",
    ),
    "typescript calls": ("typescript", "const a = [\n", '  row("k{n}", (1 << {n}) | F, {n} * 4),\n', "];\n"),
    "typescript enum": ("typescript", "enum A {\n", "  K{n} = (1 << {n}) | FLAG,\n", "}\n"),
    "python tuples": ("python", "A = (\n", "    ('k{n}', (B << {n}) & ~C, (D + {n}) * 2),\n", ")\n"),
    "python dict": ("python", "A = {\n", "    'k{n}': {'mask': 1 << {n} | FLAG, 'size': {n} * 4},\n", "}\n"),
    "python indexes": ("python", "A = [\n", "    (B[{n} + 1], C[D * {n}] ^ E),\n", "]\n"),
    "java arrays": (
        "java",
        "class A { int[][] a = {\n",
        "  {B{n} ^ {n}, 1 << {n} | F, {n} * 4},\n",
        "}; }\n",
    ),
    "java calls": (
        "java",
        "class A { List<R> a = List.of(\n",
        '  new R("k{n}", (1 << {n}) | F, {n} * 4),\n',
        "  Z); }\n",
    ),
    "java builder": ("java", "class A { M a = b()\n", '  .put("k{n}", (1 << {n}) | F)\n', "  .build(); }\n"),
    "c structs": (
        "c",
        "static struct r a[] = {\n",
        '  { .s = "k{n}", .m = (1u << {n}) | F, .n = {n} * B },\n',
        "};\n",
    ),
    "c casts": ("c", "static struct r a[] = {\n", "  [K{n}] = { (void *)&f{n}, (1 << {n}) | F },\n", "};\n"),
    "cpp": (
        "cpp",
        "const std::vector<R> a = {\n",
        '  R{"k{n}", (A{n} << 4) | (B{n} & 0xf), {n} * 4},\n',
        "};\n",
    ),
    "csharp": (
        "csharp",
        "class A { R[] a = {\n",
        '  new R { S = "k{n}", M = (1 << {n}) | F, N = {n} * 4 },\n',
        "}; }\n",
    ),
    "csharp dictionary": ("csharp", "class A { D a = new() {\n", '  ["k{n}"] = B{n} << 2 & F,\n', "}; }\n"),
    "php": ("php", "<?php\n$a = [\n", "  'k{n}' => ['m' => B << {n} & F, 'n' => C * {n} + 1],\n", "];\n"),
    "ruby": ("ruby", "A = {\n", "  k{n}: [1 << {n} | F, B & {n}, C * {n} + 1],\n", "}.freeze\n"),
    "kotlin": ("kotlin", "val a = listOf(\n", '  R("k{n}", (1 shl {n}) or F, {n} * 4 + 1),\n', ")\n"),
    "swift": ("swift", "let a = [\n", '  R(s: "k{n}", m: (1 << {n}) | F, n: {n} * 4),\n', "]\n"),
    "swift tuples": ("swift", "let a = [\n", '  ("k{n}", B << {n} & F, C * {n} + 1),\n', "]\n"),
    "without a grammar": ("scala", "val a = Seq(\n", '  R("k{n}", (1 << {n}) | F, {n} * 4),\n', ")\n"),
    "a map without a grammar": ("dart", "final a = {\n", "  'k{n}': 1 << {n} | FLAG,\n", "};\n"),
    "pairs without a grammar": ("scala", "val a = Map(\n", '  "k{n}" -> (1 << {n}),\n', ")\n"),
    "flags that are set": ("python", "", "flags |= 1 << {n}\n", ""),
    "ways of a type": ("typescript", "type A =\n", "  | K{n}\n", ";\n"),
}
ROWS = {
    "python plus": ("python", "x = a{n}", " + a{n}", "\n"),
    "python and": ("python", "x = a{n}", " and a{n} == {n}", "\n"),
    "python text": ("python", "x = f'''", "{a{n}} k\n", "'''\n"),
    "typescript or": ("typescript", "const x = a{n}", ' || a{n} === "k"', ";\n"),
    "java equals": ("java", "class A { boolean f(A o) { return a{n}", " && this.k{n} == o.k{n}", "; } }\n"),
    "swift and": ("swift", "let x = a{n}", "\n  && a{n} == {n}", "\n"),
    "php dots": ("php", "<?php $x = $a{n}", " . 'k' . $a{n}", ";\n"),
    "cpp stream": ("cpp", "void f() { out", ' << "k" << a{n}', "; }\n"),
    "without a grammar": ("scala", "val x = a{n}", " && a{n} == {n}", "\n"),
}


def scored(text: str, language: str) -> Score:
    document = snapshot(text, language, uri=f"file:///{language}")
    SYNTAX.forget(document.uri)
    return score(document, whole(document.lines), SYNTAX)


def repeated(parts: tuple[str, str, str, str], count: int) -> float:
    language, head, row, tail = parts
    rows = "".join(row.replace("{n}", str(number)) for number in range(count))
    return scored(head.replace("{n}", "0") + rows + tail, language).value


LISTS = {
    "tests": (
        "typescript",
        "",
        'it("t {n}", async () => { expect(await f({n})).toBe({n}) });\n',
        "",
    ),
    "calls with bits": ("c", "void f(void) {\n", "  w({n}, 1<<3|v&0x3);\n", "}\n"),
    "calls with bits at the top": ("python", "", "w({n}, 1 << 3 | v & 0x3)\n", ""),
    "settings": (
        "python",
        "A = {\n",
        "    'k{n}': (lambda x: x + {n}, re.compile(r'[a-z]+{n}\\d*')),\n",
        "}\n",
    ),
    "settings in a function": (
        "python",
        "def f():\n    return {\n",
        "        'k{n}': {'get': lambda x: x.a{n}, 'match': re.compile(r'^/a{n}/(\\d+)$')},\n",
        "    }\n",
    ),
    "settings in javascript": (
        "javascript",
        "const a = {\n",
        "  k{n}: { get: (x) => x.a{n}, match: /^a{n}(\\d+)$/ },\n",
        "};\n",
    ),
}


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_what_is_not_quite_plain_stays_out_of_the_middle(name):
    """Tests of one line, calls with masks, settings with a function and a pattern each: one is easy, and many are not hard."""
    values = [repeated(LISTS[name], count) for count in (1, 50, 3000)]

    assert values == sorted(values)
    assert values[0] < 0.3
    assert values[2] < 0.5


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_easy_however_long_it_is(name):
    """Constants with operators on bits and numbers, in each language's way to write them down."""
    few, many = repeated(TABLES[name], 5), repeated(TABLES[name], 500)

    assert few <= many < 0.3
    assert many < few + 0.15


@pytest.mark.parametrize("name", ROWS)
def test_a_long_row_is_hardly_harder_than_a_short_one(name):
    """One expression of the same operator again and again; what is longer is never easier."""
    values = [repeated(ROWS[name], count) for count in (3, 12, 100, 400)]

    assert values == sorted(values)
    assert values[3] < 0.56
    assert values[3] < values[1] + 0.15


def test_a_line_too_long_for_a_tree_is_no_harder():
    """It is read by words."""
    assert scored("x = " + " + ".join(["a"] * 20_000) + "\n", "go").value < 0.4


def test_a_function_with_one_long_condition_is_not_hard():
    """Ten questions that `json.dumps` asks in one row, and one call."""
    assert scored(inspect.getsource(json.dumps), "python").value < 0.6
    assert scored(inspect.getsource(json.dump), "python").value < 0.65


@pytest.mark.parametrize(
    ("language", "light", "whole_"),
    [
        ("python", "x = 1 << 7 | FLAG\n", "x = h << 7 | c\n"),
        ("typescript", "x = A | m.B | 4;\n", "x = a(1) | b[2] | c;\n"),
        ("rust", "fn f() { x = 60 * 60; }\n", "fn f() { x = a * b; y = a * b * c }\n"),
        ("go", "package p\nvar x = []int{A ^ B << 2}\n", "package p\nvar x = A ^ B << 2\n"),
        ("javascript", "x = [a ^ b & c];\n", "x = [d ? a ^ b & c : 0];\n"),
        ("c", "int x = 1 /* one */ << 2 /* two */ | A;\n", "int x = a /* one */ << 2 /* two */ | A;\n"),
    ],
)
def test_constants_are_light(language, light, whole_):
    """Operators between literals, `|` between flags, and whatever is in a table without a branch."""
    assert scored(light, language).value < 0.15
    assert scored(light, language).value < scored(whole_, language).value


@pytest.mark.parametrize("language", ["c", "java", "typescript", "rust", "go"])
def test_a_comment_within_an_expression_does_not_move_it(language):
    """Wherever it stands: before a sign, behind it, between literals."""
    head, tail = ("class A { int x = ", "; }\n") if language == "java" else ("", "")
    plain = f"{head}1 << 2 | A | (b & 3){tail}"
    noted = f"{head}1 /* a */ << /* b */ 2 /* c */ | /* d */ A /* e */ | (b /* f */ & 3){tail}"

    assert scored(noted, language) == scored(plain, language)


def test_what_happens_in_a_function_within_a_table_counts_whole():
    """Only what has a value by itself is light."""
    inside, table = "(a) => a ^ (b & c)", "a ^ (b & c)"

    assert scored(f"x = [{inside}];\n", "javascript").measures["bits"] == 2
    assert scored(f"x = [{table}];\n", "javascript").measures["bits"] == pytest.approx(0.2)
