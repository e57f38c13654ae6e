"""Positions, diagnostics, arguments and edits, between the editor's units and ours."""

from __future__ import annotations

import json

import pytest
from lsprotocol import types
from lsprotocol.converters import get_converter

from zai_ls.core.text import split_lines
from zai_ls.domain import Diagnostic, Edit, Edits, FileChange, Point, Range, Snapshot
from zai_ls.lsp import convert

URI = "file:///w/a.py"
UNITS = ("utf-8", "utf-16", "utf-32")


@pytest.mark.parametrize(
    ("line", "column", "utf8", "utf16", "utf32"),
    [
        ("abc", 2, 2, 2, 2),
        ("é", 1, 2, 1, 1),
        ("中文x", 2, 6, 2, 2),
        ("a😀b", 1, 1, 1, 1),
        ("a😀b", 2, 5, 3, 2),
        ("a😀b", 3, 6, 4, 3),
        ("\ud83d", 1, 3, 1, 1),
    ],
)
def test_columns_go_there_and_back_in_every_unit(line, column, utf8, utf16, utf32):
    """A column in code points has one count in each unit, and that count leads back to it."""
    for unit, units in zip(UNITS, (utf8, utf16, utf32), strict=True):
        assert convert.units_of(line, column, unit) == units
        assert convert.column_of(line, units, unit) == column


@pytest.mark.parametrize(
    ("text", "line", "character", "unit", "expected"),
    [
        ("abc\nd\n", 0, 99, "utf-16", Point(0, 3)),
        ("abc\r\nd\n", 0, 4, "utf-16", Point(0, 3)),
        ("abc", 0, 10, "utf-16", Point(0, 3)),
        ("abc\n", 7, 3, "utf-16", Point(1, 0)),
        ("abc", 7, 0, "utf-8", Point(0, 3)),
        ("", 0, 0, "utf-16", Point(0, 0)),
        ("a😀b", 0, 2, "utf-16", Point(0, 1)),
        ("a😀b", 0, 4, "utf-8", Point(0, 1)),
        ("é😀", 0, 99, "utf-16", Point(0, 2)),
        ("a\x0cb\u2028c\nd", 0, 5, "utf-16", Point(0, 5)),
        ("a\x0cb\u2028c\nd", 1, 1, "utf-16", Point(1, 1)),
    ],
)
def test_a_place_that_does_not_exist_becomes_the_nearest_one(text, line, character, unit, expected):
    """Past a line's end is its end, past the last line the end of the text, inside a character before it."""
    assert convert.point_in(split_lines(text), types.Position(line, character), unit) == expected


def test_a_range_with_its_ends_swapped_is_put_in_order():
    """Some editors send the anchor first, wherever it lies."""
    swapped = types.Range(types.Position(1, 1), types.Position(0, 2))
    assert convert.range_in(split_lines("abc\ndef"), swapped, "utf-16") == Range(Point(0, 2), Point(1, 1))


@pytest.mark.parametrize(
    ("text", "range_", "is_cursor"),
    [
        ("abc\n", Range(Point(0, 1), Point(0, 1)), True),
        ("abc\n", Range(Point(0, 1), Point(0, 2)), True),
        ("abc\n", Range(Point(0, 3), Point(1, 0)), True),
        ("abc\r\n", Range(Point(0, 3), Point(1, 0)), True),
        ("abc\n", Range(Point(0, 1), Point(0, 3)), False),
        ("a\n\nb\n", Range(Point(0, 1), Point(2, 0)), False),
        ("a\nb\n", Range(Point(0, 0), Point(1, 0)), False),
    ],
)
def test_one_character_is_a_cursor(text, range_, is_cursor):
    """A block cursor covers one character, or one line ending, and selects nothing."""
    assert convert.cursor_or_selection(split_lines(text), range_).is_empty == is_cursor


def test_a_diagnostic_survives_the_way_through_a_commands_arguments():
    """What an offer carries to the client comes back the same, in the client's units."""
    lines = split_lines("😀x = 1\n")
    theirs = types.Diagnostic(
        types.Range(types.Position(0, 2), types.Position(0, 3)), "bad x", code=7, source="lint"
    )
    ours = convert.diagnostic_in(lines, theirs, "utf-16")
    assert ours == Diagnostic(Range(Point(0, 1), Point(0, 2)), "bad x", 1, "lint", "7")
    argument = {
        "action": "fix",
        "uri": URI,
        "diagnostics": [json.loads(json.dumps(convert.raw_diagnostic(lines, ours, "utf-16")))],
    }
    ask, _ = convert.ask_from(argument, lambda *_: Snapshot(URI, "python", 1, tuple(lines)), "utf-16")
    assert ask.diagnostics == (ours,)


