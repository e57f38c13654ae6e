"""A completion in an editor's words: as ghost text, and as an item of its menu."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from lsprotocol import types
from lsprotocol.converters import get_converter

from tests.clock import TurnedClock, settle
from tests.unit.core.completion.replies import marked
from zai_ls.core.indentation import lead_of
from zai_ls.core.text import apply_edits, dominant_ending
from zai_ls.domain import Edit, Proposed, Quiet, Range
from zai_ls.lsp import convert
from zai_ls.lsp.client import Client
from zai_ls.lsp.completions import Completions, menu_item
from zai_ls.lsp.documents import Documents


def client(name, encoding="utf-16", **item):
    """An editor that says this of completion items."""
    said = {"textDocument": {"completion": {"completionItem": item}}}
    return Client.of(get_converter().structure(said, types.ClientCapabilities), encoding, name)


VSCODE = client(
    "Visual Studio Code",
    insertTextModeSupport={"valueSet": [1, 2]},
    documentationFormat=["markdown", "plaintext"],
)
NEOVIM = client("Neovim", "utf-8", documentationFormat=["markdown", "plaintext"])
HELIX = client("helix", "utf-8", insertTextModeSupport={"valueSet": [1]}, documentationFormat=["markdown"])
BARE = Client()
EDITORS = {"vscode": VSCODE, "neovim": NEOVIM, "helix": HELIX, "bare": BARE}


@pytest.mark.parametrize(
    ("editor", "unit", "as_is", "indents", "markdown"),
    [
        (VSCODE, "utf-16", True, False, True),
        (NEOVIM, "utf-8", False, True, True),
        (HELIX, "utf-8", True, False, True),
        (client("Neovim", insertTextModeSupport={"valueSet": [1]}), "utf-16", True, False, False),
        (client("coc.nvim", insertTextModeSupport={"valueSet": [2]}), "utf-16", False, False, False),
        (BARE, "utf-16", False, False, False),
    ],
)
def test_what_an_editor_can_do_with_items(editor, unit, as_is, indents, markdown):
    """Read from what it says; nothing is taken for granted, but that Neovim indents until it says otherwise."""
    assert (editor.unit, editor.inserts_as_is, editor.indents_items, editor.shows_markdown) == (
        unit,
        as_is,
        indents,
        markdown,
    )


def item_for(text, proposed, editor=VSCODE, language="python"):
    snapshot, point = marked(text, language)
    return menu_item(Proposed("id-1", proposed), snapshot, point, editor)


def taken(text, proposed, editor, language="python"):
    """The document after the editor has inserted the item, the way it does that."""
    snapshot, point = marked(text, language)
    item = menu_item(Proposed("id-1", proposed), snapshot, point, editor)
    if editor.indents_items:
        word = point.column - len(
            snapshot.lines[point.line][: point.column].rstrip("abcdefghijklmnopqrstuvwxyz_")
        )
        lead = lead_of(snapshot.lines[point.line][: point.column])
        ending = dominant_ending(snapshot.lines)
        edit = Edit(
            Range(type(point)(point.line, point.column - word), point),
            item.insert_text.replace("\n", ending + lead),
        )
    else:
        edit = Edit(
            convert.range_in(snapshot.lines, item.text_edit.range, editor.unit), item.text_edit.new_text
        )
    return "".join(apply_edits(snapshot.lines, [edit]))


INSERTED = [
    ("x = ⎸\n", "1", "behind code"),
    ("x = fo⎸\n", "o(1)", "inside a word"),
    ("x = fo⎸(1)\n", "o", "before a bracket"),
    ("fo⎸", "o", "at the start of the document"),
    ("s = '👍🏽é' + fo⎸\n", "o", "behind characters of several units"),
    ("def f():\n    fo⎸\n", "r x in y:\n        a(x)\n    return 1", "several lines in an indented one"),
    ("def f():⎸\n", "\n    return 1", "a new line"),
    ("def f():\r\n    re⎸\r\n", "turn (\n        1\n    )", "lines in a document with CRLF"),
    ("\tif x {⎸\n", "\n\t\ta()\n\t}", "tabs"),
]  # fmt: skip


@pytest.mark.parametrize("editor", EDITORS)
@pytest.mark.parametrize(
    ("text", "proposed"), [pytest.param(text, new, id=rule) for text, new, rule in INSERTED]
)
def test_taking_the_item_inserts_what_was_proposed(text, proposed, editor):
    """In each editor, in its own way, and with the document's line endings."""
    ending = "\r\n" if "\r\n" in text else "\n"

    assert taken(text, proposed, EDITORS[editor]) == text.replace("⎸", proposed.replace("\n", ending))


