"""Where a language keeps its tests: source path to test file.

Pure: what exists is asked through a function that is passed in. Paths keep the separators they came with.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import PurePath


@dataclass(frozen=True, slots=True)
class Convention:
    """How a language names and places its tests. `{stem}` is the source file's name without its ending."""

    names: tuple[str, ...]
    """File names, the usual one first."""
    folders: tuple[str, ...] = ("tests", "test")
    """Folders for tests, looked for beside the source and in each folder above it."""
    swap: tuple[str, str] | None = None
    """Path segments of sources, and of tests in the same place of another tree."""
    beside: bool = False
    """A new test file goes next to its source even where a folder for tests exists."""
    inside: bool = False
    """Tests live at the end of the source file itself."""
    framework: str = ""
    """What the tests use when the project does not show it."""


_SCRIPT = Convention(
    ("{stem}.test{suffix}", "{stem}.spec{suffix}"),
    ("__tests__", "tests", "test"),
    beside=True,
    framework="the test runner the project uses (Vitest, Jest or node:test)",
)
_C = Convention(
    ("test_{stem}{suffix}", "{stem}_test{suffix}"),
    framework="the project's test framework, else plain asserts",
)

CONVENTIONS: dict[str, Convention] = {
    "python": Convention(("test_{stem}.py", "{stem}_test.py"), framework="pytest"),
    "javascript": _SCRIPT,
    "javascriptreact": _SCRIPT,
    "typescript": _SCRIPT,
    "typescriptreact": _SCRIPT,
    "go": Convention(("{stem}_test.go",), (), beside=True, framework="the testing package, in table form"),
    "rust": Convention(
        ("{stem}.rs",),
        inside=True,
        framework="a module `#[cfg(test)] mod tests` (named otherwise if there is one) with `use super::*`",
    ),
    "java": Convention(
        ("{stem}Test.java", "{stem}Tests.java"), swap=("src/main", "src/test"), framework="JUnit 5"
    ),
    "kotlin": Convention(("{stem}Test.kt",), swap=("src/main", "src/test"), framework="kotlin.test"),
    "scala": Convention(
        ("{stem}Spec.scala", "{stem}Test.scala"), swap=("src/main", "src/test"), framework="ScalaTest"
    ),
    "csharp": Convention(("{stem}Tests.cs", "{stem}Test.cs"), framework="xUnit"),
    "c": _C,
    "cpp": _C,
    "ruby": Convention(
        ("{stem}_spec.rb", "test_{stem}.rb", "{stem}_test.rb"), ("spec", "test"), framework="RSpec"
    ),
    "php": Convention(("{stem}Test.php",), framework="PHPUnit"),
    "swift": Convention(("{stem}Tests.swift",), ("Tests",), framework="XCTest"),
    "lua": Convention(("{stem}_spec.lua",), ("spec", "tests"), framework="busted"),
    "elixir": Convention(("{stem}_test.exs",), ("test",), swap=("lib", "test"), framework="ExUnit"),
    "dart": Convention(("{stem}_test.dart",), ("test",), swap=("lib", "test"), framework="package:test"),
}
"""By the editor's language id."""


@dataclass(frozen=True, slots=True)
class FileForTests:
    """Where the tests go."""

    path: str
    existing: str | None = None
    """The whole text of the file when it exists; the new tests go to its end."""
    inside: bool = False
    """True when it is the source file itself."""

    def with_tests(self, tests: str) -> str:
        """The file's whole text with *tests* at its end, in the file's own line endings."""
        body = tests.strip("\n") + "\n"
        if not self.existing or not self.existing.strip():
            return body
        ending = "\r\n" if "\r\n" in self.existing else "\n"
        return self.existing.rstrip("\r\n") + ending * 3 + body.replace("\n", ending)


def knows_tests_of(language: str) -> bool:
    """Is it known where *language* keeps its tests?"""
    return language in CONVENTIONS


def file_for_tests(
    path: str,
    language: str,
    exists: Callable[[str], bool],
    read: Callable[[str], str | None],
    root: str | None = None,
) -> FileForTests | None:
    """The test file of the source at *path*: the first that exists, else where the convention puts a new one.

    Nothing above *root* is looked at; without one, only the source's own folder and the two above it.
    """
    convention = CONVENTIONS.get(language)
    if convention is None:
        return None
    source = _pure(path)
    if convention.inside or _is_test(source, convention):
        return FileForTests(path, read(path), inside=True)
    candidates = list(dict.fromkeys(_candidates(source, convention, root)))
    for candidate in candidates:
        if exists(str(candidate)):
            return FileForTests(str(candidate), read(str(candidate)))
    return FileForTests(str(_new(source, convention, candidates, exists, root)))


def _pure(path: str) -> PurePath:
    windows = PureWindowsPath(path)
    return windows if windows.drive or ("\\" in path and "/" not in path) else PurePosixPath(path)


def _names(source: PurePath, convention: Convention) -> list[str]:
    suffix = source.suffix
    if suffix in {".h", ".hpp", ".hh"}:
        suffix = ".cpp" if suffix != ".h" else ".c"
    return [name.format(stem=source.stem, suffix=suffix) for name in convention.names]


def _is_test(source: PurePath, convention: Convention) -> bool:
    """Is *source* itself named as a test?"""
    for name in convention.names:
        head, tail = name.replace("{suffix}", source.suffix).split("{stem}")
        middle = source.name[len(head) : len(source.name) - len(tail)]
        if middle and source.name == head + middle + tail:
            return True
    return False


def _candidates(source: PurePath, convention: Convention, root: str | None) -> Iterator[PurePath]:
    """Places where the tests may be, the likeliest first."""
    names = _names(source, convention)
    if (mirrored := _swapped(source, convention, root)) is not None:
        for name in names:
            yield mirrored.parent / name
    for name in names:
        yield source.parent / name
    for above in _folders_up(source, root):
        inner = source.parent.relative_to(above)
        for folder in convention.folders:
            for name in names:
                yield above / folder / inner / name
                if inner.parts:
                    yield above / folder / PurePosixPath(*inner.parts[1:]) / name
                    yield above / folder / name
                    yield above / folder / "unit" / PurePosixPath(*inner.parts[1:]) / name


def _swapped(source: PurePath, convention: Convention, root: str | None) -> PurePath | None:
    """*source* in the other tree, if that lies below *root* too."""
    if convention.swap is None:
        return None
    here, there = convention.swap
    text = source.as_posix()
    found = text.rfind(f"/{here}/")
    if found < 0:
        return None
    mirrored = type(source)(f"{text[:found]}/{there}/{text[found + len(here) + 2 :]}")
    inside = root is None or _pure(root) not in source.parents or _pure(root) in mirrored.parents
    return mirrored if inside else None


def _folders_up(source: PurePath, root: str | None) -> list[PurePath]:
    """The source's folder and those above it, up to *root*."""
    folders = list(source.parents)
    if root is not None and _pure(root) in folders:
        return folders[: folders.index(_pure(root)) + 1]
    return folders[:3]


def _new(
    source: PurePath,
    convention: Convention,
    candidates: list[PurePath],
    exists: Callable[[str], bool],
    root: str | None,
) -> PurePath:
    """Where a new file goes: the mirrored tree, beside the source, or the nearest folder that exists."""
    if not candidates:  # no convention has no names
        raise AssertionError(convention)
    if convention.beside or _swapped(source, convention, root) is not None:
        return candidates[0]
    for candidate in candidates:
        if candidate.parent != source.parent and exists(str(candidate.parent)):
            return candidate
    return source.parent / _names(source, convention)[0]
