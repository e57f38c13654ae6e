"""Which files an action may read besides its document, and which it may change: those it said, where they are, and no others."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from zai_ls.assistant.kit import path_of
from zai_ls.config import project_above
from zai_ls.messages import say

if TYPE_CHECKING:
    from zai_ls.assistant.kit import Kit
    from zai_ls.assistant.ports import Editor
    from zai_ls.core.testfiles import FileForTests
    from zai_ls.domain import Change, Edits, Landing, Snapshot

WhyNot = Literal["ignored", "link", "outside", "no_file", "too_large"]


class Barred(Exception):
    """A file that must not be changed; its text is a sentence for the person."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Around what an action on *document* may change: that, and the file that *tests* go into."""

    kit: Kit
    document: Snapshot
    tests: FileForTests | None = None

    def require_within(self, uri: str) -> None:
        """See that *uri* may be changed, as things are at this moment. Raises `Barred`."""
        if uri == self.document.uri:
            path, why = path_of(self.document), self.why_not_document()
        elif self.tests is not None and uri == Path(self.tests.path).as_uri():
            path = self.tests.path
            why = self.why_not_beside(path)
        else:
            raise Barred(say("barred.not_said", file=uri.rpartition("/")[2]))
        if why == "ignored":
            raise Barred(self.kit.why_ignored(path))
        if why is not None:
            raise Barred(say(f"barred.{why}", file=Path(path).name))

    def why_not_document(self) -> WhyNot | None:
        """Why the document must be left alone; None when it may be changed, also when it is in no file.

        A person has opened it, so it may be a link, as long as that stays in the same folder.
        """
        if self.kit.verdict(path_of(self.document)) is not None:
            return "ignored"
        return None if self.document.path is None or self._holds(self.document.path) else "outside"

    def why_not_beside(self, path: str) -> WhyNot | None:
        """Why a file that nobody has opened must be left alone; None when it is fine, or not there.

        A link may show into any folder, and a device has no end.
        """
        file = Path(path)
        try:
            if file.is_symlink():
                return "link"
            if not self._holds(path):
                return "outside"
            if self.kit.verdict(path) is not None:
                return "ignored"
            found = file.stat()
        except FileNotFoundError:
            return None
        except (OSError, ValueError):  # a folder that is closed to us, or a name that no file has
            return "no_file"
        if not stat.S_ISREG(found.st_mode):
            return "no_file"
        return "too_large" if found.st_size > self.kit.config.settings.limits_max_file_bytes else None

    @property
    def top(self) -> str:
        """The open folder if the document lies in one, else its project's, else its own."""
        here = path_of(self.document)
        root = self.kit.root_of(here)
        return root if root is not None else str(self._project or Path(here).parent)

    @property
    def _project(self) -> Path | None:
        return project_above(Path(path_of(self.document)))

    def _holds(self, path: str) -> bool:
        """Does *path* lie within, wherever links lead?

        What a project ships leads nowhere out of it, also where a folder is open that holds more than the project.
        """
        project = self._project
        tops = {
            Path(self.top),
            *((project,) if project is not None and project in Path(path).parents else ()),
        }
        return all(_is_within(path, top) for top in tops)


def _is_within(path: str, folder: Path) -> bool:
    """Does *path* lie in *folder*, and each folder on the way to it, wherever the links in them lead?"""
    file = Path(path)
    try:
        real = folder.resolve()
        way = file.parents[: file.parents.index(folder)] if folder in file.parents else ()
        return all(each.resolve().is_relative_to(real) for each in (file, *way))
    except (OSError, RuntimeError):  # a loop of links
        return False


class Fenced:
    """An editor that changes what lies within the fence, and nothing else."""

    def __init__(self, editor: Editor, fence: Fence) -> None:
        self._editor = editor
        self._fence = fence

    def read(self, uri: str) -> Snapshot | None:
        """The document as it is now."""
        return self._editor.read(uri)

    def changes_since(self, uri: str, version: int) -> tuple[Change, ...] | None:
        """What happened to it after *version*."""
        return self._editor.changes_since(uri, version)

    async def apply(self, edits: Edits) -> Landing:
        """Apply *edits*; each file is looked at once more, right before. Raises `Barred`."""
        for change in edits.changes:
            self._fence.require_within(change.uri)
        return await self._editor.apply(edits)
