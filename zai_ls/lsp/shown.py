"""Texts to read, written to files so that an editor can open them; they go when the server does."""

from __future__ import annotations

import re
from pathlib import Path


class ShownTexts:
    """A private folder, made when the first text is shown."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._count = 0

    def write(self, title: str, markdown: str) -> str:
        """Write *markdown* to a new file named after *title*; its URI."""
        if self._folder is None or not self._folder.is_dir():
            import tempfile

            # Readable by this user alone: the text may quote code.
            self._folder = Path(tempfile.mkdtemp(prefix="zai-ls-"))
        self._count += 1
        name = re.sub(r"\W+", "-", title).strip("-")[:60] or "text"
        path = self._folder / f"{self._count}-{name}.md"
        path.write_text(markdown, encoding="utf-8")
        return path.as_uri()

    def clear(self) -> None:
        """Remove all of them."""
        if self._folder is not None:
            import shutil

            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
