"""One pass over a piece of a syntax tree, with a cursor, that notes what `core/measures.py` adds up.

Written for speed: a microsecond or two a node is all there is, so state is kept in local names, and nodes are known by number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from zai_ls.core import roles as r
from zai_ls.core.binding import alters, is_single
from zai_ls.core.binding import inside as bare
from zai_ls.core.measures import Found, Unit
from zai_ls.core.recursing import is_method, is_parameter, means

if TYPE_CHECKING:
    from collections.abc import Hashable

    from tree_sitter import Node

    from zai_ls.core.parsing import Parsed
    from zai_ls.core.roles import Roles
    from zai_ls.domain import Range


@dataclass(slots=True)
class _Scope:
    """A function, as far as it is read."""

    name: bytes | None
    """None outside of any, empty until it is read."""
    given: dict[Hashable, list[tuple[Unit, int, int]]]
    """Where each of its names is given a value, under how many branches, in how many loops."""
    node: Node | None = None
    key: bytes = b""
    """What calls of it are known by: not its name, where a method is never meant by that alone."""
    looked: int = 0
    """Marks up to here are from before it, or say nothing of whether it may end."""
    may_end: bool = False
    """Is there a way around what comes next in it?"""
    hidden: bool = False
    """Does its name mean something else in it?"""


_Frame: TypeAlias = tuple[int, int, int, int, float, int, _Scope, Unit, list[int]]

_COMPILED: dict[str, Roles] = {}
_TERMS = {
    name.encode(): (measure, weight)
    for measure, rows in r.TERMS.items()
    for weight, names in rows.items()
    for name in names.split()
}
_CALLED, _INDEXED, _NESTED = -1, -2, -3
_PRIME, _MASK = 1_000_003, (1 << 61) - 1
_NESTS = r.BRANCH | r.LOOP
_BEGINS = r.STATEMENT | r.ARM
_NO_TARGET = r.USES | r.CALL | r.CHAIN
_LEAVES = r.JUMP | r.RETURN
_OPERATED = r.CHAIN | r.ASSIGN
_BLANKS = b" \t\r\n\f"
_LONGEST_PATTERN = 2000
_STREAMS = -1
_DEEP = 1000
"""Operators of one kind are told apart by depth, to this."""
_LIGHTLY = 0.1
"""What an operator counts in a table, where it says what a value is and nothing happens, and a `|` that joins flags."""
_HELD = 0.3
"""What a lock or a type counts where it says only what a thing consists of."""
_NOT_LIGHT, _NO_TABLE = ~(r.CONSTANT | r.UNION), ~(r.DATA | r.FIELD)
_MOST_JOINED = 16
"""Nodes of a name or a constant: what has more is neither."""
_PARTS = re.compile(rb"\[|(?<!this)(?<!self)(?:\.|->)")
_PATTERN_SIGN = re.compile(
    rb"\\[dDwWsSbB]|\(\?[:=!<P]|\[\^?[^\]\s]+\][+*?{]|\)[+*?{]|\.[*+]|\\[.()\[\]{}+*?|^$]|\|"
)
_SURE_SIGN = re.compile(rb"\\[dDwWsSbB]|\(\?[:=!<P]|\][+*?{]|\)[+*?]|\.\*")


def roles_of(parsed: Parsed) -> Roles:
    """The table of *parsed*'s grammar, made on first use."""
    name = parsed.grammar.name
    known = _COMPILED.get(name)
    if known is None:
        known = _COMPILED[name] = r.compile_roles(parsed.grammar, parsed.tree.language)
    return known


def pattern_weight(text: bytes, *, sure: bool = False) -> float:
    """How much of a regular expression *text* is, by its signs; 0 for what looks like ordinary words."""
    head = text[:_LONGEST_PATTERN]
    if not sure and len(_SURE_SIGN.findall(head)) < 2:
        return 0.0
    return 1.0 + 0.5 * len(_PATTERN_SIGN.findall(head))


