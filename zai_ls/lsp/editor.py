"""The editor at the other end, as the assistant wants to see it: text, edits that truly landed, and words for the person."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import re
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lsprotocol import types

from zai_ls.core.text import apply_edits, split_lines
from zai_ls.domain import Landing, Snapshot
from zai_ls.errors import StateUnusable
from zai_ls.lsp import convert
from zai_ls.lsp.documents import path_of
from zai_ls.lsp.protocol import EditorError
from zai_ls.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from zai_ls.clock import Clock
    from zai_ls.domain import Change, Edits
    from zai_ls.lsp.client import Client, Peer
    from zai_ls.lsp.documents import Document, Documents
    from zai_ls.lsp.shown import ShownTexts

_log = logging.getLogger(__name__)

_CONFIRM_S = 1.0
"""How long after the editor's word the changed text may take to come; editors hold changes back for 150 to 500 ms."""
_REPLY_S = 120.0
"""How long an editor may take to reply: some ask the person first."""
_REVIEW_S = 3600.0
"""The same when the person is to look at the edit first."""
_SHOW_S = 10.0

_LINK = re.compile(r"\]\(")
_SEVERITIES = {
    "error": types.MessageType.Error,
    "warning": types.MessageType.Warning,
    "info": types.MessageType.Info,
}


