"""What `core/walking.py` notes, without a grammar: by words, signs, brackets and indentation.

Levels are told by indentation, loops and branches by the words that most languages share; what an operator works on,
and which functions call themselves, is read from the tokens beside them. The numbers come out about the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from zai_ls.core import lexing
from zai_ls.core.languages import language
from zai_ls.core.measures import Found, Unit
from zai_ls.core.roles import TERMS
from zai_ls.core.walking import pattern_weight

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from zai_ls.domain import Range


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BRANCH_WORDS = _words("if unless switch match cond catch except rescue")
_ARM_WORDS = _words("elif elsif elseif else")
_NOT_BEFORE = _ARM_WORDS | {"end"}
"""Behind these it is a further way, or the end of one."""
_CASE_WORDS = _words("case when of")
_LOOP_WORDS = _words("for foreach while until loop repeat forall")
_LOGIC = _words("&& || and or andalso orelse")
_FUNCTION_WORDS = _words("def fn fun func function sub proc defp")
_DEFINING_WORDS = _FUNCTION_WORDS | _words(
    "let var val const mut local my our class struct type object trait"
)
_JUMP_WORDS = _words("break continue next redo goto fallthrough last")
_MARK_WORDS = {
    "try": ("errors", 1.0),
    "finally": ("errors", 1.0),
    "ensure": ("errors", 1.0),
    "throw": ("errors", 0.5),
    "raise": ("errors", 0.5),
    "catch": ("errors", 0.5),
    "rescue": ("errors", 0.5),
    "await": ("concurrency", 1.0),
    "async": ("concurrency", 0.7),
    "yield": ("concurrency", 0.8),
    "spawn": ("concurrency", 1.5),
    "receive": ("concurrency", 1.5),
    "synchronized": ("concurrency", 1.5),
    "volatile": ("concurrency", 1.5),
    "unsafe": ("unsafe", 1.5),
    "implicit": ("types", 0.7),
    "given": ("types", 0.7),
    "where": ("types", 0.5),
    "forall": ("types", 1.0),
    "macro": ("types", 2.0),
    "instance": ("types", 0.8),
}
_VALUES = _words("true false nil null none undefined self this super")
_OTHER_WORDS = _words(
    "return do end then begin in is not import from using package public private static void new"
)
_KEYWORDS = (
    _BRANCH_WORDS
    | _ARM_WORDS
    | _CASE_WORDS
    | _LOOP_WORDS
    | _LOGIC
    | _DEFINING_WORDS
    | _JUMP_WORDS
    | _VALUES
    | _OTHER_WORDS
    | frozenset(_MARK_WORDS)
)
_OPERATORS = _words("+ - * / % ** == != < > <= >= && || & | ^ ~ << >> !")
_BITS = _words("& | ^ ~ << >> &= |= ^= <<= >>=")
_AMBIGUOUS = _words("& |")
_WRITES = _words("+= -= *= /= %= &= |= ^= <<= >>= ++ --")
_TAGS = _words("< > /")
"""What is around a tag, and no operator then."""
_OPEN, _CLOSE = _words("( ["), _words(") ]")
_DOTS = _words(". -> ?. ::")
_QUOTES = frozenset("\"'`")
_LAMBDAS = _words("-> =>")
_TERMS = {
    name: (measure, weight)
    for measure, rows in TERMS.items()
    for weight, names in rows.items()
    for name in names.split()
}


def skim(lines: Sequence[str], language_id: str, range_: Range, found: Found | None = None) -> Found:
    """What the whole lines of *range_* hold, added to *found*, where that is given."""
    tokens = list(lexing.tokens(lines[range_.start.line : range_.end.line + 1], language_id))
    found = Found() if found is None else found
    unit, ways = Unit(), Unit()
    found.units.append(unit)
    given: dict[Hashable, list[tuple[Unit, int, int]]] = {}
    found.given.append(given)
    levels: list[tuple[int, int, int, str | None]] = []  # column, branches, loops, function
    nesting = loops = 0
    scope: str | None = None
    ends: dict[str, int] = {}  # of each function: more questions than so many, and one of its own was asked
    brackets: list[str] = []
    operators = _OPERATORS | _WRITES
    if language(language_id).family == "html":
        operators -= _TAGS
    row_of_logic = last_operator = before = ""
    shapes: dict[str, int] = {}
    for number, (kind, text) in enumerate(tokens):
        if kind == "line":
            if brackets:
                continue
            unit = Unit()
            found.units.append(unit)
            column = len(text.expandtabs(4))
            while levels and levels[-1][0] >= column:
                levels.pop()
            nesting, loops = sum(level[1] for level in levels), sum(level[2] for level in levels)
            scope = next((level[3] for level in reversed(levels) if level[3]), None)
            levels.append((column, 0, 0, None))
            row_of_logic = last_operator = before = ""
            continue
        word = text.lower() if kind == "word" else ""
        is_name = bool(word) and word not in _KEYWORDS and not text[0].isdigit()
        if kind == "sign" and text in ",;{}":
            if text != "," or brackets:
                unit = Unit()
                found.units.append(unit)
            continue
        if kind == "sign" and text in _OPEN:
            depth_shape = 2 if before.isidentifier() else 3
            unit.shape = unit.shape * 31 + depth_shape & 0xFFFFFFFFFFFF
            if before.isidentifier():
                unit.operate((text, len(brackets)), len(brackets) / 2 + 0.5 * (text == "["))
            brackets.append(text)
            before = text
            continue
        if kind == "sign" and text in _CLOSE:
            if brackets:
                brackets.pop()
            before = text
            continue
        if kind == "string":
            weight = pattern_weight(text.encode("utf-8", "surrogatepass"))
            if weight:
                found.marks.append(("patterns", 0, weight, unit))
        means = kind != "sign" or any(c in "=+-*/%<>&|^!~?." for c in text)
        if means:
            if kind == "sign" and unit.tokens >= unit.most:
                unit = unit.further()
                found.units.append(unit)
            unit.tokens += 1
            operand = kind == "string" or is_name or (bool(text) and text[0].isdigit()) or word in _VALUES
            code = 1 if operand else shapes.setdefault(text, len(shapes) + 4)
            unit.shape = unit.shape * 31 + code & 0xFFFFFFFFFFFF
        if kind == "word":
            column, branches, looping, named = levels[-1] if levels else (0, 0, 0, None)
            if word == "loop" and looping:
                pass  # `for … loop`
            elif word in _BRANCH_WORDS | _LOOP_WORDS and before.lower() not in _NOT_BEFORE:
                found.marks.append(("branching", word, 1.0 + nesting, unit))
                found.cognitive += 1 + nesting
                found.deepest = max(found.deepest, nesting + 1)
                if word in _LOOP_WORDS:
                    found.levels.append(loops + 1)
                levels[-1:] = [(column, 1, looping + (word in _LOOP_WORDS), named)]
            elif word in _ARM_WORDS:
                found.marks.append(("branching", "way", 1.0, ways))
                found.cognitive += 1
                levels[-1:] = [(column, 1, looping, named)]
            elif word in _CASE_WORDS:
                found.marks.append(("branching", word, 0.4, unit))
            elif word in _JUMP_WORDS:
                found.marks.append(("jumps", word, 1.0, unit))
            elif word == "return" and nesting:
                found.marks.append(("jumps", word, 0.6 + 0.2 * nesting, unit))
            if word in _MARK_WORDS:
                measure, weight = _MARK_WORDS[word]
                found.marks.append((measure, word, weight, unit))
            if is_name:
                after = tokens[number + 1][1] if number + 1 < len(tokens) else ""
                found.names.setdefault(f".{text}" if before in _DOTS else text, unit)
                if before.lower() in _FUNCTION_WORDS:
                    found.calls.setdefault(text, set())
                    ends[text] = -1 if text in ends else found.cognitive  # of several cases one ends
                    found.defined.add(text)
                    if any(level[3] for level in levels):
                        found.functions.append(1.0)
                    levels[-1:] = [(column, branches, looping, text)]
                elif before.lower() in _DEFINING_WORDS or after in {"=", ":="}:
                    if after != ":":
                        given.setdefault(text, []).append((unit, nesting, loops))
                    found.defined.add(text)
                elif before in _DOTS:
                    pass
                else:
                    found.used.setdefault(text, unit)
                    if (
                        scope is not None
                        and after == "("
                        and (text != scope or found.cognitive > ends[scope])
                    ):
                        found.calls[scope].add(text)
                        found.recursions += text == scope
                if after in _WRITES:
                    found.written[text] = max(found.written.get(text, 0.0), 1 + 0.5 * loops)
                term = _TERMS.get(text)
                if term is not None and text not in found.defined:
                    found.marks.append((term[0], "term", term[1], unit))
        if word in _LOGIC or text in _LOGIC:
            if row_of_logic != text:
                found.marks.append(("branching", "logic", 1.0, unit))
                found.cognitive += 1
            row_of_logic = text
        if kind == "sign":
            if text in _LAMBDAS and brackets and not _is_literal(before):
                found.functions.append(1.0)
            elif text in operators:
                after = tokens[number + 1][1] if number + 1 < len(tokens) else ""
                if _is_literal(before) and _is_literal(after):
                    pass  # a constant
                elif text in _AMBIGUOUS and not (after[:1].isdigit() or after in {"(", "~"}):
                    pass  # an address, a reference, other ways of a type
                else:
                    unit.operate((text, len(brackets)), 1 + len(brackets) / 2)
                    if text in _BITS:
                        found.marks.append(("bits", text, 1.0, unit))
                    elif brackets and brackets[-1] == "[":
                        found.marks.append(("bits", "index", 0.7, unit))
                    unit.stream = unit.stream or text == "<<" == last_operator
                    last_operator = text
        before = text
    return found


def _is_literal(text: str) -> bool:
    """Is this token a number or a string?"""
    return text[:1].isdigit() or text[:1] in _QUOTES
