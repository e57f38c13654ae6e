"""A reply as it comes, read line by line: what a model says besides the text it was asked for is left out.

What has been read of whole lines never changes when more comes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.languages import language, language_named, same_family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zai_ls.core.completion.near import Near


@dataclass(frozen=True, slots=True)
class Reading:
    """The lines of a reply that are meant for the document."""

    lines: tuple[str, ...]
    over: bool
    """The reply itself said that it is over: by a fence, a mark, or talk after the code."""
    why: str = ""
    """Why there are no lines, when something else was left out: `prose` or `other_language`."""


# -- characters ---------------------------------------------------------------------------------------------

_ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|[@-Z\\-_])?")
_UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f]|(?<![^\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f])"
)


def plain(raw: str) -> str:
    """*raw* with `\\n` as line ends and without what nobody can see.

    Removed are control characters but tabs, colours for terminals, zero-width and direction marks, and halves of
    characters. They are removed rather than refused because a person is shown the text as it will be inserted: without
    them, what is seen is what is accepted. A joiner between letters that are not ASCII (a family of emoji, Persian)
    is part of how they look, and stays.
    """
    text = raw.replace("\r\n", "\n").replace("\r", "\n")
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return _UNSEEN.sub("", _ESCAPES.sub("", text))


# -- thinking -----------------------------------------------------------------------------------------------

_THINK, _THOUGHT = "<think>", "</think>"
_ONLY_THOUGHT = re.compile(rf"^[ \t]*{_THOUGHT}|{_THOUGHT}[ \t]*$", re.MULTILINE)


def after_thinking(text: str) -> str:
    """*text* without thinking at its head; empty while the model still thinks."""
    if text.lstrip().startswith(_THINK):
        return text.partition(_THOUGHT)[2]
    return text


def around_thought(text: str) -> tuple[str, str] | None:
    """What stands before and after an end of thinking that was never begun, when a line starts or ends with one."""
    found = _ONLY_THOUGHT.search(text) if _THOUGHT in text else None
    return (text[: found.start()], text[found.end() :]) if found else None


# -- marks --------------------------------------------------------------------------------------------------

_HERE = (
    "<|cursor|>", "<cursor>", "</cursor>", "<|/cursor|>", "<|fim_middle|>", "<|fim_prefix|>", "<|fim_hole|>",
    "<|code_middle|>", "<|code_prefix|>", "<|assistant|>", "<|begin_of_box|>", "</before>", "<insert>", "<completion>", "<middle>",
)  # fmt: skip
"""Marks of a prompt that are left out, and the text goes on."""
_END = (
    "<after>", "</after>", "<|fim_suffix|>", "<|code_suffix|>", "<|endoftext|>", "<|user|>", "<|system|>", "<|observation|>",
    "<|im_end|>", "<|im_start|>", "<|end|>", "<|file_separator|>", "<|end_of_box|>", "</insert>", "</completion>", "</middle>",
)  # fmt: skip
"""Marks at which the text is over."""
_BEFORE = ("<before>", "</before>")
"""Between these a model repeats what stands before the cursor."""
_MARK = re.compile("|".join(map(re.escape, (*_HERE, *_END, _BEFORE[0]))), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Marked:
    """A line without the marks of a prompt."""

    text: str
    had: bool
    """There was a mark in it."""
    over: bool
    echoes: bool
    """The lines that follow repeat what stands before the cursor."""


def _unmarked(line: str, echoes: bool, known: str) -> _Marked:
    """*line* without leaked marks; one that the document near the cursor has itself (*known*) is no leak."""
    if not echoes and "<" not in line and "[" not in line:
        return _Marked(line, False, False, False)
    text, at, had = "", 0, False
    while True:
        if echoes:
            end = line.lower().find(_BEFORE[1], at)
            if end < 0:
                return _Marked(text, True, False, True)
            at, echoes, had = end + len(_BEFORE[1]), False, True
        match = _MARK.search(line, at)
        while match is not None and match.group() in known:
            match = _MARK.search(line, match.end())
        if match is None:
            return _Marked(text + line[at:], had, False, False)
        text += line[at : match.start()]
        at, had, mark = match.end(), True, match.group().lower()
        if mark in _END:
            return _Marked(text, True, True, False)
        echoes = mark == _BEFORE[0]


# -- talk ---------------------------------------------------------------------------------------------------

_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_SIGNS = re.compile(r"[{}()\[\]=;<>|&+*/\\@#$%^~_]|::|->|\w\.\w")
_QUOTED = re.compile(r"`[^`]*`|\([^()]*\)|\*\*")
_SENTENCE = re.compile(r"[.!?:。！？：…]$")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_TALKING = frozenset(
    [
        "the",
        "a",
        "an",
        "to",
        "of",
        "this",
        "that",
        "you",
        "your",
        "i",
        "we",
        "it",
        "its",
        "here",
        "here's",
        "be",
        "was",
        "are",
        "will",
        "can",
        "should",
        "would",
        "which",
        "code",
        "sorry",
        "i'll",
        "i'm",
        "i've",
        "let's",
        "there",
        "have",
        "has",
        "so",
        "based",
        "need",
        "needs",
        "please",
        "these",
        "function",
        "line",
    ]
)
"""Words of sentences that are no words of any programming language's statements."""
_HEADING = re.compile(r"[A-Z][a-z]+(?: [A-Za-z'’]+)+:")
_LEAST_WORDS, _LEAST_TALKING, _LEAST_CJK = 4, 2, 4
_LEAD_IN = re.compile(
    r"(?i:(?:sure|certainly|of course|okay|ok|absolutely|great)(?:\s*[,!.:]\s*(?:here\b|i\b|i['’]ll\b|let\b|the\b).*|\s*[,!.:]?)"
    r"|here(?:['’]s| is| are) (?:the|your|a|an|how)\b.*\b(?:continuation|completion|completed|rest|text|code|next|insert\w*|snippet|"
    r"implementation|function|line|missing|updated)\b.*|the (?:completed|missing|inserted|next) (?:code|text|part|line)\b.*|"
    r"(?:completion|answer|output|result|code to insert)\s*:)"
    r"|(?:好的|当然|没问题|可以)(?:[，,。！!：:].*)?|(?:以下|下面|这)(?:是|为).*|(?:Then|Next|Now|Or|Usage|Example|Finally)\s*[:,]|(?:补全|代码|续写).{0,8}如下.*"
)
"""A line that leads in to the text rather than being it, in any language."""
_NOTHING = re.compile(
    r"\W*(?:i['’]m sorry|i am sorry|sorry,|i (?:can ?not|can['’]?t|am unable|don['’]t)\b|no (?:further )?(?:completion|insertion|text|code|changes?)\b.{0,40}"
    r"\b(?:needed|necessary|required)|nothing (?:to|needs|is)\b|\(?(?:empty|no completion|nothing|no text)\)?\W*$|抱歉|很抱歉|对不起|无需|不需要|无法)",
    re.IGNORECASE,
)
"""A line that says that there is nothing to insert, or that the model will not."""
_SIGNS_IN_TALK = 2