def walk(parsed: Parsed, range_: Range, found: Found | None = None) -> Found:
    """What lies in *range_*: nodes that begin in it; those around it set no level. Added to *found*, where that is given."""
    roles = roles_of(parsed)
    flags_of, tokens_of, defining, literals = roles.flags, roles.tokens, roles.defining, roles.literals
    uniting = roles.uniting
    data = parsed.data
    low, high = parsed.byte_of(range_.start), parsed.byte_of(range_.end)
    found = Found() if found is None else found
    units, marks, names, used = found.units, found.marks, found.names, found.used
    cursor = _outermost(parsed.at(range_)).walk()
    # What holds for the children of the node that the cursor's node is in:
    above, nesting, level, inside, depth, context = 0, 0, 0, 0, 0.0, 0
    scope = _Scope(None, {})
    found.given.append(scope.given)
    unit = Unit()
    ways = Unit()  # further ways of a branch fade together, whatever their conditions are
    chain = [0]
    frames: list[_Frame] = []
    # What came last:
    after_else = after_dot = after_gives = False
    last_defined: bytes | None = None
    units.append(unit)
    while True:
        node = cursor.node
        assert node is not None
        begin, end, kind = node.start_byte, node.end_byte, node.kind_id
        if begin >= high:
            break
        flags = flags_of.get(kind, 0)
        if not flags and not above & r.APART and low <= begin < end and not node.child_count:
            token = tokens_of.get(
                kind, 0
            )  # the commonest: nothing but a token, so nothing else has to be kept
            if token:
                if unit.tokens >= unit.most and token != r.OPERAND:
                    unit = unit.further()
                    units.append(unit)
                unit.tokens += 1
                unit.shape = (unit.shape * _PRIME + token) & _MASK
            after_else = after_dot = after_gives = False
            while not cursor.goto_next_sibling():
                if not frames:
                    return found
                cursor.goto_parent()
                above, nesting, level, inside, depth, context, scope, unit, chain = frames.pop()
            continue
        frame = (above, nesting, level, inside, depth, context, scope, unit, chain)
        descends = False
        if end <= low or end == begin or flags & r.SKIP:
            pass
        elif begin < low:
            descends = True
            above = flags & r.CONTAINER
        else:
            token = tokens_of.get(kind, 0)
            if flags & r.CONTAINER and kind in roles.tuples and is_single(node, roles):
                flags = r.PAREN
            is_leaf = bool(flags & r.WHOLE) or not node.child_count
            if token and (flags & _BEGINS or (above & r.CONTAINER and not flags & r.CONTAINER)):
                if flags & r.STATEMENT:
                    depth, context = 0.0, context & r.DATA if above & r.DATA else 0
                    if flags & r.MAY_BE_TEXT and _is_text(node, flags_of):
                        token, is_leaf = 0, True  # a docstring
                unit = Unit()
                if depth:
                    unit.free = 1 + depth / 2
                units.append(unit)
            if flags & r.MARK:
                measure, weight = roles.marks[kind]
                if measure != "types" or not node.has_error:  # what a parser guesses is often the oddest
                    if context & r.FIELD and (measure != "types" or weight < 1):
                        weight *= _HELD
                    elif context & r.DATA and measure == "unsafe":
                        weight *= _LIGHTLY
                    marks.append((measure, kind, weight, unit))
            if flags & r.STRING:
                if not above & r.STRING:  # else part of a longer one
                    unit.tokens += 1
                    unit.shape = (unit.shape * _PRIME + r.OPERAND) & _MASK
                if chain[0] == _STREAMS:
                    unit.stream = True
                weight = pattern_weight(data[begin:end], sure=bool(flags & r.REGEX))
                if weight:
                    marks.append(("patterns", 0, weight, unit))
                descends = not is_leaf
                above = flags
                after_else = after_dot = after_gives = False
            elif not is_leaf:
                descends = True
                defines = False
                if not context & r.TYPE:
                    defines = (cursor.field_id in defining and not above & _NO_TARGET) or bool(
                        above & r.DEFINES or (context & r.DEFINES and above & r.PASSES)
                    )
                context = context | r.DEFINES if defines else context & ~r.DEFINES
                if above & r.KEYED and cursor.field_id == roles.key:
                    context |= r.KEY
                if flags & r.LEVELS:
                    in_table = context & r.DATA
                    context &= _NO_TABLE
                    if flags & _NESTS:
                        if not (after_else and flags & r.BRANCH):  # `else if` was counted with its `else`
                            marks.append(("branching", kind, 1.0 + nesting, unit))
                            found.cognitive += 1 + nesting
                            nesting += 1
                            found.deepest = max(found.deepest, nesting)
                    elif flags & r.ARM and above & (_NESTS | r.REPEATS | r.ARM):  # not the `else` of a `try`
                        marks.append(("branching", "way", 1.0, ways))
                        found.cognitive += 1
                    elif flags & r.CASE:
                        marks.append(("branching", kind, 0.4, unit))
                    elif flags & r.REPEATS:
                        marks.append(("branching", kind, 1.0 + nesting, unit))
                        found.cognitive += 1 + nesting
                        for child in node.children:
                            if child.kind_id in roles.clauses:
                                level += 1
                                found.levels.append(level)
                    if flags & r.LOOP:
                        level += 1
                        found.levels.append(level)
                    if flags & (r.FUNCTION | r.LAMBDA):
                        if inside:
                            found.functions.append(inside / 2 if in_table else inside)
                            nesting += 1
                        inside += 1
                        name = b"" if flags & r.FUNCTION else last_defined if after_gives else None
                        scope = _Scope(name, {}, node, looked=len(marks))
                        found.given.append(scope.given)
                        if name:
                            _named(scope, name, parsed, found)
                if flags & r.EXPRESSES:
                    if flags & r.INNER:
                        depth += 1
                    if flags & r.CALL:
                        unit.shape = (unit.shape * _PRIME + _CALLED) & _MASK
                        if depth:
                            unit.operate(_CALLED * _DEEP - depth, depth / 2)
                    elif flags & r.SUBSCRIPT:
                        unit.shape = (unit.shape * _PRIME + _INDEXED) & _MASK
                        unit.operate(_INDEXED * _DEEP - depth, 0.5 + depth / 2)
                        depth += 1
                        context |= r.SUBSCRIPT
                    elif flags & r.CHAIN:
                        if not above & r.CHAIN:
                            chain = [0]
                        context &= _NOT_LIGHT
                        first, sign = node.child(0), node.child(1)
                        is_literal = flags & r.UNARY or (
                            first is not None
                            and (first.kind_id in literals or flags_of.get(first.kind_id, 0) & r.PAREN)
                        )
                        if is_literal and _is_constant(node, roles):
                            context |= r.CONSTANT
                        if sign is not None and sign.kind_id in uniting and _unites(node, roles):
                            context |= r.UNION
                    elif flags & r.PAREN:
                        if above & r.CHAIN:
                            if alters(node, parsed, roles):
                                depth += 1
                                unit.shape = (unit.shape * _PRIME + _NESTED) & _MASK
                            else:
                                flags = above  # as if they were not there
                    elif flags & r.TERNARY:
                        depth += 1
                    elif flags & r.INSET and unit.tokens >= unit.most:
                        unit = unit.further()
                        units.append(unit)
                    context |= flags & (r.TYPE | r.DATA if inside else r.TYPE | r.DATA | r.FIELD)
                if flags & r.ACTS:
                    if flags & r.ASSIGN:
                        sign = node.child(1)
                        if sign is not None and sign.kind_id in uniting and _unites(node, roles):
                            context |= r.UNION
                        if not above & (r.LOOP | r.HEAD):  # `i++` of a loop that counts
                            _write(node, data, found, level)
                    elif flags & r.JUMP and not data.startswith(
                        b"return", begin
                    ):  # Swift has one kind for all of them
                        marks.append(("jumps", kind, 2.0 if node.named_child_count else 1.0, unit))
                    elif flags & _LEAVES and nesting:
                        marks.append(("jumps", kind, 0.6 + 0.2 * nesting, unit))
                above = flags | r.HEAD if flags & r.ASSIGN and above & (r.LOOP | r.HEAD) else flags
            elif token == r.OPERAND and flags & r.NAME:
                unit.tokens += 1
                unit.shape = (unit.shape * _PRIME + r.OPERAND) & _MASK
                text = data[begin:end]
                place = cursor.field_id
                defines = not context & r.TYPE and (
                    (
                        place in defining
                        and (not above & _NO_TARGET or bool(context & r.DEFINES and above & r.USES))
                    )
                    or bool(above & r.DEFINES or (context & r.DEFINES and above & r.PASSES))
                )
                if context & r.KEY or (above & r.KEYED and place in defining):
                    names.setdefault(b"=" + text, unit)
                elif defines:
                    names.setdefault(text, unit)
                    found.defined.add(text)
                    if not above & (r.DEFINES | r.LOOP):
                        scope.given.setdefault(text, []).append((unit, nesting, level))
                    last_defined = text
                    if scope.name == b"":
                        if not is_parameter(node):  # Go's methods tell first what they are of
                            _named(scope, text, parsed, found)
                    elif text == scope.name and node.parent != scope.node:  # a function's own name
                        scope.hidden = True
                elif after_dot or flags & r.MEMBER:
                    names.setdefault(b"." + text, unit)
                    if text == scope.name:
                        _recur(node, text, scope, parsed, roles, found)
                else:
                    names.setdefault(text, unit)
                    used.setdefault(text, unit)
                    if scope.name and (above & r.CALL or place == roles.callee):
                        if text != scope.name:
                            found.calls[scope.key].add(text)
                        elif not scope.hidden:
                            _recur(node, text, scope, parsed, roles, found)
                term = _TERMS.get(text)
                if term is not None and text not in found.defined:
                    marks.append((term[0], "term", term[1] * _HELD if context & r.FIELD else term[1], unit))
                after_else = after_dot = after_gives = False
            else:
                if token:
                    if unit.tokens >= unit.most and token != r.OPERAND:
                        unit = unit.further()
                        units.append(unit)
                        frame = (above, nesting, level, inside, depth, context, scope, unit, chain)
                    unit.tokens += 1
                    if not flags & r.ELSE:  # a further way does not make the first another one
                        unit.shape = (unit.shape * _PRIME + token) & _MASK
                if (
                    flags & r.OPERATOR
                    and above & _OPERATED
                    and not (context & (r.TYPE | r.CONSTANT) or above & r.HEAD)
                    and not (above & r.UNARY and kind in roles.addresses)
                ):
                    _operate(kind, flags, unit, chain, depth, context, found)
                elif flags & r.ELSE and above & r.BRANCH and not above & r.TERNARY:
                    marks.append(("branching", "way", 1.0, ways))
                    found.cognitive += 1
                elif flags & r.JUMP:
                    marks.append(("jumps", kind, 1.0, unit))
                elif flags & r.RETURN and nesting:
                    marks.append(("jumps", kind, 0.6 + 0.2 * nesting, unit))
                if above & r.ERROR and kind in roles.keywords:
                    _broken(roles.keywords[kind], unit, nesting, level, found)
                after_else, after_gives = bool(flags & r.ELSE), bool(flags & r.GIVES)
                after_dot = bool(flags & r.DOT)
        if descends and (
            cursor.goto_first_child()
            if begin >= low
            else cursor.goto_first_child_for_byte(low)
            is not None  # a class may have thousands above *range_*
        ):
            frames.append(frame)
            continue
        above, nesting, level, inside, depth, context, scope, unit, chain = frame
        while not cursor.goto_next_sibling():
            if not frames:
                return found
            cursor.goto_parent()
            above, nesting, level, inside, depth, context, scope, unit, chain = frames.pop()
    return found


