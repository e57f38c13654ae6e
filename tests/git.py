"""Git, asked what it ignores."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def git(top: Path, *arguments: str, given: bytes = b"", home: Path | None = None, **config: str) -> bytes:
    """What git prints; nobody's settings count but those in *home*."""
    told = [part for name, value in config.items() for part in ("-c", f"core.{name}={value}")]
    environ = {"PATH": os.environ["PATH"], "HOME": str(home or top), "GIT_CONFIG_NOSYSTEM": "1"}
    done = subprocess.run(
        ["git", "-C", str(top), *told, *arguments], input=given, env=environ, capture_output=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


def ignored(
    top: Path, paths: Iterable[str], *, home: Path | None = None, **config: str
) -> dict[str, tuple[str, int] | None]:
    """For each of *paths*, relative to the repository at *top*, the file and line of the rule that excludes it."""
    asked = "".join(f"{path}\0" for path in paths).encode()
    said = git(top, "check-ignore", "--no-index", "-vnz", "--stdin", given=asked, home=home, **config)
    rows = zip(*(iter(said.decode().split("\0")[:-1]),) * 4, strict=True)
    return {
        path: (source, int(line)) if source and not text.startswith("!") else None
        for source, line, text, path in rows
    }
