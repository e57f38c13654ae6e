"""A person at a desk: an editor in memory, the assistant behind it, and the emulated service at the far end.

Nothing waits and nothing sleeps: what the person does while the model runs happens at the very moment when the service
has the request in hand.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from tests.integration.road import CATALOGUE, Road, road
from tests.unit.core.marked import end_point
from zai_ls.assistant import Assistant, Kit, Stage
from zai_ls.assistant.board import Board
from zai_ls.assistant.completing.completer import Completer
from zai_ls.assistant.ports import Status
from zai_ls.clock import SystemClock
from zai_ls.config import load
from zai_ls.core.languages import language_of
from zai_ls.core.offers import APPLY_KEPT
from zai_ls.core.syntax import Syntax
from zai_ls.core.text import apply_edits, splice, split_lines
from zai_ls.domain import Ask, Change, Diagnostic, Edits, Landing, Offer, Point, Range, Snapshot
from zai_ls.emulator.config import EmulatorConfig
from zai_ls.emulator.script import Script
from zai_ls.state.answers import Answers
from zai_ls.state.shown import Shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from zai_ls.domain import Outcome
    from zai_ls.emulator.script import Rule

LIGHT, STANDARD, STRONG = "glm-4.5-air", "glm-4.7", "glm-5"
"""The models of the emulated account's plan, pay as you go."""


@dataclass
class Document:
    """An open document and its undo stack."""

    lines: list[str]
    version: int = 1
    changes: list[Change] = field(default_factory=list)
    undos: list[list[str]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def change(self, range_: Range, text: str) -> None:
        """One step by the person, undone at once."""
        self.undos.append(list(self.lines))
        self._splice(range_, text)

    def apply(self, edits: tuple[Any, ...]) -> None:
        """All *edits* as one step."""
        self.undos.append(list(self.lines))
        wanted = apply_edits(self.lines, edits)
        for edit in sorted(edits, key=lambda e: e.range, reverse=True):
            self._splice(edit.range, edit.text)
        assert wanted == self.lines

    def undo(self) -> None:
        self.lines = self.undos.pop()
        self.version += 1

    def _splice(self, range_: Range, text: str) -> None:
        splice(self.lines, range_, text)
        self.version += 1
        self.changes.append(Change(self.version, range_, text))


class Desk:
    """The `Editor` port in memory, with knobs for what an editor may do to us."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.documents: dict[str, Document] = {}
        self.stale = 0
        """So many times the editor says that the document has moved on."""
        self.refuses = False
        self.before_apply: list[Callable[[], None]] = []
        """What the person does between our reading of the text and the editor's applying; one a try."""
        self.applied: list[Edits] = []
        self.tries = 0
        self.told: list[tuple[str, str]] = []
        self.shown: list[tuple[str, str]] = []
        self._read: dict[str, Document] = {}

    # -- the person ------------------------------------------------------------------------------------------

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str) -> str:
        """Open it; an opening of its own, whose versions begin anew."""
        self.documents[self.uri(name)] = Document(split_lines(text))
        return self.uri(name)

    def close(self, name: str) -> None:
        del self.documents[self.uri(name)]

    def type(self, name: str, old: str, new: str) -> None:
        """The person makes *old*, which stands there once, into *new*."""
        document = self.documents[self.uri(name)]
        before, found, _ = document.text.partition(old)
        assert found, old
        document.change(Range(end_point(before), end_point(before + old)), new)

    def text(self, name: str) -> str | None:
        """What the person sees of a file, on the screen or on the disk."""
        document = self.documents.get(self.uri(name))
        if document is not None:
            return document.text
        path = self.folder / name
        return path.read_bytes().decode() if path.exists() else None

    def begin(self) -> None:
        """A new piece of work begins: what was read before does not bind it."""
        self._read.clear()

    # -- the port ----------------------------------------------------------------------------------------------

    def read(self, uri: str) -> Snapshot | None:
        document = self.documents.get(uri)
        if document is None:
            return None
        self._read.setdefault(uri, document)
        path = path_of(uri)
        return Snapshot(uri, language_of(path), document.version, tuple(document.lines), path)

    def read_file(self, uri: str) -> Snapshot | None:
        path = path_of(uri)
        if (snapshot := self.read(uri)) is not None:
            return snapshot
        if not Path(path).exists():
            return None
        try:
            text = Path(path).read_bytes().decode()
        except UnicodeDecodeError:
            return None
        return Snapshot(uri, "", 0, tuple(split_lines(text)), path)

    def others(self, uri: str) -> tuple[Snapshot, ...]:
        return tuple(self.read(other) for other in reversed(self.documents) if other != uri)

    reviews = False

    def lines_lately(self, uri: str, seconds: float) -> list[str] | None:
        document = self.documents.get(uri)
        return None if document is None else document.undos[0] if document.undos else document.lines

    def changes_since(self, uri: str, version: int) -> tuple[Change, ...] | None:
        document = self.documents.get(uri)
        if document is None or self._read.get(uri, document) is not document:
            return None
        return tuple(change for change in document.changes if change.version > version)

    async def apply(self, edits: Edits) -> Landing:
        self.tries += 1
        if self.before_apply:
            self.before_apply.pop(0)()
        if self.refuses:
            return Landing.REFUSED
        if self.stale:
            self.stale -= 1
            return Landing.STALE
        for change in edits.changes:
            document = self.documents.get(change.uri)
            if change.create and (document is not None or Path(path_of(change.uri)).exists()):
                return Landing.REFUSED
            if change.version is not None and (document is None or document.version != change.version):
                return Landing.STALE
        for change in edits.changes:
            before = self.read_file(change.uri)
            lines = list(before.lines) if before else [""]
            self.documents.setdefault(change.uri, Document(lines)).apply(change.edits)
        self.applied.append(edits)
        return Landing.APPLIED

    async def show(self, title: str, markdown: str) -> None:
        self.shown.append((title, markdown))

    def tell(self, severity: str, text: str) -> None:
        self.told.append((severity, text))


