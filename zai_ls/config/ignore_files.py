"""The files that say what is ignored: found, read, and kept for as long as they stay as they are.

Whether a file may be sent is asked at every key and for every menu, so nothing is read twice, and no folder is walked
through but those above the file.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from zai_ls.config.files import PROJECT_FILE
from zai_ls.config.repository import (
    Repository,
    entries,
    excludes_file,
    global_configs,
    repository_at,
    settings_of,
)
from zai_ls.core.gitignore import Listing, parts_of, rules_in
from zai_ls.core.ignoring import Ignored, Lists, Unreadable, Wishes, judge

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence

T = TypeVar("T")
K = TypeVar("K")

OURS = ".zaiignore"
_GITS = ".gitignore"
_MAX_BYTES = 256 << 10
_MAX_LINES = 5_000
_MAX_WILDCARDS = 20_000
"""What a list may hold. A larger one, which a project may ship, would take seconds to read."""
_MAX_WEIGHT = 25_000
"""Rules and wildcards of all lists of a kind above one file."""
_MAX_SETTINGS_BYTES = 4 << 20
"""Git's own settings, which no project ships."""
_TOO_MUCH = "larger than 256 KB, 5,000 lines or 20,000 wildcards"
_TOO_MANY = "with the lists above it, more than 25,000 rules and wildcards"
_MAX_LINKS = 40
_KEPT = 4_096
"""Files and verdicts that are remembered."""
_NOT_THERE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.EINVAL})
_YES = frozenset({"true", "yes", "on", "1"})
_NO_FILE = "no ordinary file"
_Stamp = tuple[int, int, int, int]


class IgnoreFiles:
    """Says of files whether they may be sent. One per process."""

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._made: dict[Hashable, tuple[_Stamp | None, object]] = {}
        self._repositories: dict[str, tuple[_Stamp, Repository | None]] = {}
        self._verdicts: dict[str, tuple[Lists, Wishes, int, Ignored | None]] = {}

    def verdict(self, path: str, wishes: Wishes, *, root: str | None = None) -> Ignored | None:
        """Why nothing of the file at *path* may be sent; None when it may.

        *root* is the open folder that it lies in. A link is judged by its name and by where it leads, and so is each
        folder above. What is in no file is judged by its name alone.
        """
        if "\0" in path or not Path(path).is_absolute():
            return judge(path, Lists(), wishes)
        for number, each in enumerate(leading(path)):
            if (found := self._judged(each, wishes, root)) is not None:
                return replace(found, led=True) if number else found
        return None

    def _judged(self, path: str, wishes: Wishes, root: str | None) -> Ignored | None:
        lists, base = self._lists(path, root, wished=bool(wishes.patterns or wishes.allow))
        known = self._verdicts.get(path)
        if known is not None and known[0] == lists and known[1] == wishes and known[2] == base:
            return known[3]
        found = judge(path, lists, wishes, base=base)
        _put(self._verdicts, path, (lists, wishes, base, found))
        return found

    # -- which lists ----------------------------------------------------------------------------------------

    def _lists(self, path: str, root: str | None, *, wished: bool) -> tuple[Lists, int]:
        """What applies to *path*, and of how many parts the folder consists that settings' patterns are relative to.

        Without any (*wished* False) that folder is not looked for.
        """
        folders = _above(path)
        ours, unreadable = self._listings([f"{folder}/{OURS}" for folder in folders], follow=True)
        open_folder = None if root is None else _plain(root).rstrip("/")
        inside = open_folder if open_folder in folders else None
        repository = next((r for folder in folders if (r := self._repository(folder)) is not None), None)
        top = repository.top if repository is not None else inside
        base = inside
        if base is None and wished:
            base = next((f for f in folders if f == top or Path(f, PROJECT_FILE).exists()), None)
        below = () if top is None else folders[: folders.index(top) + 1]
        git = self._settings(repository) if repository is not None else {}
        folds = git.get("core.ignorecase", "").lower() in _YES
        gits, git_unreadable = self._listings(
            [f"{folder}/{_GITS}" for folder in below], follow=False, folds=folds
        )
        if repository is not None:
            wide = excludes_file(git.get("core.excludesfile"), self._environ, repository.top)
            more, wide_unreadable = self._listings(
                [repository.exclude, wide], follow=True, folds=folds, top=repository.top
            )
            gits, git_unreadable = (*gits, *more), git_unreadable or wide_unreadable
        lists = Lists(ours, gits, _depth(top or ""), unreadable, git_unreadable)
        return lists, _depth(base or "")

    def _listings(
        self, places: list[str], *, follow: bool, folds: bool = False, top: str | None = None
    ) -> tuple[tuple[Listing, ...], Unreadable | None]:
        """The lists at *places*, each relative to its own folder or to *top*; and the first that cannot be read."""
        found: list[Listing] = []
        weight = 0
        for place in places:
            folder = place.rpartition("/")[0] if top is None else top
            make = partial(_listing, place, _depth(folder), folds)
            made = self._of(place, (place, folder, folds), make, follow=follow)
            if made is None and place.endswith(f"/{OURS}") and os.path.exists(place):  # noqa: PTH110 - never raises
                made = Unreadable(
                    place, _NO_FILE
                )  # git passes over such a one; ours is there to keep files back
            if isinstance(made, Unreadable):
                return tuple(found), made
            if made is not None:
                weight += made.weight
                if weight > _MAX_WEIGHT:
                    return tuple(found), Unreadable(place, _TOO_MANY)
                found.append(made)
        return tuple(found), None

    def _repository(self, folder: str) -> Repository | None:
        """The repository that begins at *folder*, as it was when its `.git` last changed."""
        place = f"{folder}/.git"
        try:
            stamp = _stamp(os.stat(place))  # noqa: PTH116 - asked for each folder above, at every key
        except (OSError, ValueError):
            return None
        known = self._repositories.get(folder)
        if known is None or known[0] != stamp:
            known = (stamp, repository_at(folder))
            _put(self._repositories, folder, known)
        return known[1]

    def _settings(self, repository: Repository) -> dict[str, str]:
        """The settings of git there; a file of them that cannot be read says nothing."""

        def read(path: str) -> Sequence[tuple[str, str]]:
            found = self._of(path, ("settings", path), _entries, follow=True)
            return found if isinstance(found, tuple) else ()

        places = (*global_configs(self._environ), repository.config)
        its = settings_of((repository.config,), read, self._environ)
        if its.get("extensions.worktreeconfig", "").lower() in _YES:
            places = (*places, repository.own_config)
        return settings_of(places, read, self._environ)

    # -- reading --------------------------------------------------------------------------------------------

    def _of(
        self, path: str, key: Hashable, make: Callable[[bytes], T], *, follow: bool
    ) -> T | Unreadable | None:
        """What *make* makes of the file at *path*, made anew only when it has changed; None when there is no such file."""
        try:
            found = os.stat(path, follow_symlinks=follow)  # noqa: PTH116 - as above
        except OSError as error:
            return None if error.errno in _NOT_THERE else Unreadable(path, error.strerror or "")
        except ValueError:
            return None
        if not stat.S_ISREG(found.st_mode):
            return None
        stamp = _stamp(found)
        known = self._made.get(key)
        if known is None or known[0] != stamp:
            made = _read(path, make)
            # What cannot be read is tried again: rights may change and leave no trace in the stamp.
            again = isinstance(made, Unreadable) and made.why != _TOO_MUCH
            _put(self._made, key, (None if again else stamp, made))
            return made
        return cast("T | Unreadable", known[1])  # a key goes with one kind of thing


