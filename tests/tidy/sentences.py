"""Where the package uses which sentence, read from its syntax."""

from __future__ import annotations

import ast
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.messages import _ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_WORDS = {english: message_id for message_id, english in _ENGLISH.items() if message_id.startswith("word.")}


@dataclass(frozen=True)
class Use:
    """One use of a sentence."""

    line: int
    id: str = ""
    prefix: str = ""
    """Of an id that is put together: all that begin so count as used."""
    values: frozenset[str] | None = None
    """Names given with it; None when the call does not show them."""


def message_uses(path: Path) -> Iterator[Use]:
    """All uses in the file *path*: calls of `say`, ids of errors, ids in tables, and words that `told` finds by their English."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "say" and node.args:
            spread = any(k.arg is None for k in node.keywords)
            values = None if spread else frozenset(k.arg for k in node.keywords)
            for arm in _arms(node.args[0]):
                if isinstance(arm, ast.Constant) and isinstance(arm.value, str):
                    yield Use(node.lineno, id=arm.value, values=values)
                elif isinstance(arm, ast.JoinedStr) and isinstance(arm.values[0], ast.Constant):
                    yield Use(node.lineno, prefix=arm.values[0].value)
        elif isinstance(node, ast.Constant) and node.value in _ENGLISH:
            yield Use(node.lineno, id=node.value)
        elif isinstance(node, ast.Constant) and node.value in _WORDS:
            yield Use(node.lineno, id=_WORDS[node.value])


def _arms(node: ast.expr) -> Iterator[ast.expr]:
    if isinstance(node, ast.IfExp):
        yield from _arms(node.body)
        yield from _arms(node.orelse)
    else:
        yield node


def template_fields(message_id: str) -> set[str]:
    """The values that a sentence names."""
    return {name for _, name, _, _ in string.Formatter().parse(_ENGLISH.get(message_id, "")) if name}
