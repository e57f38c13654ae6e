"""What an editor is offered, in the form it understands."""

from __future__ import annotations

import pytest
from lsprotocol import types

from zai_ls.domain import Offer, Point, Range, Snapshot
from zai_ls.lsp.client import Client
from zai_ls.lsp.code_actions import code_actions, wanted

URI = "file:///w/a.py"
SNAPSHOT = Snapshot(URI, "python", 3, ("😀abc\n", "def\n", ""))
MODERN = Client(action_literals=True, disabled_actions=True)


class Offering:
    """An assistant that offers a fixed list and remembers how it was asked."""

    def __init__(self, *offers):
        self._offers = offers
        self.asked = None

    def offers(self, *asked):
        self.asked = asked
        return self._offers


def offer(action, kind, **more):
    return Offer(action.title(), action, kind, Range(Point(0, 1), Point(0, 2)), **more)


SIMPLIFY = offer("simplify", "refactor.rewrite.zai.simplify")
EXPLAIN = offer("explain", "source.zai.explain")
TYPES = offer("addTypes", "refactor.rewrite.zai.addTypes", disabled="Nothing to type.")


def listed(
    assistant, *, client=MODERN, only=None, trigger=None, start=(0, 0), end=(0, 0), diagnostics=(), running=()
):
    params = types.CodeActionParams(
        types.TextDocumentIdentifier(URI),
        types.Range(types.Position(*start), types.Position(*end)),
        types.CodeActionContext(list(diagnostics), only, trigger),
    )
    return code_actions(assistant, SNAPSHOT, params, client, running)


def titles(actions):
    return [action.title for action in actions]


@pytest.mark.parametrize(
    ("only", "kind", "expected"),
    [
        (None, "refactor.rewrite.zai.simplify", True),
        (("refactor",), "refactor.rewrite.zai.simplify", True),
        (("refactor.rewrite.zai.simplify",), "refactor.rewrite.zai.simplify", True),
        (("refactor.rew",), "refactor.rewrite.zai.simplify", False),
        (("quickfix",), "refactor.rewrite.zai.simplify", False),
        (("quickfix", "refactor"), "refactor.rewrite.zai.simplify", True),
        (("",), "refactor.rewrite.zai.simplify", True),
        ((), "refactor.rewrite.zai.simplify", False),
        (("source",), "source.zai.explain", False),
        (("source.zai",), "source.zai.explain", True),
        (("source.zai.test",), "source.zai.explain", False),
        (("source.fixAll",), "source.zai.explain", False),
        (None, "source.zai.explain", True),
    ],
)
def test_only_means_a_kind_and_all_below_it(only, kind, expected):
    """Kinds are dotted; what costs quota is never picked by a bare `source`, which editors run on save."""
    assert wanted(kind, only) is expected


def test_an_offer_becomes_a_command_with_all_it_needs():
    """Nothing is worked out before a person picks it; the range is in the client's units."""
    (action,) = listed(Offering(SIMPLIFY))
    assert (action.title, action.kind, action.edit, action.is_preferred) == (
        "Simplify",
        "refactor.rewrite.zai.simplify",
        None,
        None,
    )
    assert action.command.command == "zai.run"
    assert action.command.arguments == [
        {
            "action": "simplify",
            "uri": URI,
            "range": {"start": {"line": 0, "character": 2}, "end": {"line": 0, "character": 3}},
            "version": 3,
        }
    ]


def test_an_old_client_gets_commands():
    """One without action literals can show a title and run it; what cannot be had it could not tell apart."""
    actions = listed(Offering(SIMPLIFY, TYPES), client=Client(disabled_actions=True), running=("7",))
    assert [type(action) for action in actions] == [types.Command, types.Command]
    assert [action.command for action in actions] == ["zai.run", "zai.cancel"]


def test_what_cannot_be_had_is_shown_with_its_reason_or_not_at_all():
    """A client without `disabledSupport` would run it."""
    (action,) = listed(Offering(TYPES))
    assert (action.disabled.reason, action.command) == ("Nothing to type.", None)
    assert listed(Offering(TYPES), client=Client(action_literals=True)) == []


def test_an_editor_that_asks_by_itself_is_not_offered_what_is_on_demand():
    """The trigger reaches the assistant; explanations and tests are never volunteered."""
    assistant = Offering(SIMPLIFY, EXPLAIN)
    assert titles(listed(assistant, trigger=types.CodeActionTriggerKind.Automatic)) == ["Simplify"]
    assert assistant.asked[3] is True
    assert titles(listed(assistant, trigger=types.CodeActionTriggerKind.Invoked)) == ["Simplify", "Explain"]
    assert titles(listed(assistant, trigger=99)) == ["Simplify", "Explain"]
    assert assistant.asked[3] is False


def test_a_block_cursor_selects_nothing():
    """Helix asks with one character wherever the cursor stands."""
    assistant = Offering()
    listed(assistant, start=(0, 0), end=(0, 2))
    assert assistant.asked[1] == Range(Point(0, 0), Point(0, 0))
    listed(assistant, start=(0, 0), end=(0, 3))
    assert assistant.asked[1] == Range(Point(0, 0), Point(0, 2))


def test_a_fix_carries_its_diagnostic_both_ways():
    """The editor's own object for the editor, plain JSON for the command."""
    theirs = types.Diagnostic(types.Range(types.Position(1, 0), types.Position(1, 3)), "bad", data={"x": 1})
    assistant = Offering()
    listed(assistant, diagnostics=[theirs])
    (ours,) = assistant.asked[2]
    (action,) = listed(Offering(offer("fix", "quickfix.zai", diagnostics=(ours,))), diagnostics=[theirs])
    assert action.diagnostics == [theirs]
    assert action.command.arguments[0]["diagnostics"][0]["message"] == "bad"


def test_the_instruction_travels_with_the_command():
    """A comment `zai: …` is the input box of editors that have none."""
    (action,) = listed(Offering(offer("instruct", "refactor.rewrite.zai.instruct", instruction="use a dict")))
    assert action.command.arguments[0]["instruction"] == "use a dict"


def test_what_runs_can_be_cancelled():
    """Helix has no other way; the newest is meant."""
    (action,) = listed(Offering(), running=("a-1", "a-2"), trigger=types.CodeActionTriggerKind.Automatic)
    assert action.command.command == "zai.cancel"
    assert action.command.arguments == [{"id": "a-2"}]
    assert listed(Offering(), running=("a-1",), only=["quickfix"]) == []