def test_an_item_says_where_it_comes_from_and_sorts_last():
    """It is plain text, and taking it is told."""
    item = item_for("x = fo⎸\n", "o(1)")

    assert (item.label, item.filter_text, item.detail) == ("foo(1)", "foo(1)", "GLM")
    assert item.sort_text > "zzz"
    assert item.insert_text_format is types.InsertTextFormat.PlainText
    assert item.insert_text_mode is types.InsertTextMode.AsIs
    assert item.command.command == "zai.completionAccepted"
    assert item.command.arguments == [{"id": "id-1"}]
    assert item_for("x = fo⎸\n", "o(1)", BARE).insert_text_mode is None


@pytest.mark.parametrize(
    ("text", "language", "word"),
    [
        ("x = fo⎸", "python", "fo"),
        ("x = ⎸", "python", ""),
        ("a.fo⎸", "python", "fo"),
        ("f-fo⎸", "python", "fo"),
        ("é_1⎸", "python", "é_1"),
        ("  back-fo⎸", "css", "back-fo"),
        ("  --fo⎸", "scss", "--fo"),
        ('<p class="a-fo⎸', "html", "a-fo"),
        ("(my-fo⎸", "clojure", "my-fo"),
        ("  back-fo⎸", "typescript", "fo"),
    ],
)
def test_an_item_begins_with_the_word_before_the_cursor(text, language, word):
    """An editor compares with what it takes for a word: in some languages with dashes."""
    item = item_for(text, "1 more", language=language)
    start, end = item.text_edit.range.start, item.text_edit.range.end

    assert item.filter_text == item.text_edit.new_text == word + "1 more"
    assert (start.line, end.character - start.character) == (end.line, len(word))


@pytest.mark.parametrize(
    ("proposed", "label"),
    [
        ("one", "one"),
        ("  one  ", "one"),
        ("x" * 60, "x" * 60),
        ("x" * 61, "x" * 59 + "…"),
        ("one\n    two", "one …"),
        ("\n    one", "one"),
        ("\n    one\n    two", "one …"),
    ],
)
def test_a_label_is_the_first_line_that_says_something(proposed, label):
    """It tells that more lines follow; a menu shows no empty line."""
    assert item_for("f(⎸)", proposed).label == label


def test_what_begins_with_a_new_line_is_filtered_by_its_label():
    """An empty text to filter by would match nothing in some editors."""
    assert item_for("def f():⎸", "\n    return 1").filter_text is None
    assert item_for("else⎸", "\n    return 1").filter_text == "else"


def test_columns_are_counted_as_the_editor_does():
    """Bytes, code units or characters."""
    units = {
        unit: item_for("s = '👍é' + fo⎸", "o", client("x", unit)).text_edit.range
        for unit in ("utf-8", "utf-16", "utf-32")
    }

    assert {unit: (r.start.character, r.end.character) for unit, r in units.items()} == {
        "utf-8": (15, 17),
        "utf-16": (12, 14),
        "utf-32": (11, 13),
    }


