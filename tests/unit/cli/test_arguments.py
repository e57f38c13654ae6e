"""What can be given on the command line: targets, diagnostics, settings, addresses."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from zai_ls.cli.diagnostics import parse_diagnostics
from zai_ls.cli.exits import BadUse
from zai_ls.cli.serve import address
from zai_ls.cli.target import parse_target
from zai_ls.core.text import split_lines
from zai_ls.domain import Diagnostic, Point, Range, Snapshot

TEXT = "def f():\n    return 'é😀x'\n\nlast\n"


def snapshot(text=TEXT, path="a.py"):
    return Snapshot("file:///a.py", "python", 1, tuple(split_lines(text)), path)


def span(a, b, c, d):
    return Range(Point(a, b), Point(c, d))


@pytest.mark.parametrize(
    ("given", "path", "range_"),
    [
        ("a.py", "a.py", span(0, 0, 4, 0)),
        ("a.py:1-2", "a.py", span(0, 0, 1, 16)),
        ("a.py:2-2", "a.py", span(1, 0, 1, 16)),
        ("a.py:4-4", "a.py", span(3, 0, 3, 4)),
        ("a.py:2", "a.py", span(1, 4, 1, 4)),
        ("a.py:3", "a.py", span(2, 0, 2, 0)),
        ("C:\\x\\a.py:1-2", "C:\\x\\a.py", span(0, 0, 1, 16)),
    ],
)
def test_lines_count_from_one_and_both_ends_belong(given, path, range_):
    """As people and compilers count; one line is a cursor, none is the whole file."""
    target = parse_target(given)

    assert str(target.path) == path
    assert target.range_in(snapshot()) == range_


@pytest.mark.parametrize("given", ["a.py:0-1", "a.py:3-2", "a.py:2-5", "a.py:9"])
def test_lines_that_are_not_there_are_bad_use(given):
    """The person reads how many there are."""
    with pytest.raises(BadUse, match="it has 4"):
        parse_target(given).range_in(snapshot())


def test_a_file_whose_name_looks_like_a_target_is_taken_by_its_name(tmp_path, monkeypatch):
    """It exists, so that is what was meant."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "log:10-20").write_text("x")

    assert parse_target("log:10-20").first is None


LSP = {
    "range": {"start": {"line": 1, "character": 12}, "end": {"line": 1, "character": 15}},
    "message": "bad",
    "severity": 2,
    "source": "lint",
    "code": 7,
}


@pytest.mark.parametrize(
    "given", [[LSP], {"uri": "file:///a.py", "diagnostics": [LSP]}], ids=["a list", "a notification"]
)
def test_json_diagnostics_are_read_as_lsp_says(given):
    """Columns arrive in UTF-16 units: the emoji counts twice there and once here."""
    assert parse_diagnostics(json.dumps(given), snapshot()) == (
        Diagnostic(span(1, 12, 1, 14), "bad", 2, "lint", "7"),
    )


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("a.py:2:5: error: no value  [return]", Diagnostic(span(1, 4, 1, 10), "no value  [return]", 1)),
        ("  a.py:2:5: F841 [*] Local variable", Diagnostic(span(1, 4, 1, 10), "F841 [*] Local variable", 1)),
        ("a.py:2:5:2:9: error: no value", Diagnostic(span(1, 4, 1, 10), "no value", 1)),
        ("a.py:0: error: whole file", Diagnostic(span(0, 0, 0, 3), "whole file", 1)),
        ("a.py:2:5: warning: odd", Diagnostic(span(1, 4, 1, 10), "odd", 2)),
        ("a.py:2:5: E501 Line too long", Diagnostic(span(1, 4, 1, 10), "E501 Line too long", 1)),
        ("a.py:4: note: here", Diagnostic(span(3, 0, 3, 4), "here", 3)),
        ("./a.py:99:1: far", Diagnostic(span(4, 0, 4, 0), "far", 1)),
        ("b.py:2:5: error: elsewhere", None),
    ],
)
def test_lines_of_other_tools_are_read(line, found):
    """Each concerns the word it points at; other files' lines are left out."""
    text = f"Found 1 error\n{line}\n"

    assert parse_diagnostics(text, snapshot()) == ((found,) if found else ())


RUFF = {
    "cell": None,
    "code": "F841",
    "end_location": {"column": 17, "row": 2},
    "filename": "a.py",
    "fix": None,
    "location": {"column": 5, "row": 2},
    "message": "odd",
}
RANGE = LSP["range"]


@pytest.mark.parametrize(
    "given",
    [
        [RUFF],
        [RUFF, RUFF | {"filename": "b.py"}],
        [RUFF, LSP | {"uri": "file:///b.py"}, {"uri": "file:///b.py", "diagnostics": [LSP]}],
    ],
    ids=["one", "another file's too", "of other forms too"],
)
@pytest.mark.parametrize("mark", ["", "\ufeff"], ids=["plain", "byte order mark"])
def test_json_of_ruff_is_read_as_it_is_printed(given, mark):
    """Lines and columns count from 1; what concerns other files is left out."""
    expected = (Diagnostic(span(1, 4, 1, 16), "odd", 1, "ruff", "F841"),)

    assert parse_diagnostics(mark + json.dumps(given), snapshot()) == expected


def test_what_ruff_prints_is_what_is_read(tmp_path):
    """The real tool, in both of its forms."""
    path = tmp_path / "a.py"
    path.write_text("import os\n")
    ruff = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "--quiet", "--output-format"]
    for form in ("json", "concise"):
        out = subprocess.run([*ruff, form, path], capture_output=True, text=True, check=False).stdout
        (found,) = parse_diagnostics(out, snapshot("import os\n", str(path)))

        assert found.range == span(0, 7, 0, 9)
        assert "imported but unused" in found.message


@pytest.mark.parametrize(
    "text",
    [
        "all is well",
        "[1]",
        '[{"message": "x"}]',
        "{",
        '{"diagnostics": 3}',
        '[{"range":[1,2],"message":"m"}]',
        json.dumps([{"range": RANGE, "message": None}]),
        json.dumps([{"range": RANGE}]),
        json.dumps([{"range": RANGE | {"start": {"line": -1, "character": 0}}, "message": "m"}]),
        json.dumps([RUFF | {"location": None}]),
        json.dumps([RUFF | {"message": None}]),
        json.dumps(RUFF | {"location": {"row": "1", "column": 1}}),
        "[" * 100_000,
    ],
    ids=range(13),
)
def test_what_is_no_diagnostic_is_bad_use(text):
    """Better than to fix nothing in silence."""
    with pytest.raises(BadUse, match="no diagnostic"):
        parse_diagnostics(text, snapshot())


def test_no_diagnostics_are_fine():
    """A tool that found nothing prints nothing."""
    assert parse_diagnostics("", snapshot()) == ()
    for text in ("[]", " \n", "All checks passed!\n", "Success: no issues found in 1 source file\n"):
        assert parse_diagnostics(text, snapshot()) == ()


@pytest.mark.parametrize(
    ("given", "parts"),
    [
        ("127.0.0.1:0", ("127.0.0.1", 0)),
        (":2087", ("127.0.0.1", 2087)),
        ("[::1]:2087", ("::1", 2087)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_addresses(given, parts):
    """Without a host it is this machine only."""
    assert address(given) == parts


@pytest.mark.parametrize("given", ["2087", "localhost:", "localhost:x", "localhost:65536", "localhost:-1"])
def test_addresses_that_are_none(given):
    """The person reads the form."""
    with pytest.raises(BadUse, match="HOST:PORT"):
        address(given)
