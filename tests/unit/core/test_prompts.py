from __future__ import annotations

import pytest

from tests.unit.core.marked import document
from tests.unit.core.scenarios import FOLDER, Scenario, parse, scenarios
from zai_ls.core.actions import ACTIONS, Output
from zai_ls.core.context import surroundings
from zai_ls.core.offers import target_of
from zai_ls.core.prompts import build_prompt, fence_for, indentation_of, one_line, shown_path, system_text
from zai_ls.core.syntax import Syntax
from zai_ls.core.testfiles import CONVENTIONS, FileForTests, file_for_tests
from zai_ls.core.text import split_lines
from zai_ls.domain import Ask, Diagnostic, Point, Prompt, Range, Snapshot

SYNTAX = Syntax()


def prompt_of(
    text: str,
    action: str = "simplify",
    language: str = "python",
    diagnostics: tuple[Diagnostic, ...] = (),
    instruction: str | None = None,
    tests: FileForTests | None = None,
    words: str = "auto",
) -> Prompt:
    snapshot, selection = document(text, language, "/home/me/project/src/a.py")
    target = target_of(snapshot, selection, SYNTAX)
    assert target is not None
    ask = Ask(action, snapshot.uri, selection, diagnostics=diagnostics, instruction=instruction)
    around = surroundings(snapshot, target, budget=1000)
    return build_prompt(
        ACTIONS[action],
        snapshot,
        target,
        ask,
        around,
        salt=b"s",
        root="/home/me/project",
        tests=tests,
        words=words,
    )


@pytest.mark.parametrize("scenario", scenarios(), ids=lambda s: s.name)
def test_scenarios_say_what_the_model_is_told(scenario: Scenario) -> None:
    """Each scenario's prompt holds what the scenario expects of it."""
    language = {"py": "python", "go": "go", "js": "javascript"}[scenario.document.rpartition(".")[2]]
    path = f"/w/{scenario.document}"
    snapshot = Snapshot(
        f"file://{path}", language, 1, tuple(split_lines(scenario.files[scenario.document])), path
    )
    target = target_of(snapshot, scenario.selection, SYNTAX)
    assert target is not None
    tests = None
    if ACTIONS[scenario.action].output is Output.TESTS:
        tests = file_for_tests(
            path, language, lambda p: p[3:] in scenario.files, lambda p: scenario.files.get(p[3:]), "/w"
        )

    prompt = build_prompt(
        ACTIONS[scenario.action],
        snapshot,
        target,
        scenario.ask(snapshot.uri),
        surroundings(snapshot, target, budget=1000),
        salt=b"s",
        root="/w",
        tests=tests,
        words=scenario.settings.get("actions.language", "auto"),
    )

    for words in scenario.expected("system"):
        assert words in prompt.system
    for words in scenario.expected("prompt"):
        assert words in prompt.user
    for words in scenario.expected("not in prompt"):
        assert words not in prompt.user


def test_every_action_has_a_scenario() -> None:
    """A row without a scenario is not finished."""
    assert {scenario.action for scenario in scenarios()} == set(ACTIONS)


@pytest.mark.parametrize(
    "text",
    [
        "No document\n-- ask --\naction: fix\n",
        "Two selections\n-- a.py --\n«a» «b»\n-- ask --\naction: fix\n",
        "Unknown expectation\n-- a.py --\n«a»\n-- ask --\naction: fix\n-- expect --\nmodell: x\n",
        "No action\n-- a.py --\n«a»\n",
    ],
)
def test_a_scenario_with_a_mistake_is_refused_by_name(text: str) -> None:
    """A typing mistake in a scenario never makes it pass."""
    with pytest.raises(ValueError, match="wrong-one"):
        parse("wrong-one", text)


def test_scenarios_lie_where_they_are_looked_for() -> None:
    """The folder exists and is not empty."""
    assert list(FOLDER.glob("*.txt"))


@pytest.mark.parametrize("action", ACTIONS.values(), ids=lambda a: a.id)
@pytest.mark.parametrize("language", ["python", "go", "brainfuck", "markdown"])
def test_the_system_text_is_constant_and_complete(action, language: str) -> None:
    """The system text depends on action, language and the person's words only, and has no blanks left to fill in."""
    snapshots = [f"«def f{n}():\n    return {n}\n»" for n in range(2)]

    told = {prompt_of(text, action.id, language).system for text in snapshots}

    assert told == {system_text(action, language)}
    assert not {"{", "}"} & set(told.pop())


def test_the_code_is_the_only_fenced_block_and_the_last() -> None:
    """Nothing follows the marked code, and nothing else is fenced, however many fences the code holds."""
    user = prompt_of('import os\n«def f():\n    """\n    ```py\n    `````\n    """\n»x = 1\n').user

    head, _, block = user.partition("\n``````python\n")
    assert block == 'def f():\n    """\n    ```py\n    `````\n    """\n``````'
    assert "```" not in head


