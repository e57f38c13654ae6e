"""Writes replies without a model.

It takes the last fenced block of the user's message as the code and returns it with one small, well-formed change that fits
the task it finds in the words around it (a doc comment, a return annotation, a shorter spelling of a common pattern, a
renaming), or writes a short test, or a paragraph about it. Where a cursor is shown it writes what comes there, also in the
middle of a line. The same request always gets the same reply, and every reply says that it is emulated: code in a comment,
prose in a sentence; only the rest of a line on which text follows has no room for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from zai_ls.emulator.comments import Comments, comments_of
from zai_ls.emulator.continuing import continued, is_asked
from zai_ls.emulator.rewriting import rewrite

if TYPE_CHECKING:
    from zai_ls.glm.chat_request import ChatRequest

_TASKS = (
    # The first whose words stand in the task is taken; the order settles sentences that name several.
    ("test", r"\bwrite tests\b|\bunit tests?\b"),
    ("explain", r"\bexplain\b"),
    ("translate", r"\btranslate the comments\b"),
    ("document", r"\bdocument the code\b|\bdocstrings?\b|\bdoc comments?\b"),
    ("add types", r"\bannotations?\b|\badd [\w ]*\btypes\b"),
    ("simplify", r"\bsimpl(?:er|ify)\b"),
    ("fix", r"\bfix\b"),
    ("implement", r"\bimplement\b"),
    ("optimise", r"\boptimi[sz]e\b|\bfaster\b"),
    ("handle errors", r"\bhandle\b.*\b(?:errors?|fail)\b"),
    ("refactor", r"\brefactor\b"),
    ("as requested", r"\brequest\b"),
    ("complete", r"\bcomplet(?:e|ion)\b|\bcursor\b"),
)
_DEFINED = re.compile(
    r"^[ \t]*(?:(?:export|pub|public|private|static|async|abstract|final)\s+)*"
    r"(?:def|class|func|function|fn|struct|enum|interface|trait)\s+(?:\([^)]*\)\s*)?([A-Za-z_]\w*)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class _Job:
    """What a request is about, as far as its words tell."""

    task: str
    language: str
    code: str
    """Of the last fenced block; empty when there is none."""
    request: str
    """A person's own words."""
    words: str
    """All of the message that is not code."""

    @property
    def comments(self) -> Comments:
        return comments_of(self.language)

    @property
    def names(self) -> list[str]:
        """What the code defines."""
        return _DEFINED.findall(self.code)


def write(request: ChatRequest) -> str:
    """The reply to *request*."""
    job = _read(request)
    if job.task == "explain":
        return _explanation(job)
    if job.task == "test":
        return _fenced(_test(job), job.language)
    if job.task == "complete":
        if is_asked(request.user):
            return continued(request.user)
        return job.comments.line("emulated: this line continues the code")
    if not job.code:
        return f"This reply is emulated: the message holds no code. It has {len(job.words.split())} words."
    return _fenced(rewrite(job.code, job.language, job.task, job.request), job.language)


def think(request: ChatRequest, effort: str) -> str:
    """What comes before the reply; more of it at a higher *effort*."""
    lines = request.user.count("\n") + 1
    thought = [
        f"This thought is emulated: the message has {lines} lines.",
        " The last block is what shall change.",
        " One small change is enough, and what callers see stays as it is.",
    ]
    return "".join(thought[: 1 if effort == "low" else 3])


def at_length(text: str, characters: int) -> str:
    """*text* again and again, until it has so many *characters*."""
    once = text if text.strip() else "This reply is emulated. "
    return (once * (characters // len(once) + 1))[:characters]


# -- reading --------------------------------------------------------------------------------------------------


def _read(request: ChatRequest) -> _Job:
    code, language, words = _last_block(request.user)
    instruction = re.search(r"^Request: *(.+)$", words, re.MULTILINE)
    told = re.search(r"^Task: *(.+)$", request.system, re.MULTILINE)
    # A named task counts alone: the rest of a system text speaks of comments, tests and fences whatever the task.
    task = _task(told[1]) if told else _task(f"{request.system}\n{words}")
    if "You write tests" in request.system:
        task = "test"
    elif "You explain" in request.system:
        task = "explain"
    return _Job(task, language, code, instruction[1].strip() if instruction else "", words)


def _task(text: str) -> str:
    found = (name for name, words in _TASKS if re.search(words, text, re.IGNORECASE))
    return next(found, "rewrite")


def _last_block(message: str) -> tuple[str, str, str]:
    """Code and language of the last fenced block, and the message without any block."""
    code, language, words = "", "", []
    fence, inside, info = "", [""], ""
    for line in message.split("\n"):
        bare = line.strip()
        if not fence:
            opened = re.match(r"(`{3,}|~{3,})([^`]*)$", bare)
            if opened:
                fence, info, inside = opened[1], opened[2].strip(), []
            else:
                words.append(line)
        elif bare.startswith(fence) and not bare.strip(fence[0]):
            code, language, fence = "\n".join(inside), info, ""
        else:
            inside.append(line)
    return code, language.split()[0].lower() if language else "", "\n".join(words)


# -- writing --------------------------------------------------------------------------------------------------


def _fenced(code: str, language: str) -> str:
    longest = max((len(run) for run in re.findall("`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{code}\n{fence}"


def _explanation(job: _Job) -> str:
    lines = job.code.count("\n") + 1
    names = ", ".join(f"`{name}`" for name in job.names[:5])
    what = f" It defines {names}." if names else ""
    return (
        f"This explanation is emulated; no model has read the code.\n\n"
        f"The marked code has {lines} line{'s' if lines != 1 else ''} of {job.language or 'text'}.{what}\n\n"
        f"- First line: `{next((line.strip() for line in job.code.splitlines() if line.strip()), '')[:80]}`"
    )


_TESTS = {
    "python": "def test_{name}_is_emulated() -> None:\n    assert True",
    "javascript": 'test("{name} is emulated", () => {{\n  expect(true).toBe(true);\n}});',
    "go": "func Test{title}Emulated(t *testing.T) {{\n\tt.Log({quoted})\n}}",
    "rust": "#[test]\nfn {name}_is_emulated() {{\n    assert!(true);\n}}",
    "java": "class {title}EmulatedTest {{\n}}",
}
_FAMILY = {
    "py": "python", "js": "javascript", "jsx": "javascript", "javascriptreact": "javascript", "ts": "javascript",
    "tsx": "javascript", "typescript": "javascript", "typescriptreact": "javascript", "golang": "go", "rs": "rust",
}  # fmt: skip


def _test(job: _Job) -> str:
    """A test that tests nothing: it shows where tests land."""
    family = _FAMILY.get(job.language, job.language)
    name = next(iter(job.names), "code")
    first = job.comments.line(f"emulated: a test of {name} that tests nothing")
    template = _TESTS.get(family)
    if template is None:
        return first
    body = template.format(
        name=name.lower(), title=name[:1].upper() + name[1:], quoted=f'"{name} is emulated"'
    )
    if family == "go" and "new file" in job.words:
        package = re.search(r"^package (\w+)", job.words, re.MULTILINE)
        body = f'package {package[1] if package else "main"}\n\nimport "testing"\n\n{body}'
    return f"{first}\n{body}"