def says(line: str, at: Near) -> bool:
    """Is *line* said to a person rather than meant for the document?

    Leading in is, everywhere (but one word may be a key where text needs no quotes); refusing and any other sentence only where the document's language has none of its own.
    """
    text = line.strip().strip("*").strip()
    if not text:
        return False
    if at.row.prose or at.at.inside:
        return bool(_LEAD_IN.fullmatch(text)) and bool(_SENTENCE.search(text))
    if text.startswith((*at.row.line, *(opening for opening, _ in at.row.block), *at.row.quotes)):
        return False
    few_signs = len(_SIGNS.findall(_QUOTED.sub(" ", text))) <= _SIGNS_IN_TALK and not re.search(
        r"[{};=,(]$", text
    )
    leads_in = _LEAD_IN.fullmatch(text) and (not at.free_text or not text.isascii() or " " in text)
    if few_signs and (leads_in or (_NOTHING.match(text) and not at.free_text)):
        return True
    return not at.free_text and _is_sentence(text)


def _is_sentence(text: str) -> bool:
    """Has *text* the words of a sentence, and none of the signs of code?"""
    signs = len(_SIGNS.findall(_QUOTED.sub(" ", text)))
    far_east = len(_CJK.findall(text))
    if far_east >= _LEAST_CJK:
        return signs <= _SIGNS_IN_TALK and "=" not in text and bool(_SENTENCE.search(text))
    words = [word.lower().replace("’", "'") for word in _WORD.findall(_QUOTED.sub(" ", text))]
    if _HEADING.fullmatch(text):
        return True
    talking = sum(1 for word in words if word in _TALKING)
    return (
        signs == 0
        and len(words) >= _LEAST_WORDS
        and talking >= _LEAST_TALKING
        and (bool(_SENTENCE.search(text)) or text[0].isupper())
    )


_MAY_TALK = re.compile(
    r"(?:[A-Z][a-z’']*(?:[ ,!.:][\w ,.!’'`]*)?|I[ \w’',]*|[\u3400-\u9fff][^(){}=;]*)", re.ASCII
)


def may_become_talk(line: str, at: Near) -> bool:
    """Could *line*, of which more may come, turn out to be talk? While it could, it is not shown."""
    text = line.strip()
    if at.free_text:
        return bool(re.match(r"(?i:sure|certain|of course|ok|here)|好的|以下|当然", text)) and len(text) < 80
    return bool(text) and bool(_MAY_TALK.fullmatch(text))


# -- lines --------------------------------------------------------------------------------------------------

