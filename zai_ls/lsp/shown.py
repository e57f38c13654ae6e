"""Texts to read, written to files so that an editor can open them; they go when the server does."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from zai_ls.clock import Clock

_DAY_S = 86_400.0


class ShownTexts:
    """A private folder, made when the first text is shown: the texts may quote code.

    It lies in the folder that *within* names, beside those of other servers; without that, in the system's.
    """

    def __init__(self, within: Callable[[], Path] | None, clock: Clock) -> None:
        self._within = within
        self._clock = clock
        self._folder: Path | None = None
        self._count = 0

    def write(self, title: str, text: str, suffix: str = ".md") -> str:
        """Write *text* to a new file named after *title*; its URI. Raises `OSError` or `StateUnusable`."""
        if self._folder is None or not self._folder.is_dir():
            import tempfile

            within = None if self._within is None else self._within()
            if within is not None:
                from zai_ls.state.folder import prepare

                prepare(within.parent)
                prepare(within, closes=True)
            self._folder = Path(tempfile.mkdtemp(prefix="zai-ls-", dir=within))
        self._count += 1
        name = re.sub(r"\W+", "-", title).strip("-")[:60] or "text"
        path = self._folder / f"{self._count}-{name}{suffix}"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        return path.as_uri()

    def sweep(self) -> None:
        """Remove what servers that were killed have left behind, a day after they last wrote."""
        if self._within is None:
            return
        import shutil

        for folder in self._within().glob("zai-ls-*"):
            try:
                old = self._clock.now() - folder.stat().st_mtime > _DAY_S
            except OSError:
                continue  # its server has just removed it
            if old:
                shutil.rmtree(folder, ignore_errors=True)

    def clear(self) -> None:
        """Remove all of them."""
        if self._folder is not None:
            import shutil

            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
