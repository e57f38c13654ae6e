"""Continues code at a cursor, small and well-formed: it knows brackets, strings and a few words of many languages, no grammar.

Below what stands at a line's start it writes a comment and, where that is safe, a statement. In the middle of a line it writes
the rest of an expression from names that stand in the text, closes what is open on that line, and ends with a comment. Where
text follows the cursor on its line there is no room for a comment; then the answer alone has to do.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.core.completion.brackets import COMMENT, PAIRS, Open, carried, open_after
from zai_ls.core.languages import language
from zai_ls.emulator.comments import comments_of

if TYPE_CHECKING:
    from zai_ls.core.languages import Language


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SAYS = "emulated: this line continues the code"
_WORD = "emulated"
_CLOSERS = {opening: closing for closing, opening in PAIRS.items()}
_NAME = re.compile(r"(?<![\w.\"'])[A-Za-z_]\w*")
_MEMBER = re.compile(r"(?<=\w\.)[A-Za-z_]\w*")
_KEYWORDS = _words(
    "and as assert async await break case catch class const continue def default del do elif else end enum except export extends"
    " extern false final finally fn for foreach from func function global if impl implements import in interface is lambda let"
    " match mod module mut namespace new nil none not null of or package pass print private protected pub public raise return self"
    " static struct super switch then this throw trait true try type unless until use using val var void when where while with"
    " yield"
)
_WANTS_MORE = _words(
    "and assert await case del elif if import in is new not of or raise return throw until when while with yield"
)
"""Words behind which an expression has to come."""
_NAMES_NEXT = _words("class const def enum fn from func function import interface let struct val var")
"""Words behind which a name comes that need not be known."""
_TYPES = _words(
    "any bool boolean char double float i32 i64 int integer long number object str string u8 u32 u64 usize"
)
_WORDS_ALONE = frozenset({"shellscript", "sql", "makefile", "dockerfile"})
"""Languages in which one word follows the other."""
_HEAD = re.compile(
    r"\s*(?:\}\s*)?(?:export\s+|async\s+|public\s+|private\s+|static\s+)*"
    r"(def|class|if|elif|else|for|foreach|while|with|try|except|finally|match|case|switch|function|func|fn|struct|impl)\b"
)
_BRACED = _words(
    "c cpp csharp dart go java javascript javascriptreact kotlin objective-c php rust scala swift typescript typescriptreact"
)
_SEMICOLONS = _words(
    "c cpp csharp dart java javascript javascriptreact objective-c php rust typescript typescriptreact"
)
_STATEMENTS = {
    "python": "result = {name}",
    "ruby": "result = {name}",
    "lua": "local result = {name}",
    "javascript": "const result = {name};",
    "go": "_ = {name}",
    "rust": "let _ = {name};",
}
_ALIKE = dict.fromkeys(("javascriptreact", "typescript", "typescriptreact"), "javascript")
_IN_OBJECT = re.compile(r"\s*[\w\"'$-]+\s*:")
"""A key with its value."""
_CODE_BLOCK = re.compile(r"(?:\)|=>|\b(?:else|do|try))[^(){}]*\{$")
"""A line that opens a block of statements, and no class or object."""


@dataclass(frozen=True, slots=True)
class _Cursor:
    """What stands around the cursor."""

    language: str
    before: str
    """The shown text up to the cursor's line."""
    line: str
    """The cursor's line up to the cursor."""
    after: str
    """The rest of that line."""
    below: str
    """The shown text below that line."""
    one_line: bool
    """No more than the rest of that line is asked for."""

    @property
    def row(self) -> Language:
        return language(self.language)

    @property
    def lead(self) -> str:
        return self.line[: len(self.line) - len(self.line.lstrip())]

    @property
    def comment(self) -> str:
        """A comment up to the line's end that says it; empty where there is none, or no room for it."""
        marks = comments_of(self.language)
        if self.after.strip() or marks.before == "<!--" or (marks.after and self.row.line):
            return ""
        return marks.line(_WORD)

    @property
    def names(self) -> list[str]:
        """What the text before speaks of, the commonest first, and of those the latest."""
        found = [name for name in _NAME.findall(self.before) if name.lower() not in _KEYWORDS | _TYPES]
        latest = {name: at for at, name in enumerate(found)}
        counts = Counter(found)
        return sorted(counts, key=lambda name: (-counts[name], -latest[name]))

    def open(self) -> Open:
        """What is open at the cursor: brackets of its line, and the string or comment it stands in."""
        above = open_after(self.before.split("\n"), self.language)
        return open_after([self.line], self.language, Open("", carried(above.inside)))

    def stack_above(self) -> str:
        return open_after(self.before.split("\n"), self.language).stack


