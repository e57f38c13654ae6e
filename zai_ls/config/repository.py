"""Repositories of git, as far as ignoring files needs to know them; git itself is not run."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_LONGEST_POINTER = 8_192
"""Bytes; a file that says where a repository lies holds one line."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A folder that git has under its care."""

    top: str
    common: str
    """Where what all its worktrees share lies: `config`, `info/exclude`."""

    own: str
    """Where what this worktree has for itself lies."""

    @property
    def own_config(self) -> str:
        """The settings of this worktree alone, which count when `extensions.worktreeConfig` says so."""
        return f"{self.own}/config.worktree"

    @property
    def config(self) -> str:
        """Its own settings."""
        return f"{self.common}/config"

    @property
    def exclude(self) -> str:
        """What is ignored on this machine alone."""
        return f"{self.common}/info/exclude"


def repository_at(top: str) -> Repository | None:
    """The repository that begins at *top*; None when what is called `.git` there is none, to git either."""
    folder = Path(top, ".git")
    if folder.is_file():
        pointed = _pointer(folder, "gitdir:")
        if pointed is None:
            return None
        folder = Path(top, pointed)
    if not (folder / "HEAD").exists():
        return None
    shared = _pointer(folder / "commondir", "")
    common = folder if shared is None else folder / shared
    if not (common / "objects").is_dir() or not (common / "refs").is_dir():
        return None
    return Repository(top, os.path.normpath(common), os.path.normpath(folder))


def _pointer(path: Path, word: str) -> str | None:
    """The path that is written in *path* behind *word*."""
    try:
        with path.open("rb") as file:
            text = os.fsdecode(file.read(_LONGEST_POINTER))
    except OSError:
        return None
    return text.removeprefix(word).strip() if text.startswith(word) else None


# -- settings of git ------------------------------------------------------------------------------------------


def global_configs(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The files with a machine's and a person's settings of git, the weakest first."""
    system = environ.get("GIT_CONFIG_SYSTEM", "/etc/gitconfig")
    no_system = environ.get("GIT_CONFIG_NOSYSTEM", "").lower() in {"1", "true", "yes", "on"}
    named = environ.get("GIT_CONFIG_GLOBAL")
    own = (f"{_xdg(environ)}/git/config", f"{_home(environ)}/.gitconfig") if named is None else (named,)
    return own if no_system else (system, *own)


def excludes_file(found: str | None, environ: Mapping[str, str], top: str) -> str:
    """The file with what a person ignores everywhere; *found* is what the settings of git say."""
    if found is None:
        return f"{_xdg(environ)}/git/ignore"
    return str(Path(top) / expanded(found, environ)) if found else ""


def expanded(path: str, environ: Mapping[str, str]) -> str:
    """*path* with the home folder in place of `~/`."""
    return f"{_home(environ)}/{path[2:]}" if path.startswith("~/") else path


def _home(environ: Mapping[str, str]) -> str:
    return environ.get("HOME") or environ.get("USERPROFILE") or "~"


def _xdg(environ: Mapping[str, str]) -> str:
    return environ.get("XDG_CONFIG_HOME") or f"{_home(environ)}/.config"


_SECTION = re.compile(r"\[\s*([\w.-]+)\s*(\"(?:[^\"\\]|\\.)*\")?\s*\]")
_ENTRY = re.compile(r"([A-Za-z][\w-]*)\s*(=)?\s*(.*)", re.DOTALL)
_VALUE = re.compile(r'"(?:[^"\\]|\\.)*"?|\\.|[^"\\#;]|[#;].*', re.DOTALL)


def entries(text: str) -> tuple[tuple[str, str], ...]:
    """Keys with their section, in small letters, and values of a file with settings of git; no subsections."""
    found: list[tuple[str, str]] = []
    section = ""
    for line in re.sub(r"\\\r?\n", "", text.removeprefix("\ufeff")).splitlines():
        rest = line.strip()
        if (head := _SECTION.match(rest)) is not None:
            section = "" if head[2] else head[1].lower()
            rest = rest[head.end() :].strip()
        entry = _ENTRY.match(rest)
        if section and entry is not None:
            found.append((f"{section}.{entry[1].lower()}", _value(entry[3]) if entry[2] else "true"))
    return tuple(found)


def _value(raw: str) -> str:
    parts: list[str] = []
    for piece in _VALUE.findall(raw):
        if piece[0] in "#;":
            break
        inner = piece[1:].removesuffix('"') if piece[0] == '"' else piece
        parts.append(re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t"}.get(m[1], m[1]), inner))
    text = "".join(parts)
    return text if raw.rstrip().endswith('"') else text.rstrip()


def settings_of(
    paths: tuple[str, ...], read: Callable[[str], Sequence[tuple[str, str]]], environ: Mapping[str, str]
) -> dict[str, str]:
    """What the files at *paths*, the weakest first, and those that they include say."""
    said: dict[str, str] = {}

    def take(path: str, depth: int) -> None:
        for key, value in read(path):
            said[key] = value
            if key == "include.path" and depth:
                take(str(Path(path).parent / expanded(value, environ)), depth - 1)

    for path in paths:
        take(path, 5)
    return said