def test_arguments_are_taken_as_far_as_they_can_be_understood():
    """Unknown fields are ignored, missing and null ones are as if not there, a closed document is no error."""
    argument = {
        "action": "simplify",
        "uri": URI,
        "range": None,
        "version": 4,
        "instruction": None,
        "model": "glm-4.6",
        "colour": "red",
    }
    ask, snapshot = convert.ask_from(argument, lambda *_: None, "utf-16")
    assert (ask.action, ask.range, ask.version, ask.model) == ("simplify", None, 4, "glm-4.6")
    assert snapshot is None


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        (None, "the argument: expected an object, got null"),
        ([1], "the argument: expected an object, got a list"),
        ({"action": "fix"}, "uri: expected a string, got nothing"),
        ({"uri": URI}, "action: expected a string, got nothing"),
        ({"action": 3, "uri": URI}, "action: expected a string, got a number"),
        ({"action": "fix", "uri": URI, "version": "1"}, "version: expected a number, got a string"),
        ({"action": "fix", "uri": URI, "version": True}, "version: expected a number, got a boolean"),
        ({"action": "fix", "uri": URI, "range": 3}, "range: expected an object, got a number"),
        (
            {"action": "fix", "uri": URI, "range": {"start": {"line": 0}}},
            "range.start: expected {line, character} as whole numbers",
        ),
        ({"action": "fix", "uri": URI, "diagnostics": {}}, "diagnostics: expected a list, got an object"),
        ({"action": "fix", "uri": URI, "diagnostics": [1]}, "diagnostics: expected an object, got a number"),
        ({"action": "fix", "uri": URI, "model": []}, "model: expected a string, got a list"),
    ],
)
def test_a_wrong_argument_is_named(argument, says):
    """The error says which field, what was expected and what came."""
    with pytest.raises(convert.BadArgument) as caught:
        convert.ask_from(argument, lambda *_: None, "utf-16")
    assert str(caught.value) == says


ONE_EDIT = (Edit(Range(Point(0, 1), Point(0, 2)), "y"),)
NEW_FILE = FileChange("file:///w/new.py", (Edit(Range(Point(0, 0), Point(0, 0)), "t"),), None, create=True)
EDITED = {
    "range": {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 3}},
    "newText": "y",
}
INSERTED = {
    "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}},
    "newText": "t",
}


@pytest.mark.parametrize(
    ("changes", "versioned", "creates", "expected"),
    [
        (
            (FileChange(URI, ONE_EDIT, 3),),
            True,
            True,
            {"documentChanges": [{"textDocument": {"uri": URI, "version": 3}, "edits": [EDITED]}]},
        ),
        ((FileChange(URI, ONE_EDIT, 3),), False, False, {"changes": {URI: [EDITED]}}),
        (
            (NEW_FILE,),
            True,
            True,
            {
                "documentChanges": [
                    {
                        "kind": "create",
                        "uri": NEW_FILE.uri,
                        "options": {"overwrite": False, "ignoreIfExists": True},
                    },
                    {"textDocument": {"uri": NEW_FILE.uri, "version": None}, "edits": [INSERTED]},
                ]
            },
        ),
        (
            (NEW_FILE,),
            True,
            False,
            {
                "documentChanges": [
                    {"textDocument": {"uri": NEW_FILE.uri, "version": None}, "edits": [INSERTED]}
                ]
            },
        ),
        ((NEW_FILE,), False, False, {"changes": {NEW_FILE.uri: [INSERTED]}}),
    ],
)
def test_an_edit_takes_the_form_the_client_understands(changes, versioned, creates, expected):
    """Versions where they are checked, a create operation where there is one, plain changes else."""
    edit = convert.workspace_edit(
        Edits("label", changes),
        lambda uri: split_lines("😀x\n") if uri == URI else [""],
        "utf-16",
        versioned=versioned,
        create_files=creates,
    )
    assert get_converter().unstructure(edit) == expected


@pytest.mark.parametrize(("version", "sent"), [(0, 1), (1, 1), (7, 7), (None, None)])
def test_no_version_is_sent_that_the_client_would_not_check(version, sent):
    """Neovim numbers a document that nobody has touched 0, and takes a 0 in an edit for "any version"."""
    edit = convert.workspace_edit(
        Edits("label", (FileChange(URI, ONE_EDIT, version),)),
        lambda _: split_lines("😀x\n"),
        "utf-16",
        versioned=True,
        create_files=True,
        first_version=1,
    )
    assert edit.document_changes[0].text_document.version == sent
