"""A window that behaves as Helix does; the facts are read in Helix's source, since no binary can be had for tests.

What differs from other editors: a cursor is a selection of one character; edits for another version than the present one
are refused; nothing is ever cancelled; what a command answers is logged and not used, and it may take 20 s; disabled
actions are dropped; actions are asked for after each movement; documents begin at version 0; changes are told at once.

Completions: asked for after 250 ms without a key, and at once behind a trigger character; only those are told apart from
what a person asks for. Who comes late is put into the menu that is open. What is accepted is put at the cursor of the
moment it was asked for: what was typed since goes first. An item's command is not carried out.
"""

from __future__ import annotations

import asyncio
import re

from tests.e2e.clients import FromZero, capabilities, text
from zai_ls.domain import Point, Range

INVOKED, AUTOMATIC = 1, 2
_COMMAND_S = 20.0


class Helix(FromZero):
    """One Helix, as far as a language server can see it."""

    def __init__(self):
        super().__init__(capabilities=capabilities("helix-25.07"), name="helix")
        self.commands = []
        """Answers to commands that are still due."""
        self.dropped = []
        """Disabled actions, which Helix does not show."""
        self.refused = 0

    # -- what the person does ---------------------------------------------------------------------------------

    async def menu(self, uri, range_, *, trigger=INVOKED, diagnostics=()):
        """`Space a`: what Helix shows for a selection, which is at least one character wide."""
        actions = await self.code_actions(
            uri, self._wide(uri, range_), trigger=trigger, diagnostics=diagnostics
        )
        self.dropped += [action for action in actions if action.get("disabled")]
        return [action for action in actions if not action.get("disabled")]

    async def move(self, uri, line, column=0):
        """Move the cursor: Helix asks by itself whether there is something to offer."""
        place = Point(line, column)
        return [action["title"] for action in await self.menu(uri, Range(place, place), trigger=AUTOMATIC)]

    async def pick(self, uri, range_, title, **asked):
        """Choose from the menu. The command is sent off; nobody waits for it."""
        menu = await self.menu(uri, range_, **asked)
        found = [action for action in menu if title in action["title"]]
        assert found, f"no action {title!r} in {[action['title'] for action in menu]}"
        # With neither, Helix would ask codeAction/resolve on the thread that draws.
        assert "command" in found[0] or "edit" in found[0]
        self.commands.append(
            asyncio.ensure_future(asyncio.wait_for(self.choose(found[0]), timeout=_COMMAND_S))
        )

    async def answered(self):
        """All commands were answered in time."""
        await asyncio.gather(*self.commands)

    def _wide(self, uri, range_):
        if range_.start != range_.end:
            return range_
        line = self.documents[uri].lines[range_.start.line]
        column = range_.start.column
        if column < len(line.rstrip("\r\n")):
            return Range(range_.start, Point(range_.start.line, column + 1))
        # On the line's end the cursor lies on the line ending.
        return Range(range_.start, Point(range_.start.line + 1, 0))

    # -- completions ------------------------------------------------------------------------------------------

    def keys(self, uri, at, text):
        """Type *text* key by key; where the cursor stands then."""
        for key in text:
            self.change(uri, at, at, key)
            at = (at[0], at[1] + 1)
        return at

    def asked_for(self, uri, at):
        """Ask for completions at *at*, after a pause, a trigger character or `Ctrl-x`; the menu to come."""
        before = self.documents[uri].lines[at[0]][: at[1]]
        triggers = self.server["capabilities"]["completionProvider"]["triggerCharacters"]
        trigger = next((each for each in triggers if before.endswith(each)), None)
        context = {"triggerKind": 1} if trigger is None else {"triggerKind": 2, "triggerCharacter": trigger}
        _, answer = self.wish(uri, at, menu=True, context=context)
        return _Menu(self, uri, at, answer)

    # -- what Helix does ------------------------------------------------------------------------------------------

    def cancel(self, request_id):
        """Helix has no such thing."""
        raise AssertionError("Helix never sends $/cancelRequest")

    def _handle(self, method, params):
        assert method != "window/showDocument", "Helix 25.07 did not say that it can"
        answer = super()._handle(method, params)
        if method == "workspace/applyEdit" and not answer["applied"]:
            self.refused += 1
        return answer


class _Menu:
    """Of completions, for the text as it was when they were asked for."""

    def __init__(self, helix, uri, at, answer):
        self._helix, self._uri, self._at = helix, uri, at
        self._text = text(helix, uri)
        self.answer = answer

    async def items(self, at):
        """What is still in it, late or not, with the cursor at *at*: what fits the word before that."""
        answer = await self.answer
        assert not answer["isIncomplete"]
        line = self._helix.documents[self._uri].lines[at[0]][: at[1]]
        word = re.search(r"\w*$", line)[0].lower()
        return [
            item for item in answer["items"] if _fits(word, item.get("filterText", item["label"]).lower())
        ]

    def accept(self, item, at):
        """Take *item* with the cursor at *at*."""
        if at != self._at:
            self._helix.change(self._uri, self._at, at, "")
        document = self._helix.documents[self._uri]
        assert document.text == self._text
        range_ = self._helix.range_in(document, item["textEdit"]["range"])
        start, end = (range_.start.line, range_.start.column), (range_.end.line, range_.end.column)
        # It is taken relative to the cursor, for each of several.
        assert end == self._at
        self._helix.change(self._uri, start, end, item["textEdit"]["newText"])


def _fits(word, name):
    """The fuzzy match: all letters of *word* in their order."""
    rest = iter(name)
    return all(letter in rest for letter in word)