def _outermost(node: Node) -> Node:
    """The largest node that covers just what *node* does: a text may be all of its statement."""
    around = node.parent
    while around is not None and (around.start_byte, around.end_byte) == (node.start_byte, node.end_byte):
        node, around = around, around.parent
    return node


def _operate(
    kind: int, flags: int, unit: Unit, chain: list[int], depth: float, context: int, found: Found
) -> None:
    """An operator, at its depth; *chain* holds the one before it in the same row of operators.

    A row of the same logical operator counts once, as Campbell has it.
    """
    share = _LIGHTLY if context & r.DATA else 1.0
    if context & r.UNION:
        share *= _LIGHTLY
    unit.operate(kind * _DEEP + depth, share * (1 + depth / 2))
    if flags & r.LOGIC:
        if chain[0] != kind:
            found.marks.append(("branching", "logic", 1.0, unit))
            found.cognitive += 1
        chain[0] = kind
    elif flags & r.SHIFT_LEFT:
        if chain[0] == _STREAMS:
            unit.stream = True
        chain[0] = _STREAMS
        found.marks.append(("bits", kind, share, unit))
    else:
        if flags & r.BITS:
            found.marks.append(("bits", kind, share, unit))
        elif context & r.SUBSCRIPT:
            found.marks.append(("bits", "index", share * 0.7, unit))
        if chain[0] == _STREAMS:
            chain[0] = 0