def is_asked(message: str) -> bool:
    """Does *message* show a cursor, as our prompt for completions does?"""
    return "<before>\n" in message and "</before>" in message


def continued(message: str) -> str:
    """What comes at the cursor of *message*."""
    cursor = _read(message)
    if not cursor.line.strip():
        return _new_line(cursor)
    return _rest_of_line(cursor)


def _read(message: str) -> _Cursor:
    shown, _, task = message.rpartition("<before>\n")[2].rpartition("</before>")
    *above, line = shown.split("\n")
    shown_after = re.search(r"<after>(.*?)\n?</after>", message, re.DOTALL)
    after, _, below = (shown_after[1] if shown_after else "").partition("\n")
    named = re.search(r"^Language: *(\S+)", message, re.MULTILINE)
    return _Cursor(
        language=named[1].lower() if named else "",
        before="\n".join(above),
        line=line,
        after=after,
        below=below,
        one_line="rest of the cursor's line" in task,
    )


# -- a line of its own ------------------------------------------------------------------------------------------


def _new_line(cursor: _Cursor) -> str:
    comment = comments_of(cursor.language).line(_SAYS)
    inside = carried(open_after(cursor.before.split("\n"), cursor.language).inside)
    if inside:
        return _WORD
    statement = "" if cursor.one_line else _statement(cursor)
    return "\n".join(line for line in (comment, cursor.lead + statement if statement else "") if line)


def _statement(cursor: _Cursor) -> str:
    """A statement, where one may stand."""
    family = _ALIKE.get(cursor.language, cursor.language)
    names = cursor.names
    above = next((line.strip() for line in reversed(cursor.before.split("\n")) if line.strip()), "")
    stack = cursor.stack_above()
    if not names or family not in _STATEMENTS or above.startswith("@"):
        return ""
    if family in _BRACED and not (stack.endswith("{") and _CODE_BLOCK.search(above)):
        return ""
    if family not in _BRACED and stack:
        return ""
    return _STATEMENTS[family].format(name=names[0])


# -- the rest of a line -----------------------------------------------------------------------------------------


def _rest_of_line(cursor: _Cursor) -> str:
    at = cursor.open()
    if cursor.row.prose or cursor.language in {"html", "xml", "plaintext", "vue", "svelte"}:
        return _spaced(cursor.line, _WORD)
    if at.inside == COMMENT or len(at.inside) > 1:
        closed = at.inside == COMMENT or at.inside in cursor.after + cursor.below
        return _spaced(cursor.line, _WORD) + ("" if closed else at.inside)
    if _opens_block(cursor, at):
        return _block(cursor)
    if at.inside:
        text = _WORD + at.inside if not cursor.after.startswith(at.inside) else _WORD
    else:
        text = _expression(cursor, at.stack)
    text += _closing(cursor, at.stack)
    text += _end_of_statement(cursor, text)
    return f"{text}  {cursor.comment}" if cursor.comment else text


def _opens_block(cursor: _Cursor, at: Open) -> bool:
    """Is the line finished but for the block that it opens?"""
    line = cursor.line.rstrip()
    if at.inside or cursor.after.strip() or cursor.one_line:
        return False
    if cursor.language == "python":
        return line.endswith(":") and not at.stack and bool(_HEAD.match(line))
    return cursor.language in _BRACED and line.endswith("{")


def _block(cursor: _Cursor) -> str:
    step = "\t" if cursor.language == "go" or "\n\t" in cursor.before else "    "
    inner = _Cursor(
        cursor.language,
        f"{cursor.before}\n{cursor.line.rstrip()}",
        cursor.lead + step,
        "",
        cursor.below,
        one_line=False,
    )
    return f"\n{inner.lead}{_new_line(inner)}"


