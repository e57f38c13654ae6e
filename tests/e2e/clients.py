"""What the end-to-end tests share: a person's desk, with an emulated account, a state folder and editor windows on both."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from contextlib import asynccontextmanager
from pathlib import Path

from zai_ls.cli.demo.editor import Document, ScriptedEditor
from zai_ls.clock import SystemClock
from zai_ls.core.text import split_lines
from zai_ls.domain import Point, Range
from zai_ls.emulator.config import EmulatorConfig
from zai_ls.emulator.server import Emulator
from zai_ls.state.answers import Answers

CAPABILITIES = Path(__file__).parent / "capabilities"
_PATIENCE_S = 20.0
"""Far beyond what anything here takes; a test that waits longer has failed."""


def capabilities(name):
    """What the editor *name* says it can do."""
    return json.loads((CAPABILITIES / f"{name}.json").read_text())["capabilities"]


SOURCE = '''\
"""Prices, in é and 🎉."""

import os


def total(prices, rate):
    result = 0
    for price in prices:
        result = result + price * rate
    return result


def label(name):
    return "é🎉" + name
'''
INSIDE_TOTAL = Range(Point(7, 4), Point(7, 4))
BETTER = "def total(prices, rate):\n    return sum(price * rate for price in prices)"
SIMPLIFIED = f"""{SOURCE[: SOURCE.index("def total")]}{BETTER}\n\n\n{SOURCE[SOURCE.index("def label") :]}"""


def fenced(code, language="python"):
    """*code* as a model answers."""
    return f"```{language}\n{code}\n```"


def text(window, uri):
    """What the person sees in the document."""
    return window.documents[uri].text


async def until(condition, within_s=_PATIENCE_S):
    """Wait until *condition* holds of something that tells nobody. Raises `TimeoutError`."""
    async with asyncio.timeout(within_s):
        while not (found := condition()):
            await asyncio.sleep(0.005)
        return found


def environment(folder, base_url, key):
    """For a process of zai-ls: this account and this state folder, and nothing of the person who runs the tests."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ZAI_", "ZHIPU", "OPENAI_", "ANTHROPIC_"))
    }
    return {
        **kept,
        # `zai-ls` by its name, as an editor's configuration has it.
        "PATH": os.pathsep.join((str(Path(sys.executable).parent), kept.get("PATH", ""))),
        # This machine's own addresses need no key: who has none gets the default host, where nothing is sent without one.
        **({"ZAI_API_KEY": key, "ZAI_BASE_URL": base_url} if key else {}),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "ZAI_STATE_DIR": str(folder / "state"),
        "ZAI_CONFIG": str(folder / "config.toml"),
        "NO_PROXY": "*",
    }


class Window(ScriptedEditor):
    """A scripted editor with the words that tests use."""

    @property
    def ended(self):
        """Has its server process ended?"""
        return self._process is None or self._process.returncode is not None

    @property
    def values(self):
        """All progress, in order within each request."""
        return [value for values in self.progress.values() for value in values]

    @property
    def told(self):
        """What the person has read."""
        return [text for _, text in self.messages]

    async def pick(self, uri, range_, title, **asked):
        """Open the menu and choose the action that has *title* in it; the id of the request."""
        menu = await self.code_actions(uri, range_, **asked)
        found = [action for action in menu if title in action["title"]]
        assert found, f"no action {title!r} in {[action['title'] for action in menu]}"
        return (await self.choose(found[0]) or {}).get("id")

    async def read(self, text):
        """Wait until the person reads *text*; the whole message."""
        await self.until(lambda: any(text in told for told in self.told))
        return next(told for told in self.told if text in told)

    # -- completions --------------------------------------------------------------------------------------------

    def wish(self, uri, at, *, automatic=False, menu=False, selected=None, **params):
        """Ask for a completion at *at* (line and column in code points); the request's id and its answer to come.

        *automatic*: the editor asks by itself, and not the person. *menu*: for its menu, else as ghost text.
        """
        place = Point(*at)
        context = {"triggerKind": 2 if automatic else 1}
        if automatic and menu:
            context["triggerCharacter"] = " "
        if selected is not None:
            nowhere = {"line": 0, "character": 0}
            context["selectedCompletionInfo"] = {
                "text": selected,
                "range": {"start": nowhere, "end": nowhere},
            }
        return self.ask(
            "textDocument/completion" if menu else "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": uri},
                "position": self.range_out(self.documents[uri], Range(place, place))["start"],
                "context": context,
                **params,
            },
        )

    async def ghost(self, uri, at, **how):
        """The texts that the editor would show behind the cursor."""
        answer = await self.wish(uri, at, **how)[1]
        return [item["insertText"] for item in answer["items"]]

    async def items(self, uri, at, **how):
        """What comes into the editor's menu."""
        return (await self.wish(uri, at, menu=True, **how)[1])["items"]

    def type(self, uri, at, text):
        """Type *text* at *at*, as one change; where the cursor stands then."""
        self.change(uri, at, at, text)
        return at[0], at[1] + len(text)

    async def take(self, uri, at, item, *, tells=True):
        """Accept *item* at *at*, as an editor does: its text goes in, its command is carried out if the editor *tells* of it."""
        document = self.documents[uri]
        if "textEdit" in item:
            range_, new = self.range_in(document, item["textEdit"]["range"]), item["textEdit"]["newText"]
        elif "range" in item:
            range_, new = self.range_in(document, item["range"]), item["insertText"]
        else:
            word = re.search(r"\w*$", document.lines[at[0]][: at[1]])[0]
            range_, new = Range(Point(at[0], at[1] - len(word)), Point(*at)), item["insertText"]
        start, end = range_.start, range_.end
        self.change(uri, (start.line, start.column), (end.line, end.column), new)
        if tells:
            await self.command(item["command"]["command"], *item["command"]["arguments"])

    async def command(self, name, *arguments):
        """Carry out a command of the server; its result."""
        return await self.request("workspace/executeCommand", {"command": name, "arguments": list(arguments)})

    async def done(self, count=1):
        """Wait until *count* requests have shown their end."""
        await self.until(lambda: self.ends == count)

    @property
    def ends(self):
        """How many requests have shown their end."""
        return sum(values[-1]["kind"] == "end" for values in self.progress.values())


