"""A reply's text to the code in it, or why it holds none. When in doubt it is no code: an answer kept costs less than a file spoilt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from zai_ls.core.grammars import grammar_of
from zai_ls.core.languages import language, language_named, same_family

if TYPE_CHECKING:
    from collections.abc import Sequence

Why = Literal["empty", "prose", "other_language", "several_blocks", "left_out"]


@dataclass(frozen=True, slots=True)
class CodeReply:
    """The code of a reply, with plain line breaks, as it was indented."""

    text: str


@dataclass(frozen=True, slots=True)
class NotCode:
    """A reply that cannot stand in place of code."""

    reason: Why
    """`left_out` means that it says "the rest stays as it is" instead of repeating it."""


@dataclass(frozen=True, slots=True)
class _Block:
    """One fenced block."""

    name: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)


_FENCE = re.compile(r"^(?P<lead>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")
_DEEPEST_FENCE = 3
"""Columns up to which a fence may be indented (CommonMark); deeper, it is part of the code."""
_LEFT_OUT = re.compile(
    r"^\W*(?:(?:\.\.\.|…)\W*)?(?:the\s+)?(?:rest|remaining|remainder|existing|previous|other|same|unchanged)\b"
    r"[\w\s'-]{0,60}(?:\.\.\.|…)?\W*$|^\W*(?:\.\.\.|…)\W*(?:code|unchanged|existing)[\w\s'-]{0,60}\W*$|^\W*(?:其余|其他|剩余|保持)\w{0,30}\W*$",
    re.IGNORECASE,
)
_LEFT_OUT_WORDS = re.compile(
    r"\b(?:code|function|method|class|implementation|file|logic|unchanged|as before|same as)\b|代码|不变",
    re.IGNORECASE,
)
_ELISION = re.compile(r"\.\.\.|…|unchanged|as before|remains the same|stays the same|不变", re.IGNORECASE)
_SIGNS = re.compile(r"[{}()\[\]=;<>|&+*/\\@#$%^~`_]|::|->|\w\.\w")
_SENTENCE = re.compile(r"[.!?:,。！？：，、…]$")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_PROSE_WORDS = 4


def code_of(reply_text: str, language_id: str, selection: str = "") -> CodeReply | NotCode:
    """The code in *reply_text* for a file of *language_id*, to stand in place of *selection*.

    One fenced block is the rule, with or without talk around it, closed or cut off.
    Of several, those in the file's language count, and among them one that is far longer than the others.
    Without a fence the whole reply is code, if it reads as such once talk at its ends is dropped.
    Prose may hold blocks of its own: there the whole reply is the text, unless all of it lies in one block.
    A refusal is told from new text by what it has in common with the selection.
    """
    text = _without_thinking(reply_text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))
    if not text.strip():
        return NotCode("empty")
    lines = text.split("\n")
    prose = language(language_id).prose
    blocks = _wrapper(lines, language_id, selection) if prose else _blocks(lines)
    found = _chosen(blocks, language_id) if blocks else _unfenced(lines, language_id)
    if isinstance(found, NotCode):
        return found
    if not found.strip():
        return NotCode("empty")
    if _refuses(found, language_id, selection):
        return NotCode("prose")
    if blocks and not prose and _is_prose(found.split("\n"), language_id):
        return NotCode("prose")
    if _leaves_out(found, language_id):
        return NotCode("left_out")
    return CodeReply(found)


def _without_thinking(text: str) -> str:
    """*text* without thinking that leaked into it: only at its head, because code may hold such a tag too."""
    head = text.lstrip()
    if head.startswith("<think>"):
        return head.partition("</think>")[2]
    before, closed, after = text.partition("</think>")
    if closed and "<think>" not in before and not _FENCE.search(before.lstrip().split("\n", 1)[0]):
        return after
    return text


# -- fenced blocks ------------------------------------------------------------------------------------------


def _wrapper(lines: Sequence[str], language_id: str, selection: str) -> list[_Block]:
    """The one block that all of a prose reply lies in; none when its blocks are part of the text."""
    filled = [number for number, line in enumerate(lines) if line.strip()]
    fences = [number for number in filled if _FENCE.match(lines[number])]
    if not fences or _FENCE.match(selection.strip().partition("\n")[0]):
        return []
    first = fences[0]
    opened = _FENCE.match(lines[first])
    assert opened is not None
    name = _name(opened)
    whole = name in {"", "markdown", "md"} or language_named(name) == language_id
    end = _closing(lines, first + 1, opened)
    if whole:  # to the last one, for the blocks inside may be fenced alike
        below = range(first + 1, len(lines))
        end = max((number for number in below if _closes(lines[number], opened)), default=len(lines))
    inside = lines[first + 1 : end]
    begins, ends = first == filled[0], end >= filled[-1]
    inner = any(_FENCE.match(line) for line in selection.split("\n"))
    around = sum(map(len, (*lines[:first], *lines[end + 1 :])))
    talked_around = around < sum(map(len, inside)) and (bool(name) or (len(fences) <= 2 and not inner))
    if (begins and ends) or (whole and talked_around and not (bool(name) and _names(selection, name))):
        return [_Block(name, tuple(_dedented(inside, opened["lead"])))]
    return []


def _name(opened: re.Match[str]) -> str:
    return (opened["info"].split() or [""])[0].strip("{}.").lower()


def _names(text: str, name: str) -> bool:
    """Has *text* a block of that name?"""
    found = map(_FENCE.match, text.split("\n"))
    return any(fence is not None and _name(fence) == name for fence in found)


def _blocks(lines: Sequence[str]) -> list[_Block]:
    """The fenced blocks; a block that is not closed goes on to the end."""
    blocks: list[_Block] = []
    number = 0
    while number < len(lines):
        opened = _FENCE.match(lines[number])
        number += 1
        if opened is None:
            continue
        end = _closing(lines, number, opened)
        inside = lines[number:end]
        blocks.append(_Block(_name(opened), tuple(_dedented(inside, opened["lead"]))))
        number = end + 1
    return blocks


def _closing(lines: Sequence[str], start: int, opened: re.Match[str]) -> int:
    """The line that closes the block opened before *start*; fences with a name inside open blocks of their own."""
    depth = 1
    first = len(lines)
    for number in range(start, len(lines)):
        if _closes(lines[number], opened):
            first = min(first, number)
            depth -= 1
            if not depth:
                return number
        elif _opens_another(lines[number], opened):
            depth += 1
    return first  # nesting did not come out even: the first that could close it


def _closes(line: str, opened: re.Match[str]) -> bool:
    fence = _FENCE.match(line)
    return (
        fence is not None
        and not fence["info"].strip()
        and fence["fence"][0] == opened["fence"][0]
        and len(fence["fence"]) >= len(opened["fence"])
        and len(fence["lead"].expandtabs(4)) <= len(opened["lead"].expandtabs(4)) + _DEEPEST_FENCE
    )


def _opens_another(line: str, opened: re.Match[str]) -> bool:
    fence = _FENCE.match(line)
    return (
        fence is not None
        and bool(fence["info"].strip())
        and fence["fence"][0] == opened["fence"][0]
        and len(fence["fence"]) >= len(opened["fence"])
        and len(fence["lead"].expandtabs(4)) <= len(opened["lead"].expandtabs(4)) + _DEEPEST_FENCE
    )


def _dedented(lines: Sequence[str], lead: str) -> list[str]:
    """The lines of a block whose fence is indented, as far out as the fence would have them."""
    if not lead or any(line.strip() and not line.startswith(lead) for line in lines):
        return list(lines)
    return [line[len(lead) :] for line in lines]


def _chosen(blocks: Sequence[_Block], language_id: str) -> str | NotCode:
    """The block that is meant."""
    filled = [block for block in blocks if block.text.strip()]
    if not filled:
        return NotCode("empty")
    fitting = [block for block in filled if _fits(block, language_id)]
    if not fitting:
        return NotCode("other_language")
    exact = [block for block in fitting if language_named(block.name) is not None]
    candidates = list(dict.fromkeys(block.text for block in exact or fitting))
    if len(candidates) == 1:
        return candidates[0]
    longest = max(candidates, key=len)
    if len(longest) >= 2 * sum(len(other) for other in candidates if other is not longest):
        return longest
    return NotCode("several_blocks")


def _fits(block: _Block, language_id: str) -> bool:
    """May the block's name stand for the file's language? Names we do not know may."""
    named = language_named(block.name)
    return (
        named is None
        or language(language_id).prose
        or same_family(named, language_id)
        or named == "plaintext"
    )


# -- without a fence ----------------------------------------------------------------------------------------


def _unfenced(lines: Sequence[str], language_id: str) -> str | NotCode:
    """The whole reply as code, without talk before and after it."""
    if language(language_id).prose:
        return "\n".join(lines)
    first, last = 0, len(lines)
    while first < last and (not lines[first].strip() or _talks(lines[first], language_id)):
        first += 1
    while last > first and (not lines[last - 1].strip() or _talks(lines[last - 1], language_id)):
        last -= 1
    kept = lines[first:last]
    if not kept or _is_prose(kept, language_id):
        return NotCode("prose")
    return "\n".join(kept)


def _is_prose(lines: Sequence[str], language_id: str) -> bool:
    """Do most of *lines* talk to a person?"""
    filled = [line for line in lines if line.strip()]
    return sum(1 for line in filled if _talks(line, language_id)) * 2 > len(filled)


def _talks(line: str, language_id: str) -> bool:
    """Is *line* a sentence rather than code or a comment?"""
    plain = line.strip().strip("*").strip()
    row = language(language_id)
    if plain.startswith((*row.line, *(opening for opening, _ in row.block), *row.quotes, "*")):
        return False
    if re.search(r"[{};=]\s*$|^[@#]", plain):
        return False
    if _CJK.search(plain):
        return len(_SIGNS.findall(plain)) <= 2 and "=" not in plain
    words = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", plain)
    if len(words) < _PROSE_WORDS:
        return bool(re.fullmatch(r"(?i)(sure|certainly|of course|okay|ok|here you go|done)\W*", plain))
    signs = len(_SIGNS.findall(re.sub(r"`[^`]*`|\([^()]*\)", " ", plain)))
    ends = bool(_SENTENCE.search(plain))
    return signs == 0 and (ends or plain[0].isupper()) and not _declares(plain)


def _declares(plain: str) -> bool:
    """Python's lines end in a colon and have few signs: those that begin with its words are code."""
    return bool(
        re.match(
            r"(?:for|while|if|elif|else|with|from|import|class|def|async|return|raise|assert|del|not|and|or|in|is|case|match|try|except)\b",
            plain,
        )
    )