_FENCE = re.compile(r"^(?P<lead>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<name>[^`\s]*)[^`]*$")
_ONE_LINE = re.compile(r"^[ \t]*(?:```(?P<fenced>[^`]+)```|`(?P<quoted>[^`]+)`)[ \t]*$")
_WRAPPERS = frozenset({"markdown", "md", "text", "txt", "plaintext"})
"""Names of a fence around a whole text in a prose language."""
_NO_BACKTICKS = frozenset(
    [
        "python",
        "c",
        "cpp",
        "java",
        "csharp",
        "rust",
        "lua",
        "css",
        "scss",
        "less",
        "json",
        "jsonc",
        "yaml",
        "toml",
        "ini",
        "zig",
    ]
)
"""Languages in which no line is one pair of backticks."""
_DEEPEST_FENCE = 3
"""Columns up to which a fence may be indented; deeper, it is part of the code."""


def read(lines: Sequence[str], at: Near, *, line_start: bool) -> Reading:
    """What of *lines*, the whole lines of a reply, is meant for the document.

    Talk before the text goes, also before a fence; a fenced block in another language than the document's is passed over;
    the text ends with its fence, at a stray fence, at a mark of the prompt, or at talk after a blank line.
    *line_start*: the cursor has nothing but blanks before it, so that a fence may be part of a text in prose.
    """
    kept: list[str] = []
    opened: re.Match[str] | None = None
    wanted, echoes, talked, depth, why = True, False, False, 0, ""
    for given in lines:
        marked = _unmarked(given, echoes, at.text)
        line, echoes = marked.text, marked.echoes
        begun = any(map(str.strip, kept))
        if marked.had and not line.strip() and not marked.over:
            continue
        fence = _FENCE.match(line)
        if opened is not None:
            depth += _depth(line, fence, opened)
            if not depth:
                if wanted:
                    return Reading(tuple(kept), True, why)
                opened, why = None, "other_language"
            elif wanted:
                line, glued = _unglued(line, opened) if fence is None else (line, False)
                kept.append(line.removeprefix(opened["lead"]))
                if glued:
                    return Reading(tuple(kept), True, why)
        elif fence is not None and _is_wrapper(fence, at, begun=begun, line_start=line_start):
            if begun:
                return Reading(tuple(kept), True, why)
            opened, depth, wanted = fence, 1, _fits(fence["name"], at)
            kept.clear()
        elif not begun and says(line, at):
            talked, why = True, "prose"
            kept.clear()
        elif begun and not at.row.prose and not kept[-1].strip() and says(line, at):
            return Reading(tuple(kept), True, why)
        elif begun or not talked or line.strip():
            kept.append(line if begun else _unquoted(line, at))
        if marked.over:
            return Reading(tuple(kept), True, why)
    return Reading(tuple(kept), False, why)


def _depth(line: str, fence: re.Match[str] | None, opened: re.Match[str]) -> int:
    """By how much *line* goes into blocks within the opened one, or out of them."""
    if (
        fence is None
        or fence["fence"][0] != opened["fence"][0]
        or len(fence["fence"]) < len(opened["fence"])
        or len(fence["lead"].expandtabs(4)) > len(opened["lead"].expandtabs(4)) + _DEEPEST_FENCE
    ):
        return 0
    return 1 if line.strip().strip("`~") else -1


def _unglued(line: str, opened: re.Match[str]) -> tuple[str, bool]:
    """*line* without a closing fence at the end of its code; and whether there was one."""
    bare = line.rstrip()
    if bare.endswith(opened["fence"]) and bare.count(opened["fence"]) % 2:
        return bare[: -len(opened["fence"])], True
    return line, False


def _is_wrapper(fence: re.Match[str], at: Near, *, begun: bool, line_start: bool) -> bool:
    """Does *fence* stand around the text, or end it, rather than being part of it?"""
    if at.row.prose:
        return not begun and (not line_start or fence["name"].lower() in _WRAPPERS)
    return not begun or len(fence["lead"].expandtabs(4)) <= _DEEPEST_FENCE


def _fits(name: str, at: Near) -> bool:
    """May a block of that name be text of the document's language? Names we do not know may."""
    named = language_named(name.strip("{}."))
    return (
        named is None
        or at.row.prose
        or bool(at.at.inside)
        or named == "plaintext"
        or same_family(named, at.row.id)
        or language(named).id == at.row.id
    )


def _unquoted(line: str, at: Near) -> str:
    """*line* out of backticks around all of it."""
    found = _ONE_LINE.match(line)
    if found is None or at.row.prose:
        return line
    if found["fenced"]:
        return found["fenced"]
    return found["quoted"] if at.row.id in _NO_BACKTICKS else line


def may_become_mark(line: str, at: Near) -> bool:
    """Could *line*, of which more may come, turn out to be a fence or to end in a mark?"""
    text = line.strip()
    start = line[line.rfind("<") :].lower() if "<" in line else ""
    return (
        (bool(text) and not text.strip("`~") and not at.row.prose)
        or text.startswith("```")
        or (bool(start) and any(mark.startswith(start) for mark in (*_HERE, *_END, *_BEFORE, _THINK)))
    )