@pytest.mark.parametrize(
    ("text", "proposed", "inserted"),
    [
        pytest.param("    if x:⎸", "\n        a()", "\n    a()", id="the cursor's indentation is left out"),
        pytest.param(
            "    if x:⎸", "\n        a()\n\n        b()", "\n    a()\n\n    b()", id="blank lines stay"
        ),
        pytest.param("    a⎸", "b\n    c\nreturn d", "ab\nc", id="what lies further out is left out"),
        pytest.param("    a⎸", "b\n\nd", "ab", id="and the blank lines before it"),
    ],
)
def test_an_editor_that_indents_gets_lines_without_indentation(text, proposed, inserted):
    """It gives each line that of the cursor's."""
    item = item_for(text, proposed, NEOVIM)

    assert item.insert_text == inserted
    assert item.text_edit is None
    assert item_for(text, proposed).text_edit.new_text.endswith(proposed)


def test_nothing_that_can_be_seen_is_no_item():
    """Nor what an editor that indents could insert nothing of."""
    assert item_for("    x⎸", "\n  ", VSCODE) is None
    assert item_for("    }⎸", "\n}", NEOVIM) is None
    assert item_for("    }⎸", "\n}", VSCODE) is not None


def test_all_of_it_can_be_read_beside_the_menu():
    """As code where the editor shows Markdown, in a fence that the text does not close."""
    shown = item_for("x = fo⎸", "o\n```\n").documentation

    assert (shown.kind, shown.value) == (types.MarkupKind.Markdown, "````python\nfoo\n```\n\n````")
    assert item_for("x = fo⎸", "o", BARE).documentation == "foo"


def test_a_line_of_data_does_not_hold_the_editor_up():
    """A long run of letters before the cursor is looked at once."""
    item = item_for("x = '" + "a" * 200_000 + "' + fo⎸", "o")

    assert item.filter_text == "foo"


# -- the two kinds of wishes -----------------------------------------------------------------------------------


class Desk:
    """One open document, an assistant that answers *found*, and an editor."""

    def __init__(self, found, editor=VSCODE, mode="auto", text="x = ⎸\n"):
        snapshot, point = marked(text)
        self.clock = TurnedClock()
        self.documents = Documents(self.clock, editor.unit)
        self.documents.open("file:///a", "python", 1, snapshot.text)
        self.position = convert.position_of(snapshot.lines, point, editor.unit)
        self.asked = []
        assistant = SimpleNamespace(complete=self._complete, menu_mode=lambda: mode)
        self.found = found
        self.completions = Completions(assistant, self.documents, lambda: editor, self.clock)

    async def _complete(self, ask, texts):
        self.asked.append(ask)
        return self.found

    def type(self, text):
        """A key, or several at once."""
        at = self.position
        change = types.TextDocumentContentChangePartial(types.Range(at, at), text)
        version = self.documents.get("file:///a").version + 1
        self.documents.change("file:///a", version, [change])
        self.position = types.Position(at.line, at.character + len(text))

    async def menu(self, kind=types.CompletionTriggerKind.Invoked, uri="file:///a"):
        context = None if kind is None else types.CompletionContext(kind)
        answer = self.completions.menu(
            types.CompletionParams(types.TextDocumentIdentifier(uri), self.position, context)
        )
        return await answer if asyncio.iscoroutine(answer) else answer

    async def inline(self, kind=types.InlineCompletionTriggerKind.Automatic, selected=None, uri="file:///a"):
        context = types.InlineCompletionContext(
            kind,
            selected and types.SelectedCompletionInfo(types.Range(self.position, self.position), selected),
        )
        answer = self.completions.inline(
            types.InlineCompletionParams(context, types.TextDocumentIdentifier(uri), self.position)
        )
        return await answer if asyncio.iscoroutine(answer) else answer


async def test_ghost_text_is_one_insertion_at_the_cursor():
    """With the command that tells when it was taken, and the document's line endings."""
    desk = Desk(Proposed("id-1", "[\n]"), text="x = ⎸\r\n")
    (item,) = (await desk.inline()).items

    assert item.insert_text == "[\r\n]"
    assert (item.range.start, item.range.end) == (desk.position, desk.position)
    assert item.command.arguments == [{"id": "id-1"}]
    assert (desk.asked[0].invoked, desk.asked[0].selected, desk.asked[0].waits_s) == (False, None, None)


