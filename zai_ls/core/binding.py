"""Do brackets around an operand change anything? By how tightly operators bind, in each family of languages.

Brackets that only show what holds anyway are as if they were not there; the others make an expression deeper.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from zai_ls.core import roles as r

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

    from zai_ls.core.parsing import Parsed
    from zai_ls.core.roles import Roles

_ROWS: Mapping[str, str] = {
    "": "or ||,and &&,not,in not_in is is_not < > <= >= == === != !== <=> <> =~,|,^,&,<< >>,+ -,* / % // @",
    "c": "or ||,and &&,|,^,&,== === != !== <=>,< > <= >= in instanceof is as,<< >> >>>,+ -,* / %",
    "go": "||,&&,== != < > <= >=,+ - | ^,* / % << >> & &^",
    "swift": "||,&&,== != === !== < > <= >=,+ - | ^ &+ &-,* / % & &*,<< >>",
    "ruby": "and or,not,||,&&,== != === =~ !~ <=>,< > <= >=,| ^,&,<< >>,+ -,* / %",
    "kotlin": "||,&&,== != === !==,< > <= >= in !in is !is,,+ -,* / %",
}
"""From what binds least to what binds most, as nearly all grammars have it, and where some have it otherwise."""
_LIKE_C = ("c", "cpp", "csharp", "java", "javascript", "typescript", "tsx", "php", "php_only")
_FAMILIES = {**{name: name for name in _ROWS}, **dict.fromkeys(_LIKE_C, "c")}
_COMPARE_ALL = frozenset({"python", "rust"})
"""Here a row of comparisons is one of its own kind: `(a < b) < c` is not `a < b < c`."""
_UNARY, _POWER = 20, 21
_COMPARED = 3
_OTHER = r.TERNARY | r.ASSIGN | r.LAMBDA | r.BRANCH


@cache
def _levels(family: str) -> dict[str, int]:
    rows = _ROWS[family].split(",")
    return {sign.replace("_", " "): level for level, row in enumerate(rows) for sign in row.split()}


def alters(brackets: Node, parsed: Parsed, roles: Roles) -> bool:
    """Would the operator around *brackets* work on something else without them?"""
    inner = inside(brackets, roles)
    outer = brackets.parent
    while outer is not None and (roles.flags.get(outer.kind_id, 0) & r.PAREN or is_single(outer, roles)):
        brackets, outer = outer, outer.parent
    flags = roles.flags.get(inner.kind_id, 0)
    if outer is None or not flags & r.CHAIN:
        return bool(flags & _OTHER)
    around, within = _level(outer, parsed, roles), _level(inner, parsed, roles)
    if around is None or within is None:
        return True
    if around != within:
        return within < around
    if around == _UNARY:
        return False
    on_left = brackets.start_byte == outer.start_byte
    if around == _POWER:
        return on_left
    if around == _COMPARED and parsed.grammar.name in _COMPARE_ALL:
        return True
    signs = _sign(outer), _sign(inner)
    return not on_left and not (signs[0] == signs[1] and signs[0] in parsed.grammar.logic)


def inside(node: Node, roles: Roles) -> Node:
    """What *node* holds, where it is nothing but brackets, or brackets around such."""
    while roles.flags.get(node.kind_id, 0) & r.PAREN or is_single(node, roles):
        held = next(
            (child for child in node.named_children if not roles.flags.get(child.kind_id, 0) & r.SKIP), None
        )
        if held is None:
            break
        node = held
    return node


def is_single(node: Node, roles: Roles) -> bool:
    """Is it written like several values, and only brackets around one?"""
    return node.kind_id in roles.tuples and node.child_count == 3


def _sign(node: Node) -> str:
    sign = next((child for child in node.children[1:] if "comment" not in child.type), None)
    return "" if sign is None else sign.type


def _level(node: Node, parsed: Parsed, roles: Roles) -> int | None:
    """How tightly the operator of *node* binds; None when that is not known."""
    levels = _levels(_FAMILIES.get(parsed.grammar.name, ""))
    first = node.child(0)
    if first is not None and not first.is_named:  # before its operand
        return levels["not"] if first.type == "not" and "not" in levels else _UNARY
    if roles.flags.get(node.kind_id, 0) & r.UNARY:
        return _UNARY
    sign = _sign(node)
    if sign == "**" or (sign == "^" and parsed.grammar.name == "lua"):
        return _POWER
    if node.type == "infix_expression":
        return 4  # Kotlin's functions with a name
    return levels.get(sign)