# -- refusals -----------------------------------------------------------------------------------------------

_REFUSAL = re.compile(
    r"(?:i['’]?m|i am|we['’]?re|we are)\s+(?:(?:very|so|really)\s+)?(?:sorry|afraid|unable|not able)\b|sorry\b|(?:i|we) apologi[sz]e\b"
    r"|(?:i|we) (?:can ?not|can['’]?t|could not|couldn['’]?t|won['’]?t|will not|don['’]?t|do not) "
    r"(?:help|assist|do|change|see|find|fulfil|comply|provide|process|make|complete|answer|continue|rewrite)"
    r"|unfortunately\b|as an ai\b|no (?:further )?(?:changes?|edits?|modifications?|improvements?|fix(?:es)?|simplifications?) "
    r"(?:(?:is|are|was|were) )?(?:needed|necessary|required|made|to make)|nothing (?:to|needs|here)\b"
    r"|there(?:['’]s| is| are) (?:nothing|no )|抱歉|很抱歉|对不起|不好意思|我无法|我不能|无法|无需|不需要",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}|[\u3040-\u30ff\u3400-\u9fff]")
_SHORT = 400
"""Characters up to which a refusal goes on."""
_SHORTER = 4
"""What is so many times shorter than what it replaces is suspicious."""
_SHARED = 0.34
"""The part of its words that a suspicious reply must have from the selection."""


