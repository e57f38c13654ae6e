"""`textDocument/inlineCompletion` and `textDocument/completion`: one completion, as ghost text or as the last item of a menu.

A slow answer holds up an editor's whole menu, so an automatic request for it takes only what is ready, while the model
fills the store for the next key. An editor that asks for inline completions gets none in its menu: it would see all twice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from zai_ls.core.completion.place import place_at
from zai_ls.core.prompts import fence_for
from zai_ls.core.text import dominant_ending, text_in
from zai_ls.domain import CompletionAsk, Point, Proposed, Quiet, Range
from zai_ls.lsp import convert
from zai_ls.lsp.client import HELIX, NEOVIM

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls.clock import Clock
    from zai_ls.domain import Snapshot
    from zai_ls.lsp.assisting import Assisting
    from zai_ls.lsp.client import Client
    from zai_ls.lsp.documents import Documents

ACCEPTED = "zai.completionAccepted"
TRIGGERS = (".", "(", "[", "{", "=", ",", ":", " ")
"""After which an editor asks for its menu by itself; letters bring it too, in most."""

_INVOKED_S = 8.0
"""How long a person who asked for the menu waits at most; editors give up after 10 to 20 s."""
_AT_A_KEY_S = 0.3
"""So soon after a key a menu was opened by that key, whatever the editor calls it: LSP counts identifiers being typed as "invoked"."""
_AT_A_KEY_TOLD_LATE_S = 0.05
"""The same for Neovim, which tells changes 150 ms late or with the next request: at an automatic one they have just come."""
_LAST = "~~zai"
"""Sorts after what other servers offer."""
_LONGEST_LABEL = 60
_NO_WORD = re.compile(r"\W")
_NO_DASHED_WORD = re.compile(r"[^\w-]")
_LONGEST_WORD = 200
"""Characters that are looked at for a word."""
_DASHED = frozenset({"css", "scss", "less", "html", "lisp", "clojure", "scheme", "racket", "fennel"})
"""Languages in whose words editors count dashes."""


class Completions:
    """Answers an editor's two kinds of wishes for completions."""

    def __init__(
        self, assistant: Assisting, documents: Documents, client: Callable[[], Client], clock: Clock
    ) -> None:
        self._assistant = assistant
        self._documents = documents
        self._client = client
        self._clock = clock
        self._inline = False
        """This editor asks for inline completions."""

    # -- inline ----------------------------------------------------------------------------------------------

    def inline(self, params: types.InlineCompletionParams) -> Any:
        """Ghost text at the cursor: one item, or none."""
        self._inline = True
        snapshot = self._documents.snapshot(params.text_document.uri)
        if snapshot is None:
            return types.InlineCompletionList([])
        context, unit = params.context, self._client().unit
        point = convert.point_in(snapshot.lines, params.position, unit)
        # An item that is selected in the editor's menu replaces from its start; what we show has to begin like it.
        selected, there = context.selected_completion_info, ""
        if selected is not None:
            start = convert.point_in(snapshot.lines, selected.range.start, unit)
            there = text_in(snapshot.lines, Range(start, point)) if start < point else ""
        ask = CompletionAsk(
            snapshot,
            point,
            invoked=context.trigger_kind == types.InlineCompletionTriggerKind.Invoked,
            selected=None if selected is None else _left_of(selected.text, there),
        )
        at = convert.position_of(snapshot.lines, point, unit)
        return self._inline_list(ask, types.Range(at, at) if selected is None else selected.range, there)

    async def _inline_list(
        self, ask: CompletionAsk, range_: types.Range, there: str
    ) -> types.InlineCompletionList:
        """*there* is what stands in *range_* already, with which the item begins."""
        found = await self._assistant.complete(ask, self._documents)
        if isinstance(found, Quiet):
            return types.InlineCompletionList([])
        text = _with_endings(there + found.text, ask.snapshot)
        item = types.InlineCompletionItem(insert_text=text, range=range_, command=_acceptance(found))
        return types.InlineCompletionList([item])

    # -- menu ------------------------------------------------------------------------------------------------

    def menu(self, params: types.CompletionParams) -> Any:
        """The completion as the last item of the editor's menu, or an empty list."""
        snapshot = self._documents.snapshot(params.text_document.uri)
        mode = self._assistant.menu_mode()
        if snapshot is None or self._inline or mode == "off":
            return _no_items()
        point = convert.point_in(snapshot.lines, params.position, self._client().unit)
        if self._client().name == HELIX:
            # It says "invoked" at every key. Whoever wants to be asked for has switched its own guessing off.
            asked, waits_s = mode == "invoked", _INVOKED_S
        else:
            asked = self._is_asked(params)
            waits_s = _INVOKED_S if asked else 0.0
        if mode == "invoked" and not asked:
            return _no_items()
        return self._menu_list(CompletionAsk(snapshot, point, invoked=asked, waits_s=waits_s))

    def _is_asked(self, params: types.CompletionParams) -> bool:
        """Did a person open the menu, and not the key they typed?"""
        context = params.context
        if context is not None and context.trigger_kind != types.CompletionTriggerKind.Invoked:
            return False
        document = self._documents.get(params.text_document.uri)
        key_at = None if document is None else document.key_at
        window_s = _AT_A_KEY_TOLD_LATE_S if self._client().name == NEOVIM else _AT_A_KEY_S
        return key_at is None or not 0 <= self._clock.now() - key_at < window_s

    async def _menu_list(self, ask: CompletionAsk) -> types.CompletionList:
        found = await self._assistant.complete(ask, self._documents)
        if isinstance(found, Quiet):
            # Asked again at the next key it costs nothing, and may be there by then.
            return _no_items(incomplete=ask.waits_s == 0 and found.reason == "not_ready")
        item = menu_item(found, ask.snapshot, ask.point, self._client())
        return types.CompletionList(is_incomplete=False, items=[] if item is None else [item])