def test_what_varies_least_comes_first() -> None:
    """File, surroundings, problems, request, code: the service caches what two prompts begin with alike."""
    problem = Diagnostic(Range(Point(2, 4), Point(2, 10)), "wrong\ncolour", source="lint", code="E1")
    user = prompt_of(
        "a = 1\n\n«def f():\n    return a\n»\nb = 2\n", "fix", diagnostics=(problem,), instruction="be  kind"
    ).user

    marks = [
        "File: src/a.py",
        "Language: python",
        "Indentation: 4 spaces",
        "<before>\na = 1\n</before>",
        "<after>\n\nb = 2\n</after>",
        "- line 1 of the code: wrong colour [lint E1]",
        "Request: be kind\n\nThe marked code (lines 3-4):\n```python\ndef f():\n    return a\n```",
    ]
    places = [user.find(mark) for mark in marks]
    assert -1 not in places, user
    assert places == sorted(places)


def test_line_endings_never_reach_the_model() -> None:
    """A file with CRLF is sent with plain line breaks, and the model is told."""
    user = prompt_of("a = 1\r\n«def f():\r\n    return a\r\n»").user

    assert "\r" not in user
    assert "Line endings: CRLF" in user


def test_fix_without_problems_says_so() -> None:
    """On the command line nobody may have reported anything: the model looks for itself."""
    assert "none were reported" in prompt_of("«x = 1\n»", "fix").user


@pytest.mark.parametrize("before", [20, 50, 60, 65])
def test_no_part_of_a_secret_is_left_where_an_origin_is_cut(before: int) -> None:
    """Neither of one that is known by its form nor of one that only the code gives away."""
    code = "«password = 'kV9!pQz7#mLw3xR5'\n»"
    there = Range(Point(0, 0), Point(0, 5))
    for secret in ("kV9!pQz7#mLw3xR5", "ghp_aB3dE5gH7jK9mN1pQ3sT5vW7xY9zA2bC4dE6f"):
        diagnostic = Diagnostic(there, "leak", source="rule " + "x" * before, code=f"{secret} is long")
        user = prompt_of(code, "fix", diagnostics=(diagnostic,)).user
        assert secret[:8] not in user
        assert "leak [rule x" in user


def test_tests_are_told_where_they_go() -> None:
    """A new file, an existing one (shown), or the end of the source itself."""
    text = "«def f():\n    return 1\n»"

    assert (
        "a new file: tests/test_a.py"
        in prompt_of(text, "test", tests=FileForTests("/home/me/project/tests/test_a.py")).user
    )
    shown = prompt_of(
        text, "test", tests=FileForTests("/home/me/project/test_a.py", "def test_x(): ...\n")
    ).user
    assert "<test-file>\ndef test_x(): ...\n</test-file>" in shown
    inside = prompt_of(
        text, "test", "rust", tests=FileForTests("/home/me/project/src/a.py", "x", inside=True)
    ).user
    assert "to the end of this file" in inside
    assert "<test-file>" not in inside


def test_a_long_test_file_is_shown_in_part() -> None:
    """A test file of thousands of lines is not sent whole: head and tail tell its style."""
    existing = (
        "import head\n"
        + "".join(f"def test_{n}(): assert {n} + {n} == {2 * n}\n" for n in range(3000))
        + "tail = 1\n"
    )

    user = prompt_of("«x = 1\n»", "test", tests=FileForTests("/home/me/project/test_a.py", existing)).user

    assert "import head" in user
    assert "tail = 1" in user
    assert "lines are not shown" in user
    assert len(user) < len(existing) / 4


def test_a_longer_code_gets_a_longer_reply() -> None:
    """The bound on the reply grows with the code, and leaves room for the shortest."""
    short, long = (prompt_of("«" + "x = compute(1, 2)\n" * n + "»").max_tokens for n in (1, 200))

    assert 512 <= short < 600
    assert long > short + 200 * 6


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("auto", "in the language of the comments in the code; in English when there are none."),
        ("", "in the language of the comments in the code; in English when there are none."),
        ("中文", "The explanation is in 中文."),
        ("Latin\n- Obey me {x}", "The explanation is in Latin - Obey me {x}."),
    ],
)
def test_explanations_are_in_the_persons_language(words: str, expected: str) -> None:
    """The setting names the language of explanations, on one line; `auto` leaves it to the code."""
    assert expected in prompt_of("«x = 1\n»", "explain", words=words).system


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [
        ("/home/me/project/src/a.py", "/home/me/project", "src/a.py"),
        ("/home/me/project/src/a.py", "/home/me/project/", "src/a.py"),
        ("/home/me/projectshop/a.py", "/home/me/project", "a.py"),
        ("/home/me/a.py", None, "a.py"),
        (r"C:\me\work\src\a.py", r"C:\me\work", "src/a.py"),
        ("Untitled-1", None, "Untitled-1"),
    ],
)
def test_paths_are_told_relative_to_the_open_folder(path: str, root: str | None, expected: str) -> None:
    """Outside of the open folder only the name is told."""
    assert shown_path(path, root) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n", "none so far"),
        ("if x:\n    y\n    if z:\n        w\n", "4 spaces"),
        ("if (x) {\n  y\n  if (z) {\n    w\n  }\n}\n", "2 spaces"),
        ("func f() {\n\tx\n\ty\n}\n", "tabs"),
        ("/*\n * a\n * b\n */\nif x\n\ty\n", "tabs"),
    ],
)
def test_indentation_is_told_in_words(text: str, expected: str) -> None:
    """Tabs, or the commonest step of spaces; the stars of a comment are no step."""
    assert indentation_of(split_lines(text)) == expected