def leading(path: str) -> Iterator[str]:
    """*path*, and each path that the links in it lead to, the last of them without any."""
    plain = _plain(os.path.abspath(path))  # noqa: PTH100 - no link may be followed here
    yield plain
    real, at = plain, plain
    for _ in range(_MAX_LINKS):
        behind = _behind_first_link(at)
        if behind is None:
            break
        at = behind
        yield at
    if at != plain or os.name == "nt" or ".." in path:  # there names have more than one spelling
        real = _plain(os.path.realpath(path))
        if real not in {plain, at}:
            yield real


def _behind_first_link(path: str) -> str | None:
    """*path* with the first link in it replaced by what it leads to; None when there is none."""
    end = path.find("/", 1)
    while True:
        end = len(path) if end == -1 else end
        part = path[:end]
        try:
            if stat.S_ISLNK(os.lstat(part).st_mode):
                behind = f"{os.readlink(part)}{path[end:]}"  # noqa: PTH115 - as above
                return _plain(os.path.normpath(Path(part).parent / behind))
        except (OSError, ValueError):
            return None
        if end == len(path):
            return None
        end = path.find("/", end + 1)


def _plain(path: str) -> str:
    return path.replace("\\", "/") if os.name == "nt" else path


def _above(path: str) -> list[str]:
    """The folders above *path*, the nearest first; the root as an empty text."""
    folders: list[str] = []
    while "/" in path:
        path = path.rpartition("/")[0]
        folders.append(path)
    return folders


def _depth(folder: str) -> int:
    return len(parts_of(folder)) if folder else 0


def _stamp(found: os.stat_result) -> _Stamp:
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino


def _read(path: str, make: Callable[[bytes], T]) -> T | Unreadable:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - a path is text here
            raw = file.read(_MAX_SETTINGS_BYTES)
    except OSError as error:
        return Unreadable(path, error.strerror or type(error).__name__)
    return make(raw)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _entries(raw: bytes) -> tuple[tuple[str, str], ...]:
    return entries(_text(raw))


def _listing(place: str, depth: int, folds: bool, raw: bytes) -> Listing | Unreadable:
    wildcards = sum(raw.count(char) for char in b"*?[\\")
    if len(raw) > _MAX_BYTES or raw.count(b"\n") > _MAX_LINES or wildcards > _MAX_WILDCARDS:
        return Unreadable(place, _TOO_MUCH)
    return Listing(place, depth, rules_in(_text(raw), folds=folds), folds)


def _put(kept: dict[K, T], key: K, value: T) -> None:
    """Remember, and forget the oldest when it is too much."""
    kept[key] = value
    if len(kept) > _KEPT:
        del kept[next(iter(kept))]
