"""What must hold of the score whatever the code: over made-up programs, and over real ones."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import sysconfig
import textwrap
import tokenize
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.core.texts import TEXTS, snapshot
from zai_ls.core.complexity import further_steps, score
from zai_ls.core.languages import LANGUAGES
from zai_ls.core.roles import TERMS
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import split_lines, whole

SYNTAX = Syntax()
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
LIBRARY = Path(sysconfig.get_path("stdlib"))
MODULES = (
    "heapq",
    "bisect",
    "textwrap",
    "difflib",
    "functools",
    "contextlib",
    "shlex",
    "string",
    "queue",
    "sched",
)


def scored(text: str, language: str = "python"):
    SYNTAX.forget(f"file:///{language}")
    document = snapshot(text, language, uri=f"file:///{language}")
    return score(document, whole(document.lines), SYNTAX)


def value(text: str, language: str = "python") -> float:
    return scored(text, language).value


def functions() -> list[str]:
    """Real ones, as they stand in the standard library."""
    found = []
    for module in MODULES:
        text = (LIBRARY / f"{module}.py").read_text("utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef) and node.end_lineno - node.lineno >= 2:
                source = "\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno]) + "\n"
                found.append(textwrap.dedent(source))
    return [source for source in found if _parses(source)]


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


REAL = functions()
real = st.sampled_from(REAL)
LIBRARY_NAMES = {name for rows in TERMS.values() for names in rows.values() for name in names.split()}

# -- made-up programs ---------------------------------------------------------------------------------------

EXPRESSIONS = st.recursive(
    st.sampled_from(["a", "b", "c", "n", "1", "'s'", "a.b", "f(a)", "xs[0]"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "*", "-", "&", "<<", "and", "or", "<", "=="]), inner).map(
            " ".join
        ),
        inner.map(lambda e: f"({e})"),
        inner.map(lambda e: f"f({e}, n)"),
        inner.map(lambda e: f"xs[{e}]"),
        inner.map(lambda e: f"(not {e})"),
    ),
    max_leaves=6,
)
SIMPLE = st.one_of(
    EXPRESSIONS.map(lambda e: f"a = {e}"),
    EXPRESSIONS.map(lambda e: f"b += {e}"),
    EXPRESSIONS.map(lambda e: f"return {e}"),
    st.sampled_from(["f(a, b)", "pass", "raise E(a)", "xs[n] = a", "yield a", "c = [a, b, 1, 2]"]),
)


def _block(head: str, body: list[str]) -> str:
    return f"{head}:\n" + textwrap.indent("\n".join(body), "    ")


STATEMENTS = st.recursive(
    SIMPLE,
    lambda inner: st.one_of(
        st.builds(_block, EXPRESSIONS.map(lambda e: f"if {e}"), st.lists(inner, min_size=1, max_size=3)),
        st.builds(_block, st.just("for n in xs"), st.lists(inner, min_size=1, max_size=3)),
        st.builds(_block, EXPRESSIONS.map(lambda e: f"while {e}"), st.lists(inner, min_size=1, max_size=3)),
        st.builds(_block, st.just("def f(a)"), st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)
PROGRAMS = st.lists(STATEMENTS, min_size=1, max_size=5).map(lambda parts: "\n".join(parts) + "\n")


# -- what does not count ------------------------------------------------------------------------------------


@QUICK
@given(st.one_of(real, PROGRAMS), st.integers(0, 10**6))
def test_comments_and_blank_lines_do_not_move_it(text, seed):
    """Above and behind lines of code, anywhere outside of a string."""
    lines, inside = text.splitlines(), _lines_in_strings(text)
    out = []
    for number, line in enumerate(lines):
        is_code = number not in inside and line.strip() and not line.rstrip().endswith("\\")
        if is_code and (seed >> number % 20) & 1:
            out += [f"{line[: len(line) - len(line.lstrip())]}# if this and that or more: for", ""]
        commented = (
            number not in inside | {each - 1 for each in inside} and line.strip() and seed >> number % 20 & 2
        )
        out.append(f"{line}  # while" if commented else line)
    changed = "\n".join(out) + "\n"

    assert scored(changed) == scored(text)


def _lines_in_strings(text: str) -> set[int]:
    """Lines that begin inside a string or after a backslash, by number from 0."""
    found = {number + 1 for number, line in enumerate(text.splitlines()) if line.endswith("\\")}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.end_lineno > node.lineno:
            found |= set(range(node.lineno, node.end_lineno))
    return found


def test_formatting_does_not_move_it():
    """Real functions, formatted anew for short lines and for long ones by a program that changes nothing else."""
    joined = [text for text in REAL if not re.search(r"""["']\s*\n?\s*["']|lambda""", text)][:80]
    for text in joined:
        narrow, wide = (_formatted(text, width) for width in ("50", "120"))
        assert value(narrow) == pytest.approx(value(wide), abs=1e-9), text


def _formatted(text: str, width: str) -> str:
    ruff = Path(sys.executable).parent / "ruff"
    command = [ruff, "format", "-q", "--isolated", "--line-length", width, "--stdin-filename", "a.py"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


@QUICK
@given(st.one_of(real, PROGRAMS))
def test_renaming_does_not_move_it(text):
    """Every name that is not a field's, one for one; but not what libraries call their locks and the like."""
    if any(isinstance(node, ast.JoinedStr) for node in ast.walk(ast.parse(text))):
        return  # what is in them is no token of its own before Python 3.12
    own = [
        name
        for name in {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        | {node.arg for node in ast.walk(ast.parse(text)) if isinstance(node, ast.arg)}
        if name not in {"self", "cls"} | LIBRARY_NAMES
    ]
    others = {name: f"renamed_{number}_x" for number, name in enumerate(sorted(own))}
    changed, before = [], ""
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        said = (
            others.get(token.string, token.string)
            if token.type == tokenize.NAME and before != "."
            else token.string
        )
        changed.append((token.type, said))
        before = token.string

    assert scored(tokenize.untokenize(changed)).value == scored(text).value


RENAMED = {
    "typescript": (
        "function sum(items: Item[]) { let t = 0; for (const i of items) { t += i.price; } return t; }",
        "sum items t i",
    ),
    "go": (
        "func Sum(items []Item) int {\n\tt := 0\n\tfor _, i := range items {\n\t\tt += i.Price\n\t}\n\treturn t\n}\n",
        "Sum items t i",
    ),
    "rust": (
        "fn sum(items: &[Item]) -> u32 { let mut t = 0; for i in items { t += i.price; } t }",
        "sum items t i",
    ),
    "java": (
        "class A { int sum(List<Item> items) { int t = 0; for (Item i : items) { t += i.price; } return t; } }",
        "sum items t i",
    ),
    "cpp": (
        "int sum(const std::vector<Item>& items) { int t = 0; for (auto& i : items) { t += i.price; } return t; }",
        "sum items t i",
    ),
    "scala": (
        "def sum(items: Seq[Item]) = {\n  var t = 0\n  for (i <- items) {\n    t += i.price\n  }\n  t\n}\n",
        "sum items t i",
    ),
}


@pytest.mark.parametrize("language", RENAMED)
def test_renaming_does_not_move_it_in_other_languages(language):
    """Also where there is no grammar."""
    text, names = RENAMED[language]
    changed = text
    for number, name in enumerate(names.split()):
        changed = re.sub(rf"\b{name}\b", f"other{number}", changed)

    assert changed != text
    assert scored(changed, language) == scored(text, language)


# -- what counts less each time -----------------------------------------------------------------------------


@QUICK
@given(st.one_of(real, PROGRAMS))
def test_pasting_a_block_twice_raises_it_less_than_twice(text):
    """And never lowers it."""
    once, twice, often = value(text), value(text * 2), value(text * 6)

    assert once <= twice <= often
    assert twice < 2 * once or once == 0
    assert twice - once < 0.25


@pytest.mark.parametrize(
    ("language", "row"),
    [
        ("python", "    x{n} = {n}\n"),
        ("python", "call({n}, 'text', y)\n"),
        ("typescript", "  this.a{n} = a{n};\n"),
        ("java", '    map.put("k{n}", "v{n}");\n'),
        ("go", '\tmux.Handle("/p{n}", h.P{n})\n'),
        ("rust", '    println!("k: {{}}", r.f{n});\n'),
        ("cpp", '    std::cout << "k" << r.f{n} << "\\n";\n'),
    ],
)
def test_a_long_list_of_the_same_is_easy(language, row):
    """Two hundred lines of one shape stay below the first threshold, and below ten lines that are dense."""
    flat = "".join(row.replace("{n}", str(n)).replace("{{}}", "{}") for n in range(200))
    dense = (
        "def f(xs, n):\n    for i in range(n):\n        for j in range(i, n):\n"
        "            if xs[i][j - 1] & 1 << j and (xs[j][i] or f(xs, j - 1)):\n                xs[i + 1][j] ^= xs[i][j] >> 1\n"
    )

    assert value(flat, language) < 0.3 < 0.5 < value(dense)


# -- what never lowers it -----------------------------------------------------------------------------------


@QUICK
@given(st.one_of(real, PROGRAMS), st.integers(0, 10**6), st.sampled_from(["around", "behind"]))
def test_a_nested_branch_never_lowers_it(text, seed, where):
    """Around any statement of real or made-up code, or behind it."""
    tree = ast.parse(text)
    bodies = [
        getattr(node, name)
        for node in ast.walk(tree)
        for name in ("body", "orelse", "finalbody")
        if isinstance(getattr(node, name, None), list) and getattr(node, name)
    ]
    before = value(ast.unparse(tree) + "\n")
    body = bodies[seed % len(bodies)]
    at = seed // 7 % len(body)
    if isinstance(body[at], ast.Expr) and isinstance(body[at].value, ast.Constant):
        return  # a docstring is none any more where it is not first
    condition = ast.Name("condition")
    if where == "around":
        body[at] = ast.If(condition, [body[at]], [])
    else:
        body.insert(at + 1, ast.If(condition, [ast.Pass()], []))
    after = value(ast.unparse(ast.fix_missing_locations(tree)) + "\n")

    assert after >= before


# -- always -------------------------------------------------------------------------------------------------


@QUICK
@given(st.one_of(TEXTS, st.text(max_size=200), PROGRAMS, real), st.sampled_from([*LANGUAGES, "cobol"]))
def test_whatever_it_is_has_a_score(text, language):
    """Between 0 and 1, the same each time, explained in full."""
    first, again = scored(text, language), scored(text, language)

    assert 0 <= first.value <= 1
    assert first == again
    assert sum(first.features.values()) == pytest.approx(first.value, abs=0.002)
    assert all(amount >= 0 for amount in first.features.values())


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
def test_what_was_cut_off_is_about_as_hard_as_what_is_left_of_it(share):
    """Selections that end in the middle of a statement are measured, not given up: real functions, cut anywhere."""
    differences = []
    for text in REAL:
        lines = split_lines(text)
        if len(lines) >= 10:
            kept = "".join(lines[: int(len(lines) * share)]).rstrip()
            differences.append(abs(value(kept[: -len(kept.splitlines()[-1].strip()) // 2]) - value(kept)))

    assert sorted(differences)[len(differences) // 2] < 0.05
    assert sorted(differences)[int(0.9 * len(differences))] < 0.2


@pytest.mark.parametrize(
    ("instruction", "steps"),
    [
        ("", 0),
        ("Rename it", 0),
        ("Rename it and add a test", 1),
        ("Split it in two, then write tests. Finally update the docs; keep the old name", 3),
        ("拆分函数，然后添加测试。", 1),
    ],
)
def test_an_instruction_of_several_steps_is_heavier(instruction, steps):
    """Each further step counts, and every twenty-five words as one more."""
    assert int(further_steps(instruction)) == steps
    document = snapshot("x = 1\n")
    alone = score(document, whole(document.lines), SYNTAX)
    asked = score(document, whole(document.lines), SYNTAX, (), instruction)
    assert (asked.value > alone.value) is bool(instruction)