def _expression(cursor: _Cursor, stack: str) -> str:
    """What completes the expression before the cursor; empty when it is whole."""
    line = cursor.line
    bare = line.rstrip()
    gap = "" if line != bare else " "
    word = re.search(r"\w*$", line)
    partial = word[0] if word else ""
    if cursor.language in {"json", "jsonc"}:
        return "null" if bare.endswith(":") else ""
    if partial and partial not in _WANTS_MORE | _NAMES_NEXT:
        known = _MEMBER.findall(cursor.before) if line[: -len(partial)].endswith(".") else cursor.names
        longer = (name for name in known if name.startswith(partial) and name != partial)
        return next(longer, partial)[len(partial) :]
    if bare.endswith("."):
        return next(iter(_MEMBER.findall(cursor.before)), _WORD)
    last = re.search(r"\w+$|\S$", bare)
    end = last[0] if last else ""
    name = next((n for n in cursor.names if not re.search(rf"\b{re.escape(n)}\b", line)), None)
    name = name or next(iter(cursor.names), "1")
    if end in {"{", ";"} or (end == "," and line == bare and not stack):
        return ""
    if end in _NAMES_NEXT:
        return gap + _WORD
    if end in _WANTS_MORE or (end and end not in {")", "]", "}"} and not re.match(r"[\w\"'`]", end)):
        blank = "" if end in {"(", "[", "!", "-", "~", "&", "*", "@", "#", "<", ":"} else gap
        return blank + name
    if line == bare:
        return ""
    return _beside(cursor, bare, stack, name)


def _beside(cursor: _Cursor, bare: str, stack: str, name: str) -> str:
    """What may follow an operand and a blank."""
    first = re.match(r"\s*(\w+)", bare)
    head = first[1] if first else ""
    words = bare.split()
    if cursor.language in _WORDS_ALONE:
        return name
    if head == "for" and len(words) == 2:
        return f"in {name}"
    if head == "from":
        return f"import {_WORD}" if "import" not in words else f"as {_WORD}"
    if head in {"import", "with"}:
        return f"as {_WORD}"
    if head in {"def", "fn", "func", "function", "class"} and not stack and len(words) == 2:
        return ""
    if words[:-1] in ([], ["let"], ["const"], ["var"], ["val"]) and not stack:
        return f"= {name}" if re.fullmatch(r"\w+", words[-1]) else ""
    return f"+ {name}"


def _closing(cursor: _Cursor, stack: str) -> str:
    """The brackets that close what is open on the line, without those that stand after the cursor already."""
    closing = "".join(_CLOSERS[bracket] for bracket in reversed(stack))
    for size in range(len(closing), 0, -1):
        if cursor.after.lstrip().startswith(closing[-size:]):
            return closing[:-size]
    return closing


def _end_of_statement(cursor: _Cursor, text: str) -> str:
    """What the line still lacks: a colon, a body, a semicolon."""
    if cursor.after.strip() or cursor.stack_above().endswith(("(", "[")):
        return ""
    whole = (cursor.line + text).rstrip()
    head = _HEAD.match(whole)
    if cursor.language == "python":
        parens = "()" if head and head[1] == "def" and "(" not in whole else ""
        body = "" if _has_body(cursor) else " pass"
        return f"{parens}:{body}" if head and not whole.endswith(":") else body if head else ""
    if cursor.language in _BRACED and head and head[1] != "case":
        return "" if whole.endswith("}") else " {}"
    ended = whole.endswith((";", "{", "}", ",")) or bool(_IN_OBJECT.match(whole)) or whole.startswith("#")
    return ";" if cursor.language in _SEMICOLONS and not ended else ""


def _has_body(cursor: _Cursor) -> bool:
    """Is the next line indented further?"""
    below = next((line for line in cursor.below.split("\n") if line.strip()), "")
    return len(below) - len(below.lstrip()) > len(cursor.lead)


def _spaced(line: str, word: str) -> str:
    return word if not line or line[-1:].isspace() or not line[-1:].isalnum() else f" {word}"