class Watching(Window):
    """An editor with a status line."""

    def __init__(self, **options):
        super().__init__(**options)
        self.statuses = []

    def _handle(self, method, params):
        if method == "zai/status":
            self.statuses.append(params)
        return super()._handle(method, params)

    async def status(self, state):
        """Wait until the status line has shown *state*; all of it."""
        await self.until(lambda: any(status["state"] == state for status in self.statuses))
        return next(status for status in self.statuses if status["state"] == state)

    async def status_of_which(self, holds):
        """Wait until the latest status is one of which *holds* is true."""
        await self.until(lambda: self.statuses and holds(self.statuses[-1]))
        return self.statuses[-1]


class FromZero(Window):
    """An editor that counts versions from 0 and opens each file that an edit touches, as Neovim and Helix do."""

    def __init__(self, **options):
        super().__init__(**options)
        self._opened = set()

    def open(self, uri, language, text):
        """`textDocument/didOpen`."""
        document = self.documents[uri] = Document(uri, language, split_lines(text), version=0)
        self._say_opened(document)
        return document

    def _say_opened(self, document):
        self._opened.add(document.uri)
        item = {
            "uri": document.uri,
            "languageId": document.language or "python",
            "version": document.version,
            "text": document.text,
        }
        self.notify("textDocument/didOpen", {"textDocument": item})

    def _sync(self, document):
        if document.uri not in self._opened:
            self._say_opened(document)
            return
        document.version += 1
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": document.uri, "version": document.version},
                "contentChanges": [{"text": document.text}],
            },
        )


class Desk:
    """One person: files, an account, and any number of windows."""

    def __init__(self, folder, emulator, *, key=True):
        self.emulator = emulator
        self.folder = folder
        self.files = folder / "files"
        self.files.mkdir()
        self.env = environment(folder, emulator.base_url, emulator.key if key else None)
        self.windows = []

    def file(self, name, text):
        """Put *text* on disk; its URI."""
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())
        return path.as_uri()

    def configure(self, text):
        """The person's own settings, for every window that is opened from now on."""
        (self.folder / "config.toml").write_text(text)

    async def window(self, kind=Window, options=None, **how):
        """One more editor with its own server process, which is started with *options*."""
        window = kind(**how)
        self.windows.append(window)
        await window.start(env=self.env, root_uri=self.files.as_uri(), options=options)
        return window

    async def open(self, text, name="prices.py", language="python", kind=Window):
        """A window with one file open: window and URI."""
        window = await self.window(kind)
        uri = self.file(name, text)
        window.open(uri, language, text)
        return window, uri

    async def in_flight(self, count=1):
        """Wait until the service has so many requests in flight, and what is to become of them is settled.

        A request counts before its body is read; until then the fault that was meant for it may still hit another.
        """
        await until(
            lambda: (
                self.emulator.record.in_flight() == count
                and all(served.model for served in self.emulator.record.chats if served.ended_at is None)
            )
        )

    async def start(self, *arguments, **env):
        """`zai-ls` with *arguments*, as a process; further variables by name."""
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "zai_ls",
            *arguments,
            env={**self.env, **env},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def zai(self, *arguments, **env):
        """Run `zai-ls` with *arguments*; what it printed."""
        process = await self.start(*arguments, **env)
        out, err = await process.communicate()
        assert process.returncode == 0, err.decode()
        return out.decode()

    def kept(self):
        """The kept answers, newest first."""
        return Answers(Path(self.env["ZAI_STATE_DIR"]) / "answers", SystemClock()).all()

    async def close(self):
        """Stop what still runs."""
        for window in self.windows:
            if not window.ended:
                window.kill()
                await window.wait()


@asynccontextmanager
async def a_desk(folder, *, key=True, **config):
    """A desk whose service behaves as *config* says (see `EmulatorConfig`)."""
    async with Emulator(EmulatorConfig(**config)) as emulator:
        desk = Desk(folder, emulator, key=key)
        try:
            yield desk
        finally:
            await desk.close()
