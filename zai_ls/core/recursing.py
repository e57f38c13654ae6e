"""Does a call in a function mean that function? Asked only where the names are the same, so it may look around in the tree.

The same name means something else where a name alone is never a method, where the function imports it, where another
function of the name takes as many values as are given, and where it names a part of something else.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from zai_ls.core import roles as r

if TYPE_CHECKING:
    from tree_sitter import Node

    from zai_ls.core.parsing import Parsed
    from zai_ls.core.roles import Roles

_SELVES = frozenset({b"self", b"this", b"Self", b"cls", b"static", b"$this"})
_CALLEES = ("function", "method", "name", "constructor", "type")
_OWNERS = ("object", "receiver", "scope")
_AROUND_A_NAME = frozenset({"generic_function", "template_function", "template_method", "generic_name"})
"""A name and the types that it is used with."""
_PARAMETERS = frozenset(
    {"formal_parameter", "parameter", "parameter_declaration", "optional_parameter_declaration"}
)
_MORE = frozenset(
    {"spread_parameter", "variadic_parameter_declaration", "variadic_parameter", "...", "params", "vararg"}
)
"""What takes any number."""
_GIVEN = frozenset({"arguments", "argument_list", "value_arguments"})
_UNPACKED = frozenset({"parameter_pack_expansion", "spread_expression"})
_BEHIND = frozenset({"lambda_literal", "annotated_lambda"})
"""A function behind the brackets is given as well."""
_MAY_IMPORT = re.compile(rb"\b(?:import|use|using)\b")


def is_method(function: Node, parsed: Parsed) -> bool:
    """Does *function* belong to a class, a type or an object?"""
    return function.type.startswith("method") or _class_around(function, parsed) is not None


def is_parameter(name: Node) -> bool:
    """Is *name* what a value is called that a function takes?"""
    return name.parent is not None and name.parent.type in _PARAMETERS


def means(name: Node, text: bytes, function: Node, parsed: Parsed, roles: Roles) -> bool:
    """Is *name*, which reads *text* as that of *function* around it does, a call of it?"""
    grammar, data = parsed.grammar, parsed.data
    callee: Node = name
    owner: Node | None = None
    call = name.parent
    while call is not None and not roles.flags.get(call.kind_id, 0) & r.CALL:
        first = call.child(0)
        if not (call.end_byte == callee.end_byte or (first == callee and call.type in _AROUND_A_NAME)):
            return False
        if owner is None and first is not None and first.is_named and first != callee:
            owner = first
        callee, call = call, call.parent
    if call is None or call.type == "macro_invocation":
        return False
    called = next((child for field in _CALLEES if (child := call.child_by_field_name(field))), call.child(0))
    if called != callee:
        return False
    owner = owner or next((child for field in _OWNERS if (child := call.child_by_field_name(field))), None)
    if owner is None:
        if grammar.apart and is_method(function, parsed):
            return False
        if _imports(function, text, parsed):
            return False
    else:
        said = data[owner.start_byte : owner.end_byte]
        if said not in _SELVES and said not in _owners(function, parsed):
            return False
    return not grammar.overloads or _fits(call, function)


def _class_around(function: Node, parsed: Parsed) -> Node | None:
    """The class that *function* is in, but not in a function of; an object counts as one."""
    around = function.parent
    while around is not None:
        if around.type in parsed.grammar.functions:
            return None
        if parsed.grammar.definitions.get(around.type) in {"class", "type"}:
            return around
        around = around.parent
    return None


def _owners(function: Node, parsed: Parsed) -> set[bytes]:
    """What else stands for the class of *function*, or for its object: their names."""
    found = set()
    around = _class_around(function, parsed)
    if around is not None:
        named = around.child_by_field_name("name") or around.child_by_field_name("type")
        if named is not None:
            found.add(parsed.data[named.start_byte : named.end_byte].partition(b"<")[0])
    receiver = function.child_by_field_name("receiver")
    for each in () if receiver is None else receiver.named_children:
        named = each.child_by_field_name("name")
        if named is not None:
            found.add(parsed.data[named.start_byte : named.end_byte])
    return found


def _imports(function: Node, text: bytes, parsed: Parsed) -> bool:
    """Does *function* itself import something that is called *text*?"""
    low, high = function.start_byte, function.end_byte
    if not parsed.grammar.imports or not _MAY_IMPORT.search(parsed.data, low, high):
        return False
    bound = re.compile(rb"\b" + re.escape(text) + rb"\b(?!\s*(?:as\b|import\b|\.|::))")
    return any(
        low <= node.start_byte
        and node.end_byte <= high
        and bound.search(parsed.data[node.start_byte : node.end_byte])
        for node in parsed.within(parsed.range_of(function), parsed.grammar.imports)
    )


def _fits(call: Node, function: Node) -> bool:
    """Can *function* take as many values as *call* gives?"""
    least, most = _taken(function)
    count = _given(call)
    return count is None or least <= count <= most


def _given(call: Node) -> int | None:
    """How many values *call* gives; None when that is not known."""
    count = 0
    lists = [*call.children]
    while lists:
        node = lists.pop()
        if node.type == "call_suffix":
            lists += node.children
        elif node.type in _BEHIND:
            count += 1
        elif node.type in _GIVEN:
            for each in node.named_children:
                if each.type in _UNPACKED or any(
                    inner.type in _UNPACKED or inner.type == "*" for inner in each.children[:1]
                ):
                    return None
                count += "comment" not in each.type
    around = call.parent
    if around is not None and around.child(0) == call:
        count += sum(child.type in _BEHIND for child in around.children)
    return count


def _taken(function: Node) -> tuple[float, float]:
    """How many values *function* takes, at least and at most."""
    holder: Node | None = function
    found = None
    while holder is not None and found is None:
        found = holder.child_by_field_name("parameters") or next(
            (child for child in holder.children if child.type == "function_value_parameters"), None
        )
        holder = holder.child_by_field_name("declarator")
    if found is None and not any(
        child.type in _PARAMETERS or child.type == "(" for child in function.children
    ):
        return 0, math.inf
    least, most = 0, 0.0
    for child in (found or function).children:
        kinds = {child.type, *(inner.type for inner in child.children)}
        if child.type == "parameter_modifiers":
            if any(inner.type in _MORE for each in child.children for inner in each.children):
                least, most = least - 1, math.inf
        elif child.type in _PARAMETERS:
            if child.type == "parameter_declaration" and child.text == b"void":  # C: nothing
                continue
            most += 1
            least += not kinds & {"=", "optional_parameter_declaration", "..."}
            if "..." in kinds:
                most = math.inf
        elif child.type in _MORE:
            most = math.inf
        elif child.type == "=":
            least -= 1
    return max(0, least), most