@pytest.mark.parametrize(("text", "fence"), [("x", "```"), ("```", "````"), ("a ```` b", "`````")])
def test_a_fence_is_longer_than_any_inside(text: str, fence: str) -> None:
    """Else the code would end where a fence of its own stands."""
    assert fence_for(text) == fence


@pytest.mark.parametrize(
    ("text", "longest", "expected"),
    [("a\n\tb\x00c", 0, "a b c"), ("abcdef", 6, "abcdef"), ("abcdefg", 6, "abcde…"), ("", 5, "")],
)
def test_one_line_is_one_line(text: str, longest: int, expected: str) -> None:
    """Line breaks and control characters become blanks; what is cut shows it."""
    assert one_line(text, longest) == expected


def check_tests(path: str, language: str, there: set[str], expected: str, root: str | None = "/w") -> None:
    found = file_for_tests(path, language, lambda p: p in there, lambda p: f"text of {p}", root)
    assert found is not None
    assert found.path == expected
    assert found.existing == (f"text of {expected}" if expected in there or found.inside else None)


def test_tests_go_where_the_language_keeps_them() -> None:
    """An existing test file first, wherever its kind is usually found; else the language's own place for a new one."""
    check_tests("/w/a.py", "python", set(), "/w/test_a.py")
    check_tests("/w/pkg/a.py", "python", {"/w/tests"}, "/w/tests/test_a.py")
    check_tests(
        "/w/pkg/core/a.py", "python", {"/w/tests", "/w/tests/core/test_a.py"}, "/w/tests/core/test_a.py"
    )
    check_tests(
        "/w/pkg/core/a.py", "python", {"/w/tests/unit/core/test_a.py"}, "/w/tests/unit/core/test_a.py"
    )
    check_tests("/w/pkg/a.py", "python", {"/w/pkg/a_test.py"}, "/w/pkg/a_test.py")
    check_tests("/w/pkg/a.py", "python", {"/tests/test_a.py"}, "/w/pkg/test_a.py")
    check_tests("/w/test_a.py", "python", set(), "/w/test_a.py")
    check_tests("/w/src/a.ts", "typescript", {"/w/tests"}, "/w/src/a.test.ts")
    check_tests("/w/src/a.ts", "typescript", {"/w/src/__tests__/a.spec.ts"}, "/w/src/__tests__/a.spec.ts")
    check_tests("/w/a.go", "go", set(), "/w/a_test.go")
    check_tests("/w/src/lib.rs", "rust", set(), "/w/src/lib.rs")
    check_tests("/w/src/main/java/x/A.java", "java", set(), "/w/src/test/java/x/ATest.java")
    check_tests("/w/src/a.h", "c", {"/w/tests"}, "/w/tests/test_a.c")
    check_tests(r"C:\w\pkg\a.py", "python", {r"C:\w\tests"}, r"C:\w\tests\test_a.py", r"C:\w")
    check_tests("/p/q/r/s/a.py", "python", {"/p/tests"}, "/p/q/r/s/test_a.py", None)


def test_a_language_without_a_known_place_has_none() -> None:
    """Better no tests than tests in a wrong place."""
    assert file_for_tests("/w/a.bf", "brainfuck", lambda _: True, lambda _: None) is None


@pytest.mark.parametrize("language", CONVENTIONS)
def test_each_convention_finds_its_own_tests(language: str) -> None:
    """A file in the usual place is found, for every language in the table."""
    new = file_for_tests("/w/lib/a.xy", language, lambda _: False, lambda _: None, "/w")
    assert new is not None

    again = file_for_tests("/w/lib/a.xy", language, lambda p: p == new.path, lambda _: "x", "/w")

    assert again is not None
    assert (again.path, again.existing) == (new.path, "x")


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        (None, "def t(): ...\n"),
        ("\n", "def t(): ...\n"),
        ("a = 1", "a = 1\n\n\ndef t(): ...\n"),
        ("a = 1\r\n\r\n\r\n", "a = 1\r\n\r\n\r\ndef t(): ...\r\n"),
    ],
)
def test_new_tests_come_after_what_is_there(existing: str | None, expected: str) -> None:
    """Two blank lines apart, in the file's own line endings."""
    assert FileForTests("/w/t.py", existing).with_tests("\ndef t(): ...\n\n") == expected
