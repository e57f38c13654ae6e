"""What `zai-ls score` shows a person: the hardest first, why in words; and another program: the numbers."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from zai_ls.cli import printing
from zai_ls.cli.score import Piece, Row, tell
from zai_ls.core.complexity import WEIGHTS
from zai_ls.domain import Point, Range
from zai_ls.messages import say


def row(name, value, tier, **features):
    return Row(Path("a.py"), Piece(name, Range(Point(2, 0), Point(8, 3))), value, tier, "glm-5", features)


EASY = row("easy", 0.1, "light", names=0.06, size=0.04)
HARD = row("hard", 0.8, "strong", branching=0.5, loops=0.2, names=0.05, state=0.03, size=0.02)


def shown(capsys, *rows):
    tell(rows)
    return capsys.readouterr().out


def test_the_hardest_comes_first_with_its_reasons(capsys):
    """The three greatest that make at least a tenth of the score; columns line up."""
    first, second = shown(capsys, EASY, HARD).splitlines()

    assert first == "0.80  strong  glm-5  hard  a.py:3-9  branches, loops"
    assert second == "0.10  light   glm-5  easy  a.py:3-9  many names, length"


def test_a_terminal_gets_a_table_with_a_sum(capsys, monkeypatch):
    """With colours, and how much of all is for which tier."""
    monkeypatch.setattr(printing, "is_terminal", lambda stream: stream is sys.stdout)
    monkeypatch.setenv("COLUMNS", "120")
    lines = shown(capsys, EASY, HARD).splitlines()

    assert lines[0].split() == ["score", "tier", "model", "what", "where", "why"]
    assert "hard" in lines[1]
    assert "easy" in lines[2]
    assert lines[-1] == "2 pieces of code: 1 light, 0 standard, 1 strong"


def test_names_that_look_like_markup_stay_as_they_are(monkeypatch):
    """A method of a script may be called `[bold]`."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(printing, "is_terminal", lambda stream: stream is sys.stdout)
    monkeypatch.setenv("COLUMNS", "120")
    tell([row("[bold]", 0.4, "standard", loops=0.4)])

    assert "[bold]" in out.getvalue()


def test_another_program_gets_all_numbers():
    """Those that are none as well."""
    told = HARD.as_json()

    assert set(told) == {"path", "name", "range", "score", "tier", "model", "features"}
    assert told["range"] == "3-9"
    assert told["features"]["branching"] == 0.5


@pytest.mark.parametrize("name", WEIGHTS)
def test_every_measure_has_a_name_in_words(name):
    """A reason that nobody has written would stop the table."""
    assert say(f"feature.{name}")