def _is_constant(node: Node, roles: Roles) -> bool:
    """Has the operator that *node* is only literals to work on?"""
    return all(
        bare(child, roles).kind_id in roles.literals or roles.flags.get(child.kind_id, 0) & r.SKIP
        for child in node.named_children
    )


def _unites(node: Node, roles: Roles) -> bool:
    """Does the `|` that *node* is join names and constants, or one of them to what another `|` joins?"""
    flags_of, looked_at = roles.flags, 0
    if not _has_union(node, roles):
        return False
    waiting = [
        bare(child, roles) for child in node.named_children if not flags_of.get(child.kind_id, 0) & r.SKIP
    ]
    if waiting and flags_of.get(waiting[0].kind_id, 0) & r.CHAIN and _has_union(waiting[0], roles):
        del waiting[0]
    while waiting:
        node = waiting.pop()
        flags = flags_of.get(node.kind_id, 0)
        looked_at += 1
        if flags & (r.CALL | r.SUBSCRIPT | r.LEVELS) or looked_at > _MOST_JOINED:
            return False
        if flags & r.CHAIN:
            if not _is_constant(node, roles):
                return False
        elif node.kind_id not in roles.literals:
            waiting += node.named_children
    return True


def _has_union(node: Node, roles: Roles) -> bool:
    return any(child.kind_id in roles.unions for child in node.children)