class ClientEditor:
    """`assistant.Editor` over LSP, for one piece of work: it remembers which opening of a document was read."""

    def __init__(
        self, peer: Peer, documents: Documents, client: Client, clock: Clock, shown: ShownTexts
    ) -> None:
        self._peer = peer
        self._documents = documents
        self._client = client
        self._clock = clock
        self._shown = shown
        self._first_read: dict[str, Document] = {}

    # -- text -------------------------------------------------------------------------------------------

    def read(self, uri: str) -> Snapshot | None:
        """The document as it is now; None when it is not open (any more)."""
        document = self._documents.get(uri)
        if document is None:
            return None
        self._first_read.setdefault(uri, document)
        return document.snapshot()

    def read_file(self, uri: str) -> Snapshot | None:
        """The open document, else what lies on disk; None when neither, or when it is no plain file of UTF-8 text."""
        path = path_of(uri)
        snapshot = self.read(uri)
        if snapshot is not None or path is None:
            return snapshot
        try:
            text = _bytes_of(path).decode()
        except (OSError, UnicodeDecodeError):
            return None
        return Snapshot(uri, "", 0, tuple(split_lines(text)), path)

    def others(self, uri: str) -> tuple[Snapshot, ...]:
        """The other open documents, the one that was changed last first."""
        return self._documents.others(uri)

    def lines_lately(self, uri: str, seconds: float) -> Sequence[str] | None:
        """The document as it was so long ago; None when it is not open."""
        return self._documents.lines_lately(uri, seconds)

    def changes_since(self, uri: str, version: int) -> tuple[Change, ...] | None:
        """What happened after *version*; None when that is not known, as when the document was closed in between."""
        document = self._documents.get(uri)
        if document is None or self._first_read.get(uri, document) is not document:
            return None
        return document.changes_since(version)

    # -- edits ------------------------------------------------------------------------------------------

    @property
    def reviews(self) -> bool:
        """Can the editor show an edit first?"""
        return self._client.reviews_edits

    async def apply(self, edits: Edits) -> Landing:
        """Apply as one undo step. APPLIED only when the editor's own changes gave the expected text.

        Files that are not open cannot be watched: there the editor's word is taken.
        """
        if not self._client.applies_edits:
            return Landing.REFUSED
        expected: dict[str, list[str]] = {}
        versions: dict[str, int] = {}
        for change in edits.changes:
            snapshot = self._documents.snapshot(change.uri)
            if snapshot is None:
                if change.create and _is_taken(change.uri):
                    return Landing.REFUSED  # some editors would empty it, whatever we ask of them
                if not change.create and (change.version is not None or self.read_file(change.uri) is None):
                    return Landing.STALE
                continue
            if change.create or change.version not in (None, snapshot.version):
                return Landing.STALE
            lines = apply_edits(snapshot.lines, change.edits)
            if lines != list(snapshot.lines):
                expected[change.uri], versions[change.uri] = lines, snapshot.version
        review = edits.review and self.reviews
        edit = convert.workspace_edit(
            edits,
            self._lines_of,
            self._client.unit,
            versioned=self._client.versioned_edits,
            first_version=self._client.first_version,
            create_files=self._client.creates_files,
            review=review,
        )
        with self._watching(expected) as seen:
            reply = self._peer.request(
                types.WORKSPACE_APPLY_EDIT, types.ApplyWorkspaceEditParams(edit=edit, label=edits.label)
            )
            try:
                return await self._landing(reply, seen, versions, review=review)
            finally:
                reply.cancel()  # nobody waits for it any longer

    @contextmanager
    def _watching(self, expected: dict[str, list[str]]) -> Iterator[list[asyncio.Future[bool]]]:
        watched = [(uri, self._documents.expect(uri, lines)) for uri, lines in expected.items()]
        try:
            yield [seen for _, seen in watched]
        finally:
            for uri, seen in watched:
                self._documents.expect_no_more(uri, seen)

    async def _landing(
        self,
        reply: asyncio.Future[Any],
        seen: list[asyncio.Future[bool]],
        versions: dict[str, int],
        *,
        review: bool,
    ) -> Landing:
        """What became of an edit: *seen* tells of each open document, *reply* is only what the editor says."""
        all_seen = asyncio.ensure_future(_all_true(seen) if seen else _never())
        try:
            await self._first_of(_REVIEW_S if review else _REPLY_S, reply, all_seen)
            if not all_seen.done():
                if not reply.done():
                    return Landing.REFUSED
                if not _says_applied(reply):
                    return await self._refusal(versions, review=review)
                if not seen:
                    return Landing.APPLIED
                await self._first_of(_CONFIRM_S, all_seen)
            if all_seen.done():
                return Landing.APPLIED if all_seen.result() else Landing.STALE
            if self._moved_on(versions):
                return Landing.STALE
            # Of an edit that was shown, a person may take no part: that too is called "applied".
            return Landing.DISCARDED if review else Landing.REFUSED
        finally:
            all_seen.cancel()

    async def _refusal(self, versions: dict[str, int], *, review: bool) -> Landing:
        """The editor says no: because the text has moved on, if a change comes that we had not seen."""
        if versions and not self._moved_on(versions):
            await self._first_of(_CONFIRM_S, *(self._documents.moved(uri) for uri in versions))
        if self._moved_on(versions):
            # Of an edit under review too: an editor refuses one for a text that was typed in meanwhile.
            return Landing.STALE
        return Landing.DISCARDED if review else Landing.REFUSED

    def _moved_on(self, versions: dict[str, int]) -> bool:
        def version_now(uri: str) -> int | None:
            document = self._documents.get(uri)
            return None if document is None else document.version

        return any(version_now(uri) != version for uri, version in versions.items())

    async def _first_of(self, seconds: float, *events: asyncio.Future[Any]) -> None:
        """Return when one of *events* is done, or after *seconds*."""
        deadline = asyncio.ensure_future(self._clock.sleep(seconds))
        try:
            await asyncio.wait((deadline, *events), return_when=asyncio.FIRST_COMPLETED)
        finally:
            deadline.cancel()

    def _lines_of(self, uri: str) -> Sequence[str]:
        snapshot = self.read_file(uri)
        return ("",) if snapshot is None else snapshot.lines

    # -- words ------------------------------------------------------------------------------------------

    async def show(self, title: str, markdown: str, *, as_it_is: bool = False) -> None:
        """Show a text as a document of its own where the editor can open one, else as a message.

        *as_it_is*: each letter counts, so the document is plain text and not Markdown.
        """
        if self._client.shows_documents:
            try:
                uri = self._shown.write(title, markdown, ".txt" if as_it_is else ".md")
            except (OSError, StateUnusable) as error:
                _log.warning("A text to read cannot be written: %s", error)
            else:
                if await self._opens(uri):
                    return
        self.tell("info", f"{title}\n\n{markdown}")

    async def _opens(self, uri: str) -> bool:
        reply = self._peer.request(
            types.WINDOW_SHOW_DOCUMENT, types.ShowDocumentParams(uri=uri, take_focus=True)
        )
        try:
            await self._first_of(_SHOW_S, reply)
            return reply.done() and _says(reply, "success")
        finally:
            reply.cancel()

    def tell(self, severity: Literal["error", "warning", "info"], text: str) -> None:
        """One sentence for the person.

        It may quote a model, the service or a file's name: nothing in it becomes a link, which in VS Code can run a command.
        """
        message = visible(_LINK.sub("] (", text))
        self._peer.notify(
            types.WINDOW_SHOW_MESSAGE, types.ShowMessageParams(type=_SEVERITIES[severity], message=message)
        )


def _bytes_of(path: str) -> bytes:
    """A plain file's content. Raises `OSError` for anything else: what a link or a device holds is not ours to send."""
    if Path(path).is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
    # Not blocking, for a pipe that stands there; Windows knows neither flag, and has no such files.
    flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with os.fdopen(os.open(path, os.O_RDONLY | flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        return file.read()


def _is_taken(uri: str) -> bool:
    path = path_of(uri)
    return path is not None and os.path.lexists(path)


def _says_applied(reply: asyncio.Future[Any]) -> bool:
    return _says(reply, "applied")


def _says(reply: asyncio.Future[Any], what: str) -> bool:
    """Whether the editor's reply holds *what* as true; an error is a no."""
    try:
        result = reply.result()
    except EditorError as error:
        _log.info("The editor answered with error %s", error.code)
        return False
    return isinstance(result, dict) and result.get(what) is True


async def _all_true(events: list[asyncio.Future[bool]]) -> bool:
    outcomes: list[bool] = await asyncio.gather(*events)
    return all(outcomes)


async def _never() -> bool:
    never: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    return await never
