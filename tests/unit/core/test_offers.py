from __future__ import annotations

import pytest

from tests.unit.core.marked import document
from zai_ls.core.actions import ACTIONS
from zai_ls.core.offers import APPLY_KEPT, is_cursor, offers, target_of
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import split_lines, text_in
from zai_ls.domain import Diagnostic, Offer, Point, Range, Snapshot

SYNTAX = Syntax()

REWRITES = "simplify refactor document addTypes handleErrors optimise"
PLAIN = "def f(x):\n    return x\n"


def listed(text: str, language: str = "python", path: str | None = "/w/a.py", **given) -> tuple[Offer, ...]:
    snapshot, range_ = document(text, language, path)
    return offers(snapshot, range_, syntax=SYNTAX, **given)


def check(expected: str, text: str, language: str = "python", **given) -> None:
    """Exactly the actions *expected* are offered, in this order."""
    assert " ".join(offer.action for offer in listed(text, language, **given)) == expected


def problem(line: int, message: str = "wrong", severity: int = 1) -> Diagnostic:
    return Diagnostic(Range(Point(line, 4), Point(line, 8)), message, severity)


def test_a_selection_gets_what_applies_to_it() -> None:
    """Rewrites for a selection; tests and an explanation for someone who asked; stubs and comments where there are some."""
    check(f"{REWRITES} test explain", f"«{PLAIN}»")
    check(REWRITES, f"«{PLAIN}»", automatic=True)
    check(
        "simplify refactor document addTypes handleErrors optimise implement test explain",
        "«def f():\n    pass  # TODO: it\n»",
    )
    check(f"{REWRITES} translateComments test explain", "«x = 1  # 数\n»")
    check(f"{REWRITES} test explain", "«x = 1  # number\n»", words="English")
    check(f"{REWRITES} translateComments test explain", "«x = 1  # number\n»", words="Deutsch")
    check(
        "simplify refactor document handleErrors optimise test explain", "«func f() int { return 1 }\n»", "go"
    )
    check("explain", "«# Title\n\nWords.\n»", "markdown")
    check("explain", '«{"a": 1}\n»', "json")
    check(f"{REWRITES} explain".replace("addTypes ", ""), "«++.\n»", "brainfuck")
    check(f"{REWRITES} explain", f"«{PLAIN}»", path=None)


def test_a_cursor_outside_of_all_definitions_stands_for_the_problems_to_fix() -> None:
    """Their lines; without any there is nothing there. Inside a definition that one counts, as ever."""
    text = "import os\nx = wrng\n\ny = wrng\n\n\ndef f():\n    return wrng\n"
    snapshot, _ = document(text.replace("x = ", "x = «»", 1))
    cursor = Range(Point(1, 0), Point(1, 0))
    assert target_of(snapshot, cursor, SYNTAX) is None
    assert target_of(snapshot, cursor, SYNTAX, [problem(1)]) == Range(Point(1, 0), Point(1, 8))
    assert target_of(snapshot, cursor, SYNTAX, [problem(1), problem(3)]) == Range(Point(1, 0), Point(3, 8))
    inside = Range(Point(7, 4), Point(7, 4))
    assert target_of(snapshot, inside, SYNTAX, [problem(1)]) == Range(Point(6, 0), Point(7, 15))


def test_a_cursor_stands_for_the_definition_around_it() -> None:
    """Nothing selected means the enclosing definition, whole, named in the title."""
    found = {offer.action: offer for offer in listed("x = 1\n\n\n@cache\ndef f(x):\n    ret«»urn x\n")}

    assert found["simplify"].title == "GLM: Simplify f"
    assert found["simplify"].range == Range(Point(3, 0), Point(5, 12))
    assert found["simplify"].kind == "refactor.rewrite.zai.simplify"
    assert found["test"].kind == "source.zai.test"


@pytest.mark.parametrize("text", ["x «»= 1\n\ny = 2\n", "«\n\n»", "«»", "«   »\n"])
def test_where_nothing_is_meant_nothing_is_offered(text: str) -> None:
    """Neither a selection with something in it nor a definition: an empty list, no error."""
    check("", text)