def menu_item(
    found: Proposed, snapshot: Snapshot, point: Point, client: Client
) -> types.CompletionItem | None:
    """The item that inserts *found*. It takes the place of the word before the cursor, which it begins with.

    None when nothing is left that this editor could insert rightly.
    """
    place = place_at(snapshot, point)
    text = found.text
    if client.indents_items:
        # It gives each further line the indentation of the cursor's line; what lies further out cannot be said.
        first, *more = text.split("\n")
        inner = next(
            (n for n, line in enumerate(more) if line.strip() and not line.startswith(place.lead)), len(more)
        )
        text = "\n".join([first, *(line[len(place.lead) :] for line in more[:inner])]).rstrip()
    if not text.strip():
        return None
    between = _NO_DASHED_WORD if snapshot.language in _DASHED else _NO_WORD
    word = between.split(place.before[-_LONGEST_WORD:])[-1]
    first_line = (word + text).partition("\n")[0]
    item = types.CompletionItem(
        label=_label(word + text),
        kind=types.CompletionItemKind.Text,
        detail="GLM",
        documentation=_shown(word + found.text, snapshot.language, client),
        sort_text=_LAST,
        filter_text=first_line or None,
        insert_text_format=types.InsertTextFormat.PlainText,
        command=_acceptance(found),
    )
    if client.indents_items:
        # Of an edit it would take the first word only.
        item.insert_text = word + text
    else:
        start = Point(point.line, point.column - len(word))
        range_ = types.Range(
            convert.position_of(snapshot.lines, start, client.unit),
            convert.position_of(snapshot.lines, point, client.unit),
        )
        item.text_edit = types.TextEdit(range_, word + _with_endings(text, snapshot))
        if client.inserts_as_is:
            item.insert_text_mode = types.InsertTextMode.AsIs
    return item


def _left_of(text: str, there: str) -> str:
    """What *text*, an item, would still insert behind *there*; what nobody proposes when it does not begin like that."""
    return text[len(there) :] if text.startswith(there) else "\0"


def _acceptance(found: Proposed) -> types.Command:
    return types.Command("GLM", ACCEPTED, arguments=[{"id": found.id}])


def _label(text: str) -> str:
    """The first line that says something, cut to what fits a menu; with a sign when more lines follow."""
    plain, *more = (line.strip() for line in text.split("\n") if line.strip())
    if len(plain) > _LONGEST_LABEL:
        return plain[: _LONGEST_LABEL - 1] + "…"
    return f"{plain} …" if more else plain


def _shown(text: str, language: str, client: Client) -> str | types.MarkupContent:
    """All of what would be inserted, to read beside the menu."""
    if not client.shows_markdown:
        return text
    fence = fence_for(text)
    return types.MarkupContent(types.MarkupKind.Markdown, f"{fence}{language}\n{text}\n{fence}")


def _with_endings(text: str, snapshot: Snapshot) -> str:
    """*text* with the line endings of the document."""
    if "\n" not in text:
        return text
    return text.replace("\n", dominant_ending(snapshot.lines))


def _no_items(*, incomplete: bool = False) -> types.CompletionList:
    return types.CompletionList(is_incomplete=incomplete, items=[])