def _named(scope: _Scope, name: bytes, parsed: Parsed, found: Found) -> None:
    """The function that *scope* is of is called *name*."""
    scope.name = scope.key = name
    if parsed.grammar.apart and scope.node is not None and is_method(scope.node, parsed):
        scope.key = b"." + name
    found.calls.setdefault(scope.key, set())


def _recur(node: Node, text: bytes, scope: _Scope, parsed: Parsed, roles: Roles, found: Found) -> None:
    """*node* names what the function around it is called: a recursion, where it is a call of it that something decides on.

    A call with nothing before or around it that may leave it out is no recursion: one with the same name is called, or
    it never ends.
    """
    if not scope.may_end:
        marks = found.marks
        scope.may_end = any(
            marks[n][0] == "branching" or marks[n][1] in roles.questions
            for n in range(scope.looked, len(marks))
        )
        scope.looked = len(marks)
    if scope.may_end and scope.node is not None and means(node, text, scope.node, parsed, roles):
        found.recursions += 1
        found.calls[scope.key].add(scope.key)


def _broken(role: int, unit: Unit, nesting: int, level: int, found: Found) -> None:
    """A word that begins a branch or a loop, where the parser could make no statement of it."""
    found.marks.append(("branching", role, 1.0 + nesting, unit))
    found.cognitive += 1 + nesting
    if role == r.LOOP:
        found.levels.append(level + 1)


def _write(node: Node, data: bytes, found: Found, level: int) -> None:
    """Something gets its value from what it was, or a part of it is written to again and again."""
    fields = ("left", "argument")
    target = next((child for name in fields if (child := node.child_by_field_name(name))), None)
    target = target or next(iter(node.named_children), None)
    if target is None:
        return
    adds = node.child_count < 3 or not node.type.startswith("assignment")
    for part in data[target.start_byte : target.end_byte].split(b","):
        name, *parts = _PARTS.split(part.translate(None, _BLANKS + b"(*"))
        if adds or (level and parts):
            found.written[name] = max(found.written.get(name, 0.0), 1 + 0.5 * level)


def _is_text(statement: Node, flags_of: dict[int, int]) -> bool:
    """Is it nothing but a string, which documents what it stands in?"""
    return statement.child_count == 1 and bool(flags_of.get(statement.children[0].kind_id, 0) & r.STRING)