@pytest.mark.parametrize(
    "text", ["def f():\n    re«t»urn 1\n", "def f():\n    return 1«\n»\n", "def f():\n    re«»turn 1\n"]
)
def test_an_editor_that_was_not_asked_gets_little_for_a_cursor(text: str) -> None:
    """A cursor (in some editors one character wide) gets problems and `zai:` comments on an automatic request."""
    check("", text, automatic=True)
    check("fix", text, automatic=True, diagnostics=(problem(1),))
    check("instruct", text.replace("def", "# zai: say it\ndef"), automatic=True)
    check(f"{REWRITES} test explain", text)


def test_a_problem_is_offered_with_its_message() -> None:
    """One offer a problem, the worst first, on one short line; one for all when there are several."""
    long = problem(1, "never\nused " * 20, severity=2)
    first, second, both = listed(
        f"«{PLAIN}»", diagnostics=(long, problem(0, "bad name"), problem(9, "elsewhere")), only=["quickfix"]
    )

    assert first.title == "GLM: Fix: bad name"
    assert first.diagnostics == (problem(0, "bad name"),)
    assert first.kind == "quickfix.zai"
    assert second.title.startswith("GLM: Fix: never used never used")
    assert second.title.endswith("…")
    assert len(second.title) <= 72
    assert both.title == "GLM: Fix all 2 problems here"
    assert both.diagnostics == (problem(0, "bad name"), long)


def test_a_problem_is_fixed_in_the_definition_around_it() -> None:
    """The cause of a problem lies rarely on its own line; outside of definitions its lines have to do."""
    (inside,) = listed(
        "import os\ndef f():\n    y = 1\n    x «»= z\n", diagnostics=(problem(3),), only=["quickfix"]
    )
    (part,) = listed(
        "import os\ndef f():\n    y = 1\n    x = «zz»\n", diagnostics=(problem(3),), only=["quickfix"]
    )
    (outside,) = listed("imp«»ort os\ndef f():\n    pass\n", diagnostics=(problem(0),), only=["quickfix"])

    assert inside.range == Range(Point(1, 0), Point(3, 9))
    assert part.range == Range(Point(1, 0), Point(3, 10))
    assert outside.range == Range(Point(0, 0), Point(0, 9))


def test_many_problems_do_not_flood_the_menu() -> None:
    """Ten get an offer of their own; the one for all of them has all."""
    found = listed(
        "«" + "x = 1\n" * 30 + "»",
        diagnostics=tuple(problem(n, str(n)) for n in range(30)),
        only=["quickfix"],
    )

    assert len(found) == 11
    assert len(found[-1].diagnostics) == 30


@pytest.mark.parametrize(
    ("text", "covered"),
    [
        ("# zai: be brief\ndef f():\n    retu«»rn 1\n\nx = 1\n", "# zai: be brief\ndef f():\n    return 1"),
        ("# zai: be brief«»\ndef f():\n    return 1\n\nx = 1\n", "# zai: be brief\ndef f():\n    return 1"),
        (
            "def f():\n    # zai: be brief\n    retu«»rn 1\n\nx = 1\n",
            "def f():\n    # zai: be brief\n    return 1",
        ),
        ("a = 1\n\n# zai: be brief\nb = «»2\nc = 3\n\nd = 4\n", "# zai: be brief\nb = 2\nc = 3"),
        ("# zai: be brief\n«b = 2\n»c = 3\n", "# zai: be brief\nb = 2"),
        ("a = 1\n«# zai: be brief\nb = 2\n»c = 3\n", "# zai: be brief\nb = 2"),
    ],
)
def test_a_comment_becomes_an_action(text: str, covered: str) -> None:
    """`zai: …` above or inside is offered with its words, and covers the comment and what it speaks of."""
    (offer,) = (offer for offer in listed(text) if offer.action == "instruct")

    assert (offer.title, offer.instruction) == ("GLM: be brief", "be brief")
    snapshot, _ = document(text)
    assert text_in(snapshot.lines, offer.range) == covered


def test_kinds_that_the_editor_does_not_want_are_left_out() -> None:
    """`only` names kinds or what they lie under; what runs on saving (`source`) is never ours."""
    given = {"diagnostics": (problem(0),)}
    text = f"«{PLAIN}»"

    check("fix", text, only=["quickfix"], **given)
    check("fix", text, only=["quickfix.zai"], **given)
    check(REWRITES, text, only=["refactor"], **given)
    check(REWRITES, text, only=["refactor.rewrite"], **given)
    check("simplify", text, only=["refactor.rewrite.zai.simplify"], **given)
    check("", text, only=["source"], **given)
    check("", text, only=["source.fixAll", "source.organizeImports"], **given)
    check("", text, only=["refactor.rewrite.za"], **given)
    check("test explain", text, only=["source.zai"], **given)
    check("explain", text, only=["source", "source.zai.explain"], **given)
    check(f"fix {REWRITES} test explain", text, only=[""], **given)
    check(f"fix {REWRITES} test explain", text, only=[], **given)