def path_of(uri: str) -> str:
    return unquote(urlsplit(uri).path)


class Listening(Script):
    """The emulator's script, which keeps what it was asked and lets the person act while the model runs."""

    def __init__(self) -> None:
        super().__init__()
        self.bodies: list[str] = []
        """Of the requests that reached a model, word for word."""
        self.models: list[str] = []
        self.meanwhile: list[Callable[[], object]] = []
        """Called when a request has come, one a request."""

    def take(self, model: str, body: str, nth: int) -> Rule | None:
        self.bodies.append(body)
        self.models.append(model)
        if self.meanwhile:
            self.meanwhile.pop(0)()
        return super().take(model, body, nth)


class Watch:
    """The `Progress` port: remembers, and calls *then* when a stage of that kind comes."""

    def __init__(self, kind: str = "", then: Callable[[], object] | None = None) -> None:
        self.stages: list[Stage] = []
        self._kind, self._then = kind, then

    def report(self, stage: Stage) -> None:
        self.stages.append(stage)
        if self._then is not None and stage.kind == self._kind:
            then, self._then = self._then, None
            then()

    @property
    def kinds(self) -> list[str]:
        """Without repetitions."""
        kinds = [stage.kind for stage in self.stages]
        return [kind for at, kind in enumerate(kinds) if at == 0 or kinds[at - 1] != kind]


