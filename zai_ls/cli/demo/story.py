"""The story the demo plays: two windows, several actions at once, one slot."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zai_ls.cli.demo.editor import ScriptedEditor
from zai_ls.cli.demo.emulated import KEY, emulated
from zai_ls.cli.demo.screen import Screen
from zai_ls.cli.demo.while_typing import type_through
from zai_ls.cli.exits import BadUse
from zai_ls.cli.files import FileEditor, Unreadable
from zai_ls.cli.flags import account_of, configuration, tell_problems
from zai_ls.cli.target import parse_target
from zai_ls.core.text import end_of
from zai_ls.domain import Point, Range
from zai_ls.lsp.documents import path_of
from zai_ls.messages import say
from zai_ls.settings import DECLARATIONS

if TYPE_CHECKING:
    import argparse

    from zai_ls.domain import Snapshot

_DONE_S = 900.0
"""A model that is asked to think hard may take minutes."""


@dataclass(frozen=True, slots=True)
class Pick:
    """Who picks what, where."""

    window: str
    action: str
    range: Range


@dataclass
class Window:
    """One editor window of the story."""

    name: str
    editor: ScriptedEditor
    uri: str
    titles: dict[str | int, str] = field(default_factory=dict)
    ended: set[str | int] = field(default_factory=set)
    said: dict[str | int, str] = field(default_factory=dict)
    """The last words of each progress, without their numbers."""


async def play(args: argparse.Namespace) -> bool:
    """Play it; True when every action came to its end and nobody ever tried to have two requests in flight."""
    screen = Screen()
    snapshot, picks = _subject(args)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zai-ls-demo-")))
        if args.live:
            config = configuration(args)
            tell_problems(config)
            screen.line(say("demo.live", url=account_of(config).base_url))
            environment = {
                "ZAI_BASE_URL": config.settings.base_url,
                "ZAI_PLAN": config.settings.plan,
                "ZAI_STATE_DIR": str(config.state_dir),
                "ZAI_CONFIG": str(config.user_file),
            }
            await _play(Story(screen, snapshot, environment, folder), picks)
            return True
        emulator = await stack.enter_async_context(
            emulated("--key", KEY, "--plan", "pro", "--first-token-ms", "300", "--service-ms", "1000")
        )
        screen.line(say("demo.emulator", url=emulator.url))
        (folder / "none.toml").touch()  # a file that is named is expected to be there
        environment = {
            **dict.fromkeys((d.env for d in DECLARATIONS if d.env), ""),  # yours are not for the emulator
            "ZAI_API_KEY": KEY,
            "ZAI_BASE_URL": emulator.base_url(),
            "ZAI_PLAN": "pro",
            "ZAI_STATE_DIR": str(folder / "state"),
            "ZAI_CONFIG": str(folder / "none.toml"),
        }
        types = args.action is None and args.target is None
        await _play(Story(screen, snapshot, environment, folder, types=types), picks)
        return screen.record(await emulator.record())


async def _play(story: Story, picks: list[Pick]) -> None:
    await story.play(picks)
    await story.show_quota()


def _subject(args: argparse.Namespace) -> tuple[Snapshot, list[Pick]]:
    """The file to work on, and who picks what in it. Raises `BadUse`."""
    files = FileEditor(max_bytes=2**21, write=False)
    if args.target is None:
        import zai_ls.core.rebase as chapter

        # A file with easy and hard functions side by side, so that it can be seen who gets which model.
        snapshot = files.open(Path(chapter.__file__ or ""))
        easy, plain, hard = (_function(snapshot, name) for name in ("_open_end", "move", "_made_by_hand"))
        if args.action is not None:
            return snapshot, [Pick("A", args.action, plain), Pick("B", args.action, hard)]
        return snapshot, [
            Pick("A", "document", easy),
            Pick("B", "simplify", hard),
            Pick("A", "refactor", plain),
            Pick("B", "explain", hard),
            Pick("A", "test", easy),
        ]
    target = parse_target(args.target)
    try:
        snapshot = files.open(target.path)
    except Unreadable as error:
        raise BadUse(str(error)) from None
    place = target.range_in(snapshot) or Range(Point(0, 0), end_of(snapshot.lines))
    actions = [args.action] if args.action else ["simplify", "document", "explain"]
    return snapshot, [Pick("AB"[n % 2], action, place) for n, action in enumerate(actions)]


def _function(snapshot: Snapshot, name: str) -> Range:
    """The top-level function *name*, from its head to the blank line after it."""
    first = next(n for n, line in enumerate(snapshot.lines) if line.startswith(f"def {name}("))
    inside = range(first + 1, len(snapshot.lines) - 1)
    last = next(
        (n for n in inside if not snapshot.lines[n].strip() and not snapshot.lines[n + 1].startswith(" ")),
        len(snapshot.lines) - 1,
    )
    return Range(Point(first, 0), Point(last, 0))


class Story:
    """Windows on one account, each with a copy of the file: the demo changes nothing of yours."""

    def __init__(
        self,
        screen: Screen,
        snapshot: Snapshot,
        environment: dict[str, str],
        folder: Path,
        *,
        types: bool = False,
    ) -> None:
        """*types*: in the end somebody types, and a completion is asked for."""
        self._screen = screen
        self._snapshot = snapshot
        self._environment = {**os.environ, **environment}
        self._folder = folder
        self._types = types

    async def play(self, picks: list[Pick]) -> None:
        """Open the file in each window, list the actions, run *picks* all at once, show what became of the text."""
        windows = {name: self._window(name) for name in sorted({pick.window for pick in picks})}
        everyone = windows.values()
        try:
            await asyncio.gather(*(self._start(window) for window in everyone))
            first = picks[0]
            menu = await windows[first.window].editor.code_actions(windows[first.window].uri, first.range)
            lines = say(
                "demo.lines",
                first=first.range.start.line + 1,
                last=first.range.end.line + 1,
                path=self._snapshot.path,
            )
            self._screen.menu(lines, menu)
            self._screen.line(f"\n{say('demo.at_once', count=len(picks), windows=len(windows))}\n")
            await asyncio.gather(*(self._pick(windows[pick.window], pick) for pick in picks))
            await asyncio.gather(*(_until_ended(window, picks) for window in everyone))
            for window in everyone:
                self._show_outcome(window)
            if self._types:
                first_window = windows[first.window]
                self._screen.line(f"\n{say('demo.typing', window=first_window.name)}\n")
                await type_through(first_window.editor, first_window.uri, self._screen)
        finally:
            await asyncio.gather(*(window.editor.stop() for window in everyone), return_exceptions=True)

    async def show_quota(self) -> None:
        """The quota windows, in the words of `zai-ls quota`."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "zai_ls", "quota", env=self._environment, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await process.communicate()
        self._screen.section(say("demo.quota"), out.decode())

    def _window(self, name: str) -> Window:
        path = self._folder / name / Path(self._snapshot.path or "file").name
        path.parent.mkdir()
        path.write_text(self._snapshot.text, encoding="utf-8", newline="")
        window = Window(name, ScriptedEditor(name=f"demo window {name}"), path.as_uri())
        window.editor.on_event = lambda method, params: self._heard(window, method, params)
        return window

    async def _start(self, window: Window) -> None:
        root = (self._folder / window.name).as_uri()
        await window.editor.start(env=self._environment, root_uri=root)
        window.editor.open(window.uri, self._snapshot.language, self._snapshot.text)
        self._screen.event(window.name, say("demo.process", pid=window.editor.pid))

    async def _pick(self, window: Window, pick: Pick) -> None:
        menu = await window.editor.code_actions(window.uri, pick.range)
        chosen = next((item for item in menu if _action_of(item) == pick.action and "command" in item), None)
        if chosen is not None:
            self._screen.event(window.name, say("demo.picked", title=chosen["title"]))
            await window.editor.choose(chosen)
            return
        # Not in the menu here; the command can still be run, and says itself what is wrong.
        self._screen.event(window.name, say("demo.asked", action=pick.action))
        place = window.editor.range_out(window.editor.documents[window.uri], pick.range)
        argument = {"action": pick.action, "uri": window.uri, "range": place}
        await window.editor.request(
            "workspace/executeCommand", {"command": "zai.run", "arguments": [argument]}
        )

    def _heard(self, window: Window, method: str, params: dict[str, Any]) -> None:
        match method:
            case "window/showMessage":
                self._screen.event(window.name, params["message"])
            case "workspace/applyEdit":
                self._screen.event(window.name, say("demo.edit", label=params.get("label", "")))
            case "window/showDocument":
                self._screen.event(window.name, say("demo.shows", name=Path(params["uri"]).name))
            case "$/progress":
                self._heard_progress(window, params["token"], params["value"])

    def _heard_progress(self, window: Window, token: str | int, value: dict[str, Any]) -> None:
        if value["kind"] == "begin":
            window.titles[token] = value["title"]
        title, message = window.titles.get(token, ""), value.get("message")
        if message:
            # Numbers move all the time; the story is told when the words change.
            words = "".join(c for c in message if not c.isdigit())
            if window.said.get(token) != words:
                window.said[token] = words
                self._screen.event(window.name, f"{title}: {message}")
        if value["kind"] == "end":
            window.ended.add(token)

    def _show_outcome(self, window: Window) -> None:
        for document in window.editor.documents.values():
            before = list(self._snapshot.lines) if document.uri == window.uri else []
            title = say("demo.outcome", window=window.name, name=Path(document.uri).name)
            self._screen.diff(title, before, document.lines)
        for uri in window.editor.shown:
            if (path := path_of(uri)) is not None:
                self._screen.document(say("demo.to_read", window=window.name), Path(path))


async def _until_ended(window: Window, picks: list[Pick]) -> None:
    count = sum(1 for pick in picks if pick.window == window.name)
    await window.editor.until(lambda: len(window.ended) >= count, _DONE_S)


def _action_of(item: dict[str, Any]) -> str:
    arguments = item.get("command", {}).get("arguments") or [{}]
    return str(arguments[0].get("action", ""))