def test_what_cannot_be_had_is_shown_with_the_reason() -> None:
    """Without a key (or in a file too large) every action is there, disabled, and says why; the text is not parsed."""

    class Untouched(Syntax):
        def parse(self, snapshot):
            raise AssertionError("the text was parsed")

    snapshot, range_ = document(f"«{PLAIN}»")
    found = offers(snapshot, range_, (problem(0),), syntax=Untouched(), disabled_reason="No API key.")

    assert {offer.action for offer in found} == set(ACTIONS) - {"instruct"}
    assert {offer.disabled for offer in found} == {"No API key."}
    check("", "x«»\n", automatic=True, disabled_reason="No API key.")


def test_hidden_actions_are_not_offered() -> None:
    """What a person switched off is gone, also when it could not be had anyway."""
    check("simplify", f"«{PLAIN}»", hidden=set(ACTIONS) - {"simplify"})
    check(
        "simplify", f"«{PLAIN}»", hidden=set(ACTIONS) - {"simplify", "instruct", "fix"}, disabled_reason="no"
    )


def test_a_kept_answer_can_be_applied() -> None:
    """An answer that was kept is offered by its id, also for a mere cursor."""
    (offer,) = listed("x«» = 1\n", automatic=True, kept_answer="17-abc")

    assert (offer.action, offer.instruction) == (APPLY_KEPT, "17-abc")
    assert "Apply the kept answer" in offer.title


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a«»b\n", True),
        ("«a»b\n", True),
        ("«ab»\n", False),
        ("ab«\n»cd\n", True),
        ("a«b\n»cd\n", False),
        ("«\n»cd\n", True),
        ("ab«\r\n»cd\n", True),
        ("«\n\n»cd\n", False),
    ],
)
def test_one_character_is_a_cursor(text: str, expected: bool) -> None:
    """Editors whose cursor covers a character cannot say "nothing is selected"."""
    snapshot, range_ = document(text)

    assert is_cursor(snapshot.lines, range_) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = 1\n  b «= 2\nc =» 3\nd = 4\n", "  b = 2\nc = 3"),
        ("a = 1\n«\n\nb = 2\n\n»c = 3\n", "b = 2"),
        ("a = 1\r\n«b = 2\r\n»c = 3", "b = 2"),
        ("a = 1\n«b = 2»", "b = 2"),
        ("a = «😀😀» + 1\n", "a = 😀😀 + 1"),
        ("a\n«   \n\t\n»b\n", None),
    ],
)
def test_a_selection_means_whole_lines(text: str, expected: str | None) -> None:
    """A selection is widened to whole lines, without blank ones at its ends and without the last line ending."""
    snapshot, range_ = document(text)
    target = target_of(snapshot, range_, SYNTAX)

    assert (text_in(snapshot.lines, target) if target else None) == expected


def test_a_range_past_the_end_is_brought_back() -> None:
    """Editors send ranges beyond the text: no error, the text that is there."""
    snapshot, _ = document("a = 1\nb = 2\n")
    beyond = Range(Point(1, 0), Point(99, 99))

    assert target_of(snapshot, beyond, SYNTAX) == Range(Point(1, 0), Point(1, 5))
    assert offers(snapshot, Range(Point(98, 5), Point(99, 99)), syntax=SYNTAX) == ()


def test_listing_parses_a_version_once() -> None:
    """Helix asks after every movement of the cursor: all lists of one version are made from one tree."""
    text = "".join(
        f"def f{n}(a, b):\n    # zai: be brief {n}\n    return a + b * {n}\n\n\n" for n in range(50)
    )
    snapshot = Snapshot("file:///w/big.py", "python", 1, tuple(split_lines(text)), "/w/big.py")
    syntax = Syntax()

    assert offers(snapshot, Range(Point(101, 4), Point(101, 5)), syntax=syntax)
    tree = syntax.parse(snapshot)
    assert offers(snapshot, Range(Point(5, 0), Point(60, 0)), syntax=syntax)

    assert syntax.parse(snapshot) is tree
