"""The table of actions: one row says all there is to say about a code action. To add one, add a row and a scenario.

A row says when it is offered, what the model is told, what its reply is, how long that may be, and how much thought it takes.
The words a person reads (`action.<id>`) stand in `zai_ls.messages`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from zai_ls.core.languages import language
from zai_ls.core.testfiles import knows_tests_of
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls.domain import Snapshot

NOT_RUN = frozenset(
    {
        "html",
        "css",
        "scss",
        "less",
        "asciidoc",
        "json",
        "jsonc",
        "yaml",
        "toml",
        "ini",
        "xml",
        "csv",
        "properties",
    }
    | {"dotenv", "diff", "git-commit", "git-rebase"}
)
"""Languages that hold markup or values, besides those that the table of languages calls prose."""
GRADUAL = frozenset(
    {
        "python",
        "javascript",
        "javascriptreact",
        "typescript",
        "typescriptreact",
        "php",
        "ruby",
        "lua",
        "elixir",
    }
)
"""Languages in which a type may be left out."""


class Output(Enum):
    """What a reply is."""

    CODE = "code"
    """The replacement of the marked code."""
    PROSE = "prose"
    """A text to read."""
    TESTS = "tests"
    """Tests, for a file of their own."""


@dataclass(frozen=True, slots=True)
class Spot:
    """What is there: all that a row may look at to decide whether it is offered."""

    snapshot: Snapshot
    stub: bool = False
    """Something in the code is still to be written."""
    to_translate: bool = False
    """A comment is there that is not in the wanted language, as far as letters tell."""

    @property
    def language(self) -> str:
        """The editor's language id."""
        return self.snapshot.language

    @property
    def is_code(self) -> bool:
        """Is this something that runs?"""
        return not language(self.language).prose and self.language not in NOT_RUN


@dataclass(frozen=True, slots=True)
class Action:
    """One row."""

    id: str
    kind: str
    """LSP code action kind."""
    offered: Callable[[Spot], bool]
    task: str
    """What the model is told to do, as an order. The same for every call, so that the service can cache it."""
    weight: float = 0.0
    """Added to the code's score: how much more (or less) thought than a plain rewrite it takes."""
    output: Output = Output.CODE
    growth: float = 1.5
    """How many times as long as the code a reply may be expected to be, at most."""
    room: int = 512
    """Tokens on top of that."""

    @property
    def invoked_only(self) -> bool:
        """Is it offered only to someone who asked for the list?"""
        return self.kind.startswith("source.")

    def title(self, what: str) -> str:
        """What stands in the editor's menu; *what* names the code, in words."""
        return say(f"action.{self.id}", what=what).rstrip()

    def title_for(self, name: str) -> str:
        """The same for code or a file that is called *name*: some languages set a name apart by blanks."""
        return self.title(say("offer.definition", name=name))

    def max_tokens(self, code_tokens: int) -> int:
        """Bound on the reply for code of *code_tokens* tokens; room for thinking comes on top, per model."""
        return round(code_tokens * self.growth) + self.room


def _rewrite(action: str) -> str:
    return f"refactor.rewrite.zai.{action}"


def _never(_: Spot) -> bool:
    return False


def _code(spot: Spot) -> bool:
    return spot.is_code


_TABLE = (
    Action(
        id="fix",
        kind="quickfix.zai",
        offered=_never,  # offered for each diagnostic, with its message
        task=(
            "Fix the reported problems at their cause, with the smallest change that is right. "
            "Do not silence a problem by a cast, an ignore comment or by removing what the code does."
        ),
        growth=1.5,
        room=768,
    ),
    Action(
        id="simplify",
        kind=_rewrite("simplify"),
        offered=_code,
        task=(
            "Make the code simpler to read: less nesting, fewer branches and temporaries, no dead or repeated code. "
            "It must do exactly what it did, for every input."
        ),
        growth=1.5,
    ),
    Action(
        id="refactor",
        kind=_rewrite("refactor"),
        offered=_code,
        task=(
            "Refactor the code as requested. Without a request: improve its structure and names of local variables. "
            "What callers see stays as it is, unless the request says otherwise."
        ),
        weight=0.1,
        growth=2.0,
        room=1024,
    ),
    Action(
        id="document",
        kind=_rewrite("document"),
        offered=_code,
        task=(
            "Document the code: a {docstring} for each definition in it that has none or a wrong one, "
            "and a short comment only where a reader could not see why. Change no code."
        ),
        weight=-0.1,
        growth=2.0,
        room=768,
    ),
    Action(
        id="addTypes",
        kind=_rewrite("addTypes"),
        offered=lambda spot: spot.language in GRADUAL,
        task="Add precise {types} to everything in the code that has none. Change nothing that runs.",
        growth=1.8,
    ),
    Action(
        id="handleErrors",
        kind=_rewrite("handleErrors"),
        offered=_code,
        task=(
            "Make the code handle what can fail: check inputs, catch only what can be dealt with, report the rest in the way "
            "the surrounding code does, release what was acquired. The result of calls that succeed stays the same."
        ),
        weight=0.05,
        growth=2.5,
        room=768,
    ),
    Action(
        id="optimise",
        kind=_rewrite("optimise"),
        offered=_code,
        task=(
            "Make the code faster or lighter on memory where it matters: a better algorithm or data structure before small tricks. "
            "Results and side effects stay the same. Return it unchanged if nothing is worth it."
        ),
        weight=0.1,
        growth=1.8,
        room=768,
    ),
    Action(
        id="implement",
        kind=_rewrite("implement"),
        offered=lambda spot: spot.is_code and spot.stub,
        task=(
            "Write what is missing: implement each TODO and each empty body as its name, signature, comments and surroundings say. "
            "Remove the TODO comments that are done."
        ),
        weight=0.1,
        growth=3.0,
        room=2048,
    ),
    Action(
        id="translateComments",
        kind=_rewrite("translateComments"),
        offered=lambda spot: spot.to_translate,
        task=(
            "Translate the comments and docstrings into {words}. Change no code, no string that the program uses, "
            "no directive such as a linter's ignore."
        ),
        weight=-0.2,
        growth=2.0,
    ),
    Action(
        id="instruct",
        kind=_rewrite("instruct"),
        offered=_never,  # offered for each `zai:` comment, with its words
        task=(
            "Do with the code what the request says, and nothing else. "
            "If the request stands as a comment starting with `zai:` in the code, leave that comment out."
        ),
        weight=0.05,
        growth=2.5,
        room=2048,
    ),
    Action(
        id="test",
        kind="source.zai.test",
        offered=lambda spot: (
            spot.is_code and spot.snapshot.path is not None and knows_tests_of(spot.language)
        ),
        task=(
            "Write tests for the code: what it promises, the borders of its inputs, and how it fails. "
            "Short tests, each with one reason to fail, named for the rule they check. {tests}"
        ),
        weight=0.05,
        output=Output.TESTS,
        growth=4.0,
        room=2048,
    ),
    Action(
        id="explain",
        kind="source.zai.explain",
        offered=lambda _: True,
        task=(
            "Explain the code to a programmer who meets it for the first time: what it is for, how it works step by step where that is "
            "not plain, and what to watch out for (edge cases, likely faults). Be brief and concrete."
        ),
        weight=-0.15,
        output=Output.PROSE,
        growth=1.0,
        room=2048,
    ),
)

ACTIONS: dict[str, Action] = {action.id: action for action in _TABLE}
"""All rows by id, in the order of the menu."""