def _refuses(found: str, language_id: str, selection: str) -> bool:
    """Does *found* say something about *selection* rather than replace it?"""
    row = language(language_id)
    plain = found.strip().lstrip("*_>\"' ")
    words = {word.lower() for word in _WORD.findall(plain)}
    there = {word.lower() for word in _WORD.findall(selection)}
    shared = len(words & there) / len(words) if words else 1.0
    length = len(plain) + 2 * len(_CJK.findall(plain))
    much_shorter = length * _SHORTER < len(selection.strip())
    if _REFUSAL.match(plain) and length <= _SHORT:
        same = _REFUSAL.match(selection.strip().lstrip("*_>\"' "))
        if row.prose:
            return bool(selection.strip()) and not same and (much_shorter or shared < 2 * _SHARED)
        return not same and not re.search(r"[=;{}()<>|$:]", plain)
    if not selection.strip():
        return False
    if row.prose:
        return much_shorter and shared < _SHARED / 2
    if grammar_of(row.grammar).name or _SIGNS.search(plain) or plain.count("\n") > 2:
        return False
    return shared == 0 or (much_shorter and shared < _SHARED)


def _leaves_out(code: str, language_id: str) -> bool:
    """Does a comment in *code* stand for lines that were not repeated?"""
    row = language(language_id)
    marks = (*row.line, *(opening for opening, _ in row.block))
    for line in code.split("\n"):
        plain = line.strip()
        mark = next((mark for mark in marks if plain.startswith(mark)), None)
        if mark is None:
            continue
        said = plain[len(mark) :]
        if _LEFT_OUT.match(said) and _LEFT_OUT_WORDS.search(said) and _ELISION.search(said):
            return True
    return False
