"""The language server: what it can do, and who does it. Nothing heavy is imported before `initialize` is answered."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from zai_ls import __version__, language
from zai_ls.clock import SystemClock
from zai_ls.lsp.client import Client
from zai_ls.lsp.code_actions import KINDS, code_actions
from zai_ls.lsp.commands import Commands
from zai_ls.lsp.completions import TRIGGERS, Completions
from zai_ls.lsp.documents import Documents, path_of
from zai_ls.lsp.editor import ClientEditor
from zai_ls.lsp.progress import ProgressBars
from zai_ls.lsp.protocol import EditorError, Protocol, lenient_converter
from zai_ls.lsp.reading_ahead import ReadingAhead
from zai_ls.lsp.shown import ShownTexts
from zai_ls.lsp.status import StatusLine
from zai_ls.lsp.transport import over_stdio, over_tcp, over_websocket
from zai_ls.messages import say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from zai_ls.assistant.gauge import Notice
    from zai_ls.clock import Clock
    from zai_ls.domain import Snapshot
    from zai_ls.lsp.assisting import Assisting

_log = logging.getLogger(__name__)

_SECTION = "zai"
_STATUS = "status"
"""In `initializationOptions`: whether the editor wants `zai/status`. It is about the conversation, and no setting."""
_QUOTA_MESSAGES = "quotaMessages"
"""The same for news of the quota as messages, for an editor that has `zai/status` besides."""
_ASKS_FOR_KEY = "asksForKey"
"""The same for an editor that has its own way to get a key when `zai/status` says that one is needed: no message is sent then."""
_NOWHERE = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
Transport = Literal["stdio", "tcp", "websocket"]


class Server:
    """One editor's language server, over an assistant that somebody else built."""

    def __init__(
        self,
        assistant: Assisting,
        *,
        on_settings: Callable[[Mapping[str, object]], Iterable[str]] = lambda _: (),
        on_folders: Callable[[tuple[str, ...]], None] = lambda _: None,
        on_ready: Callable[[], None] = lambda: None,
        on_text: Callable[[Snapshot], None] = lambda _: None,
        on_closed: Callable[[str], None] = lambda _: None,
        shown_in: Callable[[], Path] | None = None,
        clock: Clock | None = None,
    ) -> None:
        """Wire one server.

        *on_settings* gets the editor's whole settings layer (the section `zai`) at the start and whenever it changes,
        and returns sentences about what it could not take. *on_folders* gets the workspace's paths.
        *on_ready* is called once when the editor waits for nothing: the moment to warm things up.
        *on_text* gets each document when it is opened, and after it has changed, as soon as nobody types.
        *on_closed* gets the URI of each document that the editor has closed.
        *shown_in* names the folder for texts to read, when one is to be written; without it they go to the system's.
        """
        # pygls logs whole messages at INFO, and those hold documents.
        logging.getLogger("pygls").setLevel(logging.WARNING)
        clock = clock or SystemClock()
        self.client = Client()
        self.documents = Documents(clock)
        self._assistant = assistant
        self._on_settings = on_settings
        self._on_folders = on_folders
        self._on_ready = on_ready
        self._clock = clock
        self._on_closed = on_closed
        self._shown = ShownTexts(shown_in, clock)
        self._options: Mapping[str, object] = {}
        self._wants_status = False
        self._wants_messages = True
        self.asks_for_key = False
        """Whether the editor itself asks for a key that is missing."""
        self._told: set[str] = set()
        self._folders: dict[str, None] = {}
        self._pulling: asyncio.Task[None] | None = None
        self._pygls = LanguageServer(
            "zai-ls",
            __version__,
            types.TextDocumentSyncKind.Incremental,
            protocol_cls=Protocol,
            converter_factory=lenient_converter,
        )
        protocol = self._pygls.protocol
        assert isinstance(protocol, Protocol)
        self.protocol = protocol
        protocol.on_initialize = self._initialized_with
        protocol.on_end = self._end
        protocol.on_skipped = self._skipped
        self._bars = ProgressBars(protocol, clock)
        self._reading = ReadingAhead(self.documents, on_text, clock)
        self.commands = Commands(
            assistant, self.documents, self._bars, self.editor, lambda: self.client, clock
        )
        self._completions = Completions(assistant, self.documents, lambda: self.client, clock)
        self.status = StatusLine(protocol, clock, lambda: self._wants_status)
        self._register()

    def _register(self) -> None:
        # pygls writes attributes onto what it registers; bound methods refuse them, partials do not.
        feature = self._pygls.feature
        offering = types.CodeActionOptions(KINDS, resolve_provider=False)
        feature(types.TEXT_DOCUMENT_CODE_ACTION, offering)(partial(self._code_action))
        # Without options pygls does not tell the editor of it.
        inline = types.InlineCompletionOptions()
        feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, inline)(partial(self._completions.inline))
        menu = types.CompletionOptions(trigger_characters=TRIGGERS, resolve_provider=False)
        feature(types.TEXT_DOCUMENT_COMPLETION, menu)(partial(self._completions.menu))
        for method, handler in (
            (types.INITIALIZED, self._begin),
            (types.TEXT_DOCUMENT_DID_OPEN, self._did_open),
            (types.TEXT_DOCUMENT_DID_CHANGE, self._did_change),
            (types.TEXT_DOCUMENT_DID_SAVE, self._did_save),
            (types.TEXT_DOCUMENT_DID_CLOSE, self._did_close),
            (types.WORKSPACE_DID_CHANGE_CONFIGURATION, self._did_change_configuration),
            (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, self._did_change_folders),
            (types.WINDOW_WORK_DONE_PROGRESS_CANCEL, self._did_cancel_progress),
        ):
            feature(method)(partial(handler))
        for name, command in self.commands.table().items():
            self._pygls.command(name)(partial(command))

    def editor(self) -> ClientEditor:
        """The editor, for one piece of work."""
        return ClientEditor(self.protocol, self.documents, self.client, self._clock, self._shown)

    # -- beginning and end ------------------------------------------------------------------------------

    def _initialized_with(self, params: types.InitializeParams, result: types.InitializeResult) -> None:
        encoding = result.capabilities.position_encoding
        # Named only: the catalogue is read with the first sentence, after the answer.
        language.use(language.of_editor(params.locale, os.environ))
        self.client = Client.of(
            params.capabilities,
            None if encoding is None else str(getattr(encoding, "value", encoding)),
            params.client_info.name if params.client_info else "",
        )
        self.documents.unit = self.client.unit
        options, given = _section(params.initialization_options), params.initialization_options
        beside = given if isinstance(given, dict) else {}

        def wants(what: str) -> bool:  # it may stand beside our section or in it
            return True in (options.get(what), beside.get(what))

        self._wants_status = wants(_STATUS)
        self._wants_messages = wants(_QUOTA_MESSAGES) or not self._wants_status
        self.asks_for_key = wants(_STATUS) and wants(_ASKS_FOR_KEY)
        self._options = {
            k: v for k, v in options.items() if k not in (_STATUS, _QUOTA_MESSAGES, _ASKS_FOR_KEY)
        }
        folders = [folder.uri for folder in params.workspace_folders or ()]
        self._folders = dict.fromkeys(folders or [uri for uri in (params.root_uri,) if uri])
        # After the answer: what settings bring about may take its time.
        asyncio.get_running_loop().call_soon(self._first_settings)

    def _first_settings(self) -> None:
        self._tell_folders()
        self._take_settings({})

    def _begin(self, _: object) -> None:
        if self.client.registers_configuration:
            registration = types.Registration(
                "zai-settings", types.WORKSPACE_DID_CHANGE_CONFIGURATION, {"section": _SECTION}
            )
            self.protocol.request(types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams([registration]))
        self._pull_settings()
        self.protocol.rehearse(
            types.TEXT_DOCUMENT_CODE_ACTION,
            {"textDocument": {"uri": ""}, "range": _NOWHERE, "context": {"diagnostics": []}},
            [types.CodeAction("", command=types.Command("", ""))],
        )
        self._rehearse_completions()
        self._shown.sweep()
        self._on_ready()

    def _rehearse_completions(self) -> None:
        """What a person waits for at each key had better not build anything."""
        where = {"textDocument": {"uri": ""}, "position": _NOWHERE["start"]}
        self.protocol.rehearse(
            types.TEXT_DOCUMENT_INLINE_COMPLETION,
            {**where, "context": {"triggerKind": 2}},
            types.InlineCompletionList([types.InlineCompletionItem("")]),
        )
        self.protocol.rehearse(
            types.TEXT_DOCUMENT_COMPLETION,
            {**where, "context": {"triggerKind": 1}},
            types.CompletionList(is_incomplete=False, items=[types.CompletionItem("")]),
        )

    async def _end(self) -> None:
        if self._pulling is not None:
            self._pulling.cancel()
        self._reading.stop()
        self.status.stop()
        await self.commands.stop()
        self._shown.clear()

    # -- settings and folders ---------------------------------------------------------------------------

    def _did_change_configuration(self, params: types.DidChangeConfigurationParams) -> None:
        if self.client.pulls_configuration:
            self._pull_settings()
        else:
            self._take_settings(_section(params.settings))

    def _pull_settings(self) -> None:
        if not self.client.pulls_configuration:
            return
        if self._pulling is not None:
            # An older answer must not come after a newer one.
            self._pulling.cancel()
        self._pulling = asyncio.ensure_future(self._ask_for_settings())

    async def _ask_for_settings(self) -> None:
        items = [types.ConfigurationItem(section=_SECTION)]
        try:
            answer = await self.protocol.request(
                types.WORKSPACE_CONFIGURATION, types.ConfigurationParams(items)
            )
        except EditorError as error:
            _log.info("The editor did not give its settings (error %s)", error.code)
            return
        values = answer[0] if isinstance(answer, list) and answer else None
        self._take_settings(values if isinstance(values, dict) else {})

    def _take_settings(self, configured: Mapping[str, object]) -> None:
        """The layer of the editor: what it was started with, and over that what it is configured with now."""
        self.warn(self._on_settings({**self._options, **configured}))

    def warn(self, sentences: Iterable[str]) -> None:
        """Tell the person *sentences*, each once in the life of this server."""
        for sentence in sentences:
            if sentence not in self._told:
                self._told.add(sentence)
                self.editor().tell("warning", sentence)

    def editor_name(self) -> str:
        """What the editor calls itself, as one short word or two."""
        name = "".join(c for c in self.client.name if c.isprintable()).strip()
        return name[:40] or "lsp"

    def quota_teller(self) -> Callable[[Notice], None] | None:
        """Tells news of the quota as messages; None for an editor that shows `zai/status` and wants no more than that."""
        if not self._wants_messages:
            return None
        return lambda notice: self.editor().tell(notice.severity, notice.text)

    def _did_change_folders(self, params: types.DidChangeWorkspaceFoldersParams) -> None:
        for folder in params.event.removed:
            self._folders.pop(folder.uri, None)
        for folder in params.event.added:
            self._folders[folder.uri] = None
        self._tell_folders()

    def _tell_folders(self) -> None:
        self._on_folders(tuple(path for uri in self._folders if (path := path_of(uri)) is not None))

    # -- documents --------------------------------------------------------------------------------------

    def _did_open(self, params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        language = item.language_id
        self.documents.open(item.uri, str(getattr(language, "value", language)), item.version, item.text)
        self._reading.opened(item.uri)

    def _did_change(self, params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        document = self.documents.get(uri)
        if document is None:
            return
        before = document.version
        self.documents.change(uri, params.text_document.version, params.content_changes)
        self._reading.changed(uri)
        self._assistant.text_changed(uri, document.changes_since(before) or (), document.lines)

    def _did_save(self, params: types.DidSaveTextDocumentParams) -> None:
        self.documents.saved(params.text_document.uri)

    def _did_close(self, params: types.DidCloseTextDocumentParams) -> None:
        self.documents.close(params.text_document.uri)
        self._on_closed(params.text_document.uri)

    def _skipped(self, method: str, length: int) -> None:
        """A message was too long to be read. Unless it was a new document, a text that we hold may be old now: it goes."""
        if method != types.TEXT_DOCUMENT_DID_OPEN:
            for uri in self.documents.uris():
                self.documents.close(uri)
                self._on_closed(uri)
        self.warn([say("lsp.too_long", size=length >> 20)])

    # -- requests ---------------------------------------------------------------------------------------

    def _code_action(self, params: types.CodeActionParams) -> Any:
        snapshot = self.documents.snapshot(params.text_document.uri)
        if snapshot is None:
            return None
        return self._list_actions(snapshot, params)

    async def _list_actions(
        self, snapshot: Snapshot, params: types.CodeActionParams
    ) -> list[types.CodeAction | types.Command]:
        # A task of its own, so that a request that is cancelled right behind costs nothing.
        return code_actions(self._assistant, snapshot, params, self.client, self.commands.running())

    def _did_cancel_progress(self, params: types.WorkDoneProgressCancelParams) -> None:
        self._bars.cancelled_by_editor(params.token)


def _section(options: object) -> Mapping[str, object]:
    """Our section of *options*, which is `{zai: {…}}` or the bare section."""
    if not isinstance(options, dict):
        return {}
    section = options.get(_SECTION, options)
    return section if isinstance(section, dict) else {}


async def serve(
    server: Server,
    transport: Transport = "stdio",
    host: str = "127.0.0.1",
    port: int = 0,
    listening: Callable[[str, int], None] | None = None,
) -> int:
    """Serve one editor until it, or the connection, ends. The exit code: 0 after a shutdown, else 1.

    *listening* is told where a socket waits; by default stderr says it. Raises `ValueError` for a host that is not this machine.
    """
    # All that is loaded by now stays for good: the collector need not walk through lsprotocol's classes again.
    gc.freeze()
    announce = listening or _announce
    if transport == "stdio":
        await over_stdio(server.protocol)
    elif transport == "tcp":
        await over_tcp(server.protocol, host, port, announce)
    else:
        await over_websocket(server.protocol, host, port, announce)
    return server.protocol.exit_code


def _announce(host: str, port: int) -> None:
    print(say("lsp.listening", host=host, port=port), file=sys.stderr, flush=True)
