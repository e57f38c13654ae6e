"""The story the demo plays: two windows, several actions at once, one slot."""

from __future__ import annotations

import asyncio
import difflib
import os
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zai_ls.cli.demo.editor import ScriptedEditor
from zai_ls.cli.demo.emulated import KEY, emulated
from zai_ls.cli.exits import BadUse
from zai_ls.cli.files import FileEditor, Unreadable
from zai_ls.cli.flags import account_of, configuration
from zai_ls.cli.target import parse_target
from zai_ls.core.text import end_of
from zai_ls.domain import Point, Range

if TYPE_CHECKING:
    import argparse

    from rich.console import Console

    from zai_ls.cli.demo.emulated import Emulated
    from zai_ls.domain import Snapshot

_ACTIONS = (("A", "simplify"), ("B", "document"), ("A", "explain"), ("B", "test"))
"""Who picks what in the default story; all at once."""
_COLOURS = {"A": "cyan", "B": "magenta"}
_DONE_S = 120.0
_LIVE_DONE_S = 600.0


@dataclass
class Window:
    """One editor window of the story."""

    name: str
    editor: ScriptedEditor
    titles: dict[str | int, str] = field(default_factory=dict)
    ended: set[str | int] = field(default_factory=set)


async def play(args: argparse.Namespace) -> bool:
    """Play it; True when all went as promised."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    snapshot, selection = _subject(args)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="zai-ls-demo-")))
        emulator: Emulated | None = None
        if args.live:
            config = configuration(args)
            account = account_of(config)
            console.print(f"Using your account at [b]{account.base_url}[/b]: this costs quota.")
            environment: dict[str, str] = {}
            state_dir = config.state_dir
        else:
            emulator = await stack.enter_async_context(
                emulated("--key", KEY, "--plan", "pro", "--first-token-ms", "400", "--service-ms", "1500")
            )
            console.print(
                f"A local emulator of the service listens on [b]{emulator.url}[/b]: no key, no cost."
            )
            state_dir = folder / "state"
            environment = {
                "ZAI_API_KEY": KEY,
                "ZAI_BASE_URL": emulator.base_url(),
                "ZAI_PLAN": "pro",
                "ZAI_STATE_DIR": str(state_dir),
                "ZAI_CONFIG": str(folder / "none.toml"),
            }
        story = Story(console, snapshot, selection, environment, folder)
        went_well = await story.play(
            [(who, what) for who, what in _ACTIONS]
            if args.action is None
            else [("A", args.action), ("B", args.action)]
        )
        await _show_windows(console, environment)
        if emulator is not None:
            went_well = _show_record(console, await emulator.record()) and went_well
    return went_well


def _subject(args: argparse.Namespace) -> tuple[Snapshot, Range]:
    """The file to work on, and the part of it that is selected."""
    import zai_ls.core.text as default

    files = FileEditor(max_bytes=2**21, write=False)
    if args.target is None:
        assert default.__file__ is not None
        snapshot = files.open(Path(default.__file__))
        first = next(n for n, line in enumerate(snapshot.lines) if line.startswith("def clamp("))
        return snapshot, Range(Point(first, 0), Point(first + 6, 0))
    target = parse_target(args.target)
    try:
        snapshot = files.open(target.path)
    except Unreadable as error:
        raise BadUse(str(error)) from None
    return snapshot, target.range_in(snapshot) or Range(Point(0, 0), end_of(snapshot.lines))


class Story:
    """Two windows on one account."""

    def __init__(
        self,
        console: Console,
        snapshot: Snapshot,
        selection: Range,
        environment: dict[str, str],
        folder: Path,
    ) -> None:
        self._console = console
        self._snapshot = snapshot
        self._selection = selection
        self._environment = {**os.environ, **environment}
        self._folder = folder
        self._started = time.monotonic()
        self._said: dict[tuple[str, str | int], str] = {}

    async def play(self, picks: list[tuple[str, str]]) -> bool:
        """Open the file in both windows, list, run *picks* all at once, show what became of the text."""
        windows = {name: self._window(name) for name in sorted({who for who, _ in picks})}
        console = self._console
        try:
            await asyncio.gather(
                *(
                    w.editor.start(env=self._environment, root_uri=self._folder.as_uri())
                    for w in windows.values()
                )
            )
            for window in windows.values():
                pid = window.editor.pid
                self._say(window.name, f"started [b]zai-ls serve[/b] over stdio (process {pid})")
            uris = {name: self._open(window) for name, window in windows.items()}
            before = {name: list(w.editor.documents[uris[name]].lines) for name, w in windows.items()}
            menus = {
                name: await w.editor.code_actions(uris[name], self._selection) for name, w in windows.items()
            }
            first = next(iter(windows))
            console.print(
                f"\nCode actions on lines {self._selection.start.line + 1}-{self._selection.end.line} of [b]{self._snapshot.path}[/b]:"
            )
            for action in menus[first]:
                console.print(
                    f"  · {action['title']}"
                    + (f" [dim](off: {action['disabled']['reason']})[/dim]" if "disabled" in action else "")
                )
            console.print(
                f"\n{len(picks)} at once, from {len(windows)} windows; the account takes one at a time:\n"
            )
            await asyncio.gather(
                *(self._pick(windows[who], menus[who], what, uris[who]) for who, what in picks)
            )
            await asyncio.gather(
                *(
                    self._until_done(w, [what for who, what in picks if who == w.name])
                    for w in windows.values()
                )
            )
            for window in windows.values():
                self._show_outcome(window, uris[window.name], before[window.name])
            return True
        finally:
            for window in windows.values():
                await window.editor.stop()

    def _window(self, name: str) -> Window:
        window = Window(name, ScriptedEditor(name=f"demo window {name}"))
        window.editor.on_event = lambda method, params: self._heard(window, method, params)
        return window

    def _open(self, window: Window) -> str:
        # A copy for each window: the demo changes nothing of yours.
        path = self._folder / window.name / Path(self._snapshot.path or "file").name
        path.parent.mkdir()
        path.write_text(self._snapshot.text, encoding="utf-8", newline="")
        uri = path.as_uri()
        window.editor.open(uri, self._snapshot.language, self._snapshot.text)
        return uri

    async def _pick(self, window: Window, menu: list[dict[str, Any]], action: str, uri: str) -> None:
        chosen = next((item for item in menu if _action_of(item) == action), None)
        arguments = (
            chosen["command"]["arguments"]
            if chosen is not None
            else [
                {
                    "action": action,
                    "uri": uri,
                    "range": window.editor.range_out(window.editor.documents[uri], self._selection),
                }
            ]
        )
        self._say(window.name, f"picked [b]{chosen['title'] if chosen else action}[/b]")
        await window.editor.request(
            "workspace/executeCommand", {"command": "zai.run", "arguments": arguments}
        )

    async def _until_done(self, window: Window, actions: list[str]) -> None:
        def all_done() -> bool:
            return len(window.ended) >= len(actions)

        await window.editor.until(all_done, within_s=_DONE_S)

    def _heard(self, window: Window, method: str, params: dict[str, Any]) -> None:
        if method == "window/showMessage":
            self._say(window.name, params["message"])
        elif method == "workspace/applyEdit":
            self._say(window.name, f"edit arrives: [b]{params.get('label', '')}[/b]")
        elif method == "window/showDocument":
            self._say(window.name, f"shows {Path(params['uri']).name}")
        elif method == "$/progress":
            value, token = params["value"], params["token"]
            if value["kind"] == "begin":
                window.titles[token] = value["title"]
            if value["kind"] == "end":
                window.ended.add(token)
                self._say(window.name, f"{window.titles.get(token, '')}: done")
            elif message := value.get("message"):
                # Numbers move all the time; the story is told when the words change.
                words = "".join(c for c in message if not c.isdigit())
                if self._said.get((window.name, token)) != words:
                    self._said[window.name, token] = words
                    self._say(window.name, f"{window.titles.get(token, '')}: {message}")

    def _say(self, name: str, text: str) -> None:
        seconds = time.monotonic() - self._started
        self._console.print(f"[dim]{seconds:6.2f} s[/dim]  [{_COLOURS[name]}]window {name}[/]  {text}")

    def _show_outcome(self, window: Window, uri: str, before: list[str]) -> None:
        document = window.editor.documents[uri]
        self._show_diff(f"window {window.name}: {Path(uri).name}", before, document.lines)
        for other in window.editor.documents.values():
            if other.uri != uri:
                self._show_diff(f"window {window.name}: {Path(other.uri).name} (new)", [], other.lines)
        for shown in window.editor.shown:
            text = Path(shown.removeprefix("file://")).read_text(encoding="utf-8")
            self._console.rule(f"window {window.name}: to read", style=_COLOURS[window.name])
            self._console.print(text, markup=False)

    def _show_diff(self, title: str, before: list[str], after: list[str]) -> None:
        self._console.rule(title, style="dim")
        diff = list(difflib.unified_diff(before, after, "before", "after", n=2))
        if not diff:
            self._console.print("[dim](no change)[/dim]")
        for line in diff:
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            self._console.print(line.rstrip("\n"), style=style, markup=False)


def _action_of(item: dict[str, Any]) -> str:
    arguments = item.get("command", {}).get("arguments") or [{}]
    return str(arguments[0].get("action", ""))


async def _show_windows(console: Console, environment: dict[str, str]) -> None:
    """The quota windows, in the words of `zai-ls quota`."""
    import sys

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "zai_ls",
        "quota",
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    console.rule("quota windows", style="dim")
    console.print(out.decode().rstrip(), markup=False)


def _show_record(console: Console, record: dict[str, Any]) -> bool:
    """The emulator's own record; True when nobody ever tried to have two in flight."""
    console.rule("the emulator's own record", style="dim")
    asked = [entry for entry in record["served"] if entry["model"]]
    began = min((entry["started_at"] for entry in asked), default=0.0)
    for entry in asked:
        start, end = entry["started_at"] - began, (entry["ended_at"] or entry["started_at"]) - began
        console.print(
            f"  {start:7.3f} s – {end:7.3f} s  {entry['model']:<14} {entry['status']}  {entry['ended']}"
        )
    # Counts also what was turned away, so that it tells what the clients did, not what the emulator allowed.
    most = record["most_at_once"]
    verdict = "[green]never two[/green]" if most <= 1 else "[red]more than one![/red]"
    console.print(f"requests served: {len(asked)}; most ever in flight: [b]{most}[/b] ({verdict})")
    return bool(most <= 1)
