"""The demo's last scene: a person types, and one request is enough for all of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from zai_ls.core.text import end_of
from zai_ls.messages import say

if TYPE_CHECKING:
    from zai_ls.cli.demo.editor import ScriptedEditor
    from zai_ls.cli.demo.screen import Screen

_BEGUN = "\n\ndef spare(lines):\n    "
_KEYS = 12
_AUTOMATIC = 2
"""LSP 3.18, InlineCompletionTriggerKind."""


async def type_through(editor: ScriptedEditor, uri: str, screen: Screen) -> None:
    """Begin a function at the end of the document, wait for the ghost text, and type what it says."""
    document = editor.documents[uri]
    end = end_of(document.lines)
    editor.change(uri, (end.line, end.column), (end.line, end.column), _BEGUN)
    began = time.perf_counter()
    text = await _proposed(editor, uri)
    if not text:
        screen.line(say("demo.no_proposal"))
        return
    screen.line(say("demo.begun", seconds=f"{time.perf_counter() - began:.1f}") + "\n")
    screen.line(f"    {text}\n")
    slowest, right = 0.0, 0
    for key in text[:_KEYS]:
        end = end_of(document.lines)
        editor.change(uri, (end.line, end.column), (end.line, end.column), key)
        began = time.perf_counter()
        rest = await _proposed(editor, uri)
        slowest = max(slowest, time.perf_counter() - began)
        text = text[1:]
        right += rest == text
    screen.line(say("demo.typed", keys=_KEYS, right=right, ms=f"{slowest * 1000:.1f}"))


async def _proposed(editor: ScriptedEditor, uri: str) -> str:
    """The ghost text at the end of the document."""
    end = end_of(editor.documents[uri].lines)
    answer = await editor.request(
        "textDocument/inlineCompletion",
        {
            "textDocument": {"uri": uri},
            "position": {"line": end.line, "character": end.column},
            "context": {"triggerKind": _AUTOMATIC},
        },
    )
    return "".join(item["insertText"] for item in answer["items"])
