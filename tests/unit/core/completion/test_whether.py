"""When no request is worth it: each rule from both sides."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from tests.unit.core.completion.replies import place_in
from zai_ls.core.completion.whether import Kind, by_syntax, by_text
from zai_ls.messages import known_messages


def check(text, reason, *, deleted=False, selected=None):
    """At the mark in *text* there is this reason not to ask, or none."""
    quiet = by_text(place_in(text), deleted=deleted, selected=selected)

    assert (quiet.reason if quiet else None) == reason
    if quiet:
        assert f"quiet.{reason}" in known_messages()
        assert re.fullmatch(r"[A-Z][^{}]*\.", quiet.text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("x = fo⎸\n", None, id="at the end of a word"),
        pytest.param("x = ⎸fo\n", "inside_line", id="before a word"),
        pytest.param("x = fo⎸o\n", "inside_word", id="inside a word"),
        pytest.param("x = fo⎸_o\n", "inside_word", id="an underscore is a letter of a word"),
        pytest.param("x = é⎸é\n", "inside_word", id="letters of other languages too"),
        pytest.param("x = fo⎸.o\n", "inside_line", id="between a word and its member"),
        pytest.param("x = ⎸ + 1\n", "inside_line", id="before code"),
        pytest.param("x = ⎸  # one\n", "inside_line", id="before a comment"),
        pytest.param("x = ⎸  \n", None, id="before blanks"),
        pytest.param("f(⎸)\n", None, id="before a bracket that the editor closed"),
        pytest.param("if f(⎸):\n", None, id="before the end of a line that opens a block"),
        pytest.param("x = [a(⎸), \n", None, id="before a comma"),
        pytest.param("print('⎸');\n", None, id="before a quote and what ends the line"),
        pytest.param("<p>⎸</p>\n", None, id="before a tag that the editor closed"),
        pytest.param("<p>⎸ </p>\n", None, id="before a blank and a tag that the editor closed"),
        pytest.param("<p>⎸<b>\n", "inside_line", id="before a tag that opens"),
        pytest.param("f()⎸\n", "after_closing_bracket", id="right after a round bracket"),
        pytest.param("x[0]⎸\n", "after_closing_bracket", id="right after a square bracket"),
        pytest.param("{}⎸\n", "after_closing_bracket", id="right after a curly bracket"),
        pytest.param("f(g()⎸)\n", "after_closing_bracket", id="also when more brackets follow"),
        pytest.param("f() ⎸\n", None, id="a blank after a bracket goes on"),
        pytest.param("f().⎸\n", None, id="a dot after a bracket goes on"),
        pytest.param("x = 1;⎸\n", "line_done", id="after a semicolon"),
        pytest.param("x = 1; ⎸\n", "line_done", id="a blank after it does not matter"),
        pytest.param("x = 1;\n⎸\n", None, id="the line after it does"),
        pytest.param("⎸", "nothing_to_go_by", id="an empty document"),
        pytest.param("\n\n  ⎸\n\n", "nothing_to_go_by", id="nothing but blanks"),
        pytest.param("d⎸", None, id="a letter is something to go by"),
        pytest.param("# adds\n⎸", None, id="so is a line above"),
        pytest.param("⎸\nx = 1\n", None, id="so is a line below"),
    ],
)
def test_what_the_text_tells(text, reason):
    """Each by what stands around the cursor."""
    check(text, reason)


def test_a_deletion_asks_for_nothing():
    """Who takes away is not writing."""
    check("x = ⎸\n", "after_deletion", deleted=True)


@pytest.mark.parametrize("selected", ["print", ""])
def test_an_item_of_the_editors_menu_stands_in_the_way(selected):
    """Ghost text would be shown behind it; also when it would insert nothing."""
    check("x = ⎸\n", "menu_item_selected", selected=selected)


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("in_comments", [False, True])
@pytest.mark.parametrize("in_strings", [False, True])
def test_what_the_syntax_tells(kind, in_comments, in_strings):
    """Comments and strings only where they are wanted; code always."""
    quiet = by_syntax(kind, in_comments=in_comments, in_strings=in_strings)

    wanted = {"code": True, "comment": in_comments, "string": in_strings}[kind]
    assert (quiet.reason if quiet else None) == (None if wanted else f"in_{kind}")
    assert quiet is None or f"quiet.in_{kind}" in known_messages()
