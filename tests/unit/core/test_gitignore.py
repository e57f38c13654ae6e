"""Patterns mean what they mean to git, which is asked itself."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.git import git, ignored
from tests.unit.core.patterns import LISTS, PATHS
from zai_ls.core.gitignore import Listing, excluded_by, parts_of, rules_in

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def repository(tmp_path_factory) -> Path:
    """One for all examples: making one takes longer than asking it."""
    top = tmp_path_factory.mktemp("repository")
    git(top, "init", "--quiet")
    return top


def as_we_say(
    top: Path, paths: list[str], files: dict[str, str], *, folds: bool
) -> dict[str, tuple[str, int] | None]:
    """For each of *paths* the file and line of the rule that excludes it, by the texts in *files* and their folders."""
    listings = [
        Listing(
            f"{folder}/.gitignore".lstrip("/"),
            len(parts_of(folder)) if folder else 0,
            rules_in(text, folds=folds),
            folds,
        )
        for folder, text in sorted(files.items(), key=lambda item: -len(item[0]))
    ]
    answers: dict[str, tuple[str, int] | None] = {}
    for path in paths:
        mine = [x for x in listings if f"{path}/".startswith(x.place.removesuffix(".gitignore"))]
        found = excluded_by(parts_of(path), 0, mine, folder=(top / path).is_dir())
        answers[path] = None if found is None else (found[0].place, found[1].number)
    return answers


@settings(
    max_examples=int(os.environ.get("ZAI_EXAMPLES", "150")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    paths=st.lists(PATHS, min_size=1, max_size=8, unique=True),
    outer=LISTS,
    inner=LISTS,
    folder=PATHS,
    folds=st.booleans(),
)
@example(paths=["ab", "a/b", "aab"], outer="a**/b\n", inner="", folder="b", folds=False)
@example(paths=["a/b/a", "a/a"], outer="a/*\n!a/b\n", inner="a\n", folder="a/b", folds=False)
@example(paths=["a/b/a"], outer="a/\n!a/b/a\n", inner="!a\n", folder="a/b", folds=False)
@example(paths=["A", "é"], outer="[a-b]\n??\n", inner="", folder="b", folds=True)
def test_git_is_the_judge(repository, paths, outer, inner, folder, folds):
    """Random lists at the top and in a folder, random paths: the same rule excludes them, or none does."""
    (repository / folder).mkdir(parents=True, exist_ok=True)
    files = {"": outer, folder: inner}
    for place, text in files.items():
        (repository / place / ".gitignore").write_text(text, encoding="utf-8", newline="")
    try:
        theirs = ignored(repository, paths, ignorecase=str(folds).lower())
    finally:
        (repository / folder / ".gitignore").unlink()
    assert as_we_say(repository, paths, files, folds=folds) == theirs


def test_a_pattern_that_is_made_to_take_long_does_not():
    """A list comes with the project, and may be anyone's."""
    text = "*a" * 60 + "*b\n" + "**/a*" * 40 + "/b\n" + "/" + "*a/**/" * 30 + "*c\n"
    listing = Listing("", 0, rules_in(text))
    begun = time.perf_counter()
    for path in ("a" * 255, "/".join(["a" * 100] * 40)):
        assert excluded_by(parts_of(path), 0, [listing]) is None
    assert time.perf_counter() - begun < 2