@dataclass
class Story:
    """One person's afternoon."""

    assistant: Assistant
    kit: Kit
    desk: Desk
    road: Road
    heard: Listening
    watch: Watch = field(default_factory=Watch)
    statuses: list[Status] = field(default_factory=list)

    @property
    def emulator(self) -> Any:
        return self.road.emulator

    def reply(self, *texts: str, **how: Any) -> None:
        """What the model says, one text a request."""
        for text in texts:
            self.emulator.reply(text, **how)

    def offers(self, name: str, selected: Range, *problems: Diagnostic) -> dict[str, Offer]:
        """What is in the menu, by action; the last of each."""
        snapshot = self.desk.read(self.desk.uri(name))
        assert snapshot is not None
        return {o.action: o for o in self.assistant.offers(snapshot, selected, problems)}

    async def run(self, action: str, name: str, selected: Range | None = None, **ask: Any) -> Outcome:
        """Run *action*; without *selected* on the whole file."""
        self.desk.begin()
        return await self.assistant.run(
            Ask(action, self.desk.uri(name), selected, **ask), self.desk, self.watch
        )

    async def take(self, offer: Offer, name: str) -> Outcome:
        """Choose *offer* in the menu."""
        return await self.run(
            offer.action, name, offer.range, diagnostics=offer.diagnostics, instruction=offer.instruction
        )

    async def apply_kept(self, name: str) -> Outcome:
        return await self.take(self.offers(name, Range(Point(0, 0), Point(0, 0)))[APPLY_KEPT], name)

    @property
    def requests(self) -> list[str]:
        """The models that were asked, in order."""
        return self.heard.models

    @property
    def said(self) -> str:
        """What `explain last` says."""
        decision, *_ = self.assistant.explain_last()
        return "\n".join(decision.lines)

    def check_at_rest(self) -> None:
        """Nobody waits, nobody holds the slot, every request is settled, and there were never two at once."""
        assert self.road.is_at_rest()
        assert self.emulator.record.most_at_once <= 1
        assert () == self.assistant.running()
        entries = self.road.ledger.recent("test", 50)
        assert len(entries) == len(self.emulator.record.chats)
        for entry in entries:
            spent = entry.usage.prompt_tokens + entry.usage.completion_tokens
            assert (spent == 0) == (entry.state == "refused"), entry

    def check_one_step(self, name: str, before: str) -> None:
        """One undo takes the answer back."""
        document = self.desk.documents[self.desk.uri(name)]
        after = document.text
        document.undo()
        assert before == document.text
        document.change(Range(Point(0, 0), end_point(before)), after)


@asynccontextmanager
async def story(
    folder: Path,
    settings: dict[str, Any] | None = None,
    *,
    plan: str = "payg",
    anthropic: bool = False,
    pacing: bool = False,
    **config: Any,
) -> AsyncIterator[Story]:
    """A desk with *settings* as the editor has them."""
    work = folder / "work"
    work.mkdir(exist_ok=True)
    async with road(folder, EmulatorConfig(plan=plan, **config), anthropic=anthropic, pacing=pacing) as r:
        heard = Listening()
        r.emulator.service.script = heard
        environ = {"ZAI_CONFIG": str(folder / "none.toml"), "ZAI_API_KEY": "a.b"}
        configured = load(editor=settings, environ=environ, find_key=False)
        assert not configured.problems
        clock = SystemClock()
        gauge = r.gauge = r.gauge_for(lambda: kit.config, r.clock)
        kit = Kit(
            config=replace(configured, account=r.account),
            catalogue=CATALOGUE,
            syntax=Syntax(),
            clock=clock,
            dispatcher=r.dispatcher,
            slot=r.slot,
            ledger=r.ledger,
            answers=Answers(folder / "answers", clock),
            gauge=gauge,
            editor_name="desk",
            roots=(str(work),),
        )
        completer = Completer(kit, Shown(r.database, clock))
        statuses: list[Status] = []
        board = Board(kit, statuses.append)
        yield Story(Assistant(kit, completer, board), kit, Desk(work), r, heard, statuses=statuses)
        await gauge.aclose()
        await completer.aclose()


def lines(first: int, last: int | None = None) -> Range:
    """Lines counted from 1, both included; what a person selects by whole lines."""
    return Range(Point(first - 1, 0), Point(last or first, 0))


def unmarked(text: str) -> tuple[str, Range]:
    """A text without its «», and what they select."""
    before, _, rest = text.partition("«")
    selected, _, after = rest.partition("»")
    return before + selected + after, Range(end_point(before), end_point(before + selected))


def fenced(code: str, name: str = "") -> str:
    """A model's usual answer."""
    return f"```{name}\n{code.rstrip()}\n```\n"