async def test_ghost_text_that_was_asked_for_or_stands_behind_a_menu_says_so():
    """What the assistant decides by."""
    desk = Desk(Quiet("x", "X."))

    assert (await desk.inline(types.InlineCompletionTriggerKind.Invoked)).items == []
    assert (await desk.inline(selected="print")).items == []
    assert [(ask.invoked, ask.selected) for ask in desk.asked] == [(True, None), (False, "print")]


async def test_a_document_that_is_not_open_has_no_completions():
    """An empty list, not an error."""
    desk = Desk(Proposed("id-1", "1"))

    assert (await desk.inline(uri="file:///b")).items == (await desk.menu(uri="file:///b")).items == []
    assert desk.asked == []


async def test_who_shows_ghost_text_gets_none_in_the_menu():
    """It would be there twice."""
    desk = Desk(Proposed("id-1", "1"))

    assert len((await desk.menu()).items) == 1
    await desk.inline()
    assert (await desk.menu()).items == []


INVOKED = types.CompletionTriggerKind.Invoked
CHARACTER = types.CompletionTriggerKind.TriggerCharacter
AGAIN = types.CompletionTriggerKind.TriggerForIncompleteCompletions


@pytest.mark.parametrize(
    ("mode", "kind", "typed", "later", "editor", "asked"),
    [
        pytest.param("auto", INVOKED, "", 0, VSCODE, (True, 8.0), id="a person asks"),
        pytest.param("auto", None, "", 0, VSCODE, (True, 8.0), id="an old editor does not say who asks"),
        pytest.param("auto", INVOKED, "f", 0.05, VSCODE, (False, 0.0), id="right after a key the key asks"),
        pytest.param("auto", INVOKED, "f", 0.5, VSCODE, (True, 8.0), id="some time after it a person does"),
        pytest.param("auto", INVOKED, "food", 0.05, VSCODE, (True, 8.0), id="what was put in at once is no key"),
        pytest.param("auto", CHARACTER, ".", 0.05, VSCODE, (False, 0.0), id="a trigger asks by itself"),
        pytest.param("auto", AGAIN, "", 0, VSCODE, (False, 0.0), id="a menu that is asked for again"),
        pytest.param("auto", INVOKED, "", 0, HELIX, (False, 8.0), id="Helix says invoked at each key"),
        pytest.param("invoked", INVOKED, "", 0, HELIX, (True, 8.0), id="in Helix a person who must ask has asked"),
        pytest.param("invoked", INVOKED, "", 0, VSCODE, (True, 8.0), id="a person who must ask asks"),
        pytest.param("invoked", CHARACTER, ".", 0.05, VSCODE, None, id="a trigger does not"),
        pytest.param("invoked", INVOKED, "f", 0.05, VSCODE, None, id="nor does a key"),
        pytest.param("off", INVOKED, "", 0, VSCODE, None, id="switched off"),
    ],
)  # fmt: skip
async def test_who_asks_for_a_menu_and_how_long_it_waits(mode, kind, typed, later, editor, asked):
    """An automatic wish takes what is ready; a person waits."""
    desk = Desk(Proposed("id-1", "1"), editor, mode)
    if typed:
        desk.type(typed)
    await desk.clock.turn(later)
    items = (await desk.menu(kind)).items

    assert [(ask.invoked, ask.waits_s) for ask in desk.asked] == ([asked] if asked else [])
    assert len(items) == bool(asked)


@pytest.mark.parametrize(
    ("reason", "kind", "incomplete"),
    [("not_ready", CHARACTER, True), ("inside_word", CHARACTER, False), ("not_ready", INVOKED, False)],
)
async def test_a_menu_is_asked_again_only_for_what_is_under_way(reason, kind, incomplete):
    """At the next key it may be there."""
    desk = Desk(Quiet(reason, "X."))
    answer = await desk.menu(kind)

    assert (answer.items, answer.is_incomplete) == ([], incomplete)
    await settle()
