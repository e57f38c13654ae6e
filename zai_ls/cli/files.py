"""An editor made of files: what the assistant needs of an editor, over what lies on disk.

A document's version counts the different contents seen of it, so that a file changed by someone else while the model
ran is noticed and the answer is moved onto the new text, or refused.
"""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit
from urllib.request import url2pathname

from zai_ls.cli.exits import CannotWrite
from zai_ls.core.languages import language_of
from zai_ls.core.text import apply_edits, split_lines
from zai_ls.domain import Landing, Snapshot
from zai_ls.messages import say

if TYPE_CHECKING:
    from zai_ls.domain import Change, Edits

_BOM = "\ufeff"
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class Unreadable(Exception):
    """A file that no action can run on; its text is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What an answer makes of one file."""

    path: Path
    before: str
    after: str
    """Both with the byte order mark, if the file has one."""
    created: bool


@dataclass(slots=True)
class _Seen:
    text: str
    version: int


class FileEditor:
    """The `Editor` port over files. With *write* False it shows what it would do and writes nothing."""

    def __init__(self, *, max_bytes: int, write: bool) -> None:
        self._max_bytes = max_bytes
        self._write = write
        self._seen: dict[str, _Seen] = {}
        self.diffs: list[FileDiff] = []
        """What was applied, or would have been."""
        self.shown: list[tuple[str, str]] = []
        """Texts to read: title and markdown."""
        self.told: list[str] = []
        """Sentences for the person, each once."""
        self.failed = ""
        """Why the last change could not be written, as a sentence; empty when it could, or nobody tried."""

    def open(self, path: Path) -> Snapshot:
        """*path* as it is on disk. Raises `Unreadable`."""
        text = _load(path, self._max_bytes).removeprefix(_BOM)
        uri = path.resolve().as_uri()
        seen = self._seen.setdefault(uri, _Seen(text, 1))
        if seen.text != text:
            seen.text, seen.version = text, seen.version + 1
        return Snapshot(uri, language_of(str(path)), seen.version, tuple(split_lines(text)), str(path))

    def read(self, uri: str) -> Snapshot | None:
        """The file as it is now; None when it is gone or cannot be read any more."""
        try:
            return self.open(path_of(uri))
        except Unreadable:
            return None

    def read_file(self, uri: str) -> Snapshot | None:
        """The same: here all documents are files."""
        return self.read(uri)

    def others(self, uri: str) -> tuple[Snapshot, ...]:
        """The other files that were read here; none is open as in an editor."""
        return ()

    @property
    def reviews(self) -> bool:
        """Whoever runs it sees the difference before they write it, by leaving `--apply` out."""
        return False

    def lines_lately(self, uri: str, seconds: float) -> None:
        """Nobody writes in a file from here."""

    def changes_since(self, uri: str, version: int) -> tuple[Change, ...] | None:
        """Unknown: files do not tell how they were changed. Nothing, when they were not."""
        current = self.read(uri)
        return () if current is not None and current.version == version else None

    async def apply(self, edits: Edits) -> Landing:
        """Make the change on the files as they are at this moment: all of it, or nothing when one of them moved on."""
        diffs: list[FileDiff] = []
        for change in edits.changes:
            path = path_of(change.uri)
            if path.is_symlink():
                self.failed = say("files.link", path=path)
                return Landing.REFUSED
            if change.create and path.exists():
                self.failed = say("files.in_the_way", path=path)
                return Landing.REFUSED
            if change.create:
                diffs.append(FileDiff(path, "", "".join(e.text for e in change.edits), created=True))
                continue
            current = self.read(change.uri)
            if current is None:
                return Landing.REFUSED
            if change.version not in {None, current.version}:
                return Landing.STALE
            after = "".join(apply_edits(current.lines, change.edits))
            try:
                bom = _bom_of(path)
            except OSError:
                return Landing.STALE
            diffs.append(FileDiff(path, bom + current.text, bom + after, created=False))
        if self._write:
            try:
                _replace_all(diffs)
            except CannotWrite as error:
                self.failed = str(error)
                self.tell("error", self.failed)
                return Landing.REFUSED
        self.diffs.extend(diffs)
        return Landing.APPLIED

    def require_writable(self, uri: str) -> None:
        """See, before a model works on it, that *uri* may be changed. Raises `CannotWrite`."""
        _require_writable(path_of(uri))

    async def show(self, title: str, markdown: str) -> None:
        """Keep it for the end: standard output holds one thing."""
        self.shown.append((title, markdown))

    def tell(self, severity: Literal["error", "warning", "info"], text: str) -> None:
        """Keep it for the end too, where it is printed once."""
        del severity
        if text not in self.told:
            self.told.append(text)


def path_of(uri: str) -> Path:
    """The path of a file's URI."""
    parts = urlsplit(uri)
    host = "" if parts.netloc.lower() == "localhost" else parts.netloc
    return Path(url2pathname(f"//{host}{parts.path}" if host else parts.path))


def _load(path: Path, max_bytes: int) -> str:
    try:
        if not path.exists():
            raise Unreadable(say("files.missing", path=path))
        if not path.is_file():
            raise Unreadable(say("files.no_file", path=path))
        with path.open("rb") as file:
            raw = file.read(max_bytes + 1)
    except OSError as error:
        raise Unreadable(
            say("files.unreadable", path=path, why=error.strerror or type(error).__name__)
        ) from None
    if len(raw) > max_bytes:
        raise Unreadable(say("files.too_large", path=path, limit=f"{max_bytes / 2**20:.3g}"))
    if b"\0" in raw:
        raise Unreadable(say("files.binary", path=path))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Unreadable(say("files.not_utf8", path=path)) from None


def _replace_all(diffs: list[FileDiff]) -> None:
    """Write the new texts beside the files first, where most things can go wrong, then put all in place.

    A file with several names is written in place, so that it keeps them. Raises `CannotWrite`.
    """
    ready: list[tuple[Path, Path]] = []
    target = diffs[0].path
    try:
        for diff in diffs:
            target = diff.path
            if not diff.created:
                _require_writable(diff.path)
            real = diff.path.parent.resolve() / diff.path.name
            real.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=f".{real.name[:100]}.", dir=real.parent)
            ready.append((Path(name), real))
            with os.fdopen(handle, "wb") as file:
                file.write(diff.after.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o666 & ~_umask() if diff.created else real.stat().st_mode & 0o7777)
        for diff, (fresh, real) in zip(diffs, ready, strict=True):
            target = diff.path
            if real.is_symlink():  # put there since we looked
                raise CannotWrite(say("files.link", path=target))
            if not diff.created and real.stat().st_nlink > 1:
                with os.fdopen(os.open(real, os.O_WRONLY | os.O_TRUNC | _NO_LINK), "wb") as file:
                    file.write(fresh.read_bytes())
            else:
                fresh.replace(real)  # which would replace a link, and not follow it
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise CannotWrite(say("files.unwritable", path=target, why=why)) from None
    finally:
        for fresh, _ in ready:
            fresh.unlink(missing_ok=True)


def _require_writable(path: Path) -> None:
    """A file without any right to write is meant to stay as it is, also where the person's rights are above its own."""
    if not os.access(path, os.W_OK) or not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
        raise CannotWrite(say("files.read_only", path=path))


def _bom_of(path: Path) -> str:
    with path.open("rb") as file:
        return _BOM if file.read(3) == _BOM.encode() else ""


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
