"""Which files may be sent: real folders, real lists, links, and git as the judge of what is its own."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.git import git, ignored
from tests.unit.core.patterns import LISTS, PATHS
from zai_ls.config.ignore_files import IgnoreFiles
from zai_ls.core.ignoring import Wishes

NOTHING = Wishes()


class Tree:
    """A home folder with a repository in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.top = home / "project"
        self.top.mkdir(parents=True)
        git(self.top, "init", "--quiet", home=home)
        self.files = IgnoreFiles({"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1"})

    def write(self, name: str, text: str = "") -> Path:
        """A file below the home folder."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        return path

    def says(
        self, name: str, wishes: Wishes = NOTHING, root: str | None = None
    ) -> tuple[str, str, str, int] | None:
        """The verdict on a file below the home folder: source, rule, place below it, and line."""
        found = self.files.verdict(
            str(self.home / name), wishes, root=None if root is None else str(self.home / root)
        )
        if found is None:
            return None
        return found.source, found.rule, found.place.removeprefix(f"{self.home}/"), found.line


@pytest.fixture
def tree(tmp_path) -> Tree:
    return Tree(tmp_path / "home")


# -- git's own lists ------------------------------------------------------------------------------------------


@settings(max_examples=int(os.environ.get("ZAI_EXAMPLES", "40")), deadline=None)
@given(
    paths=st.lists(PATHS, min_size=1, max_size=8, unique=True),
    places=st.lists(PATHS, max_size=3),
    texts=st.lists(LISTS, min_size=6, max_size=6),
    how=st.sampled_from(["named", "home", "xdg", "own"]),
)
def test_git_is_the_judge(tmp_path_factory, paths, places, texts, how):
    """Lists at the top, in folders, of this machine alone, and of the person: the same rule, or none."""
    tree = Tree(tmp_path_factory.mktemp("judge") / "home")
    for place, text in zip(["", *places], texts, strict=False):
        tree.write(f"project/{place}/.gitignore", text)
    tree.write("project/.git/info/exclude", texts[-1])
    _wide(tree, how, texts[-2])
    theirs = {
        path: rule and (str(Path(os.path.normpath(tree.top / rule[0]))), rule[1])
        for path, rule in ignored(tree.top, paths, home=tree.home).items()
        if not (tree.top / path).is_dir()
    }
    ours = {}
    for path in theirs:
        found = tree.files.verdict(f"{tree.top}/{path}", NOTHING)
        ours[path] = found and (found.place, found.line)
    assert ours == theirs


def _wide(tree: Tree, how: str, text: str) -> None:
    """A list for all repositories of a person, named in one of the ways that there are."""
    if how == "named":
        tree.write(
            ".gitconfig",
            '[user]\n\tname = x ; y\n[core "no"]\n\texcludesFile = /no\n[core]\n\tExcludesFile = "~/wide"\n',
        )
    elif how == "home":
        tree.write(".gitconfig", "[include]\n\tpath = more.inc\n")
        tree.write("more.inc", "[core] excludesfile = ~/wide # mine\n")
    elif how == "own":
        tree.write(".gitconfig", "[core]\n\texcludesfile = ~/none\n")
        git(tree.top, "config", "core.excludesFile", f"{tree.home}/wide", home=tree.home)
    tree.write("wide" if how != "xdg" else ".config/git/ignore", text)


def test_a_repository_in_a_repository_is_its_own(tree):
    """The lists above its root say nothing about it; nor does a `.git` that is none end anything."""
    tree.write("project/.gitignore", "*.log\n")
    git(tree.top, "init", "--quiet", "inner")
    (tree.top / "pretence" / ".git").mkdir(parents=True)
    assert tree.says("project/inner/a.log") is None
    assert tree.says("project/pretence/a.log") == ("gitignore", "*.log", "project/.gitignore", 1)
    assert tree.says("project/a.log") == ("gitignore", "*.log", "project/.gitignore", 1)


def test_a_worktree_has_the_lists_of_its_repository(tree):
    """Its `.git` is a file that says where that lies."""
    who = ("-c", "user.name=n", "-c", "user.email=e")
    git(tree.top, *who, "commit", "--quiet", "--allow-empty", "-m", "first", home=tree.home)
    subprocess.run(
        ["git", "-C", str(tree.top), "worktree", "add", "-q", "../other"], check=True, capture_output=True
    )
    tree.write("project/.git/info/exclude", "*.mine\n")
    assert tree.says("other/a.mine") == ("gitignore", "*.mine", "project/.git/info/exclude", 1)
    assert ignored(tree.home / "other", ["a.mine"], home=tree.home)["a.mine"] is not None


def test_a_worktree_may_have_settings_of_its_own(tree):
    """Where git has been told that it does."""
    tree.write("wide", "*.mine\n")
    tree.write("project/.git/config.worktree", f"[core]\n\texcludesFile = {tree.home}/wide\n")
    for told in (False, True):
        if told:
            git(tree.top, "config", "extensions.worktreeConfig", "true", home=tree.home)
        assert (tree.says("project/a.mine") is not None) is told
        assert (ignored(tree.top, ["a.mine"], home=tree.home)["a.mine"] is not None) is told


def test_without_a_repository_the_lists_of_the_open_folder_count(tree):
    """And none above it: a home folder kept in git by other means ignores everything."""
    tree.write(".gitignore", "*\n")
    tree.write("loose/.gitignore", "/gen/\n")
    assert tree.says("loose/gen/a.py") is None
    assert tree.says("loose/gen/a.py", root="loose") == ("gitignore", "/gen/", "loose/.gitignore", 1)
    assert tree.says("loose/a.py", root="loose") is None


def test_a_list_that_changes_is_read_again(tree):
    """Written, changed, and taken away while the process runs."""
    tree.write("project/a.py")
    assert tree.says("project/a.py") is None
    place = tree.write("project/.gitignore", "*.py\n")
    assert tree.says("project/a.py") == ("gitignore", "*.py", "project/.gitignore", 1)
    tree.write("project/.gitignore", "# nothing\n*.rb\n")
    assert tree.says("project/a.py") is None
    tree.write("project/.gitignore", "*.py\n")
    place.unlink()
    assert tree.says("project/a.py") is None


# -- ours -----------------------------------------------------------------------------------------------------


def test_our_own_list_is_as_gits_in_any_folder(tree):
    """Also above a repository and without one; what it takes back is its own, in any folder."""
    tree.write(".zaiignore", "\n*.sql\n/project/lib/\n!public.sql\n")
    assert tree.says("loose/a.sql") == ("zaiignore", "*.sql", ".zaiignore", 2)
    assert tree.says("project/db/a.sql") == ("zaiignore", "*.sql", ".zaiignore", 2)
    assert tree.says("project/db/public.sql") is None
    assert tree.says("project/lib/a.py") == ("zaiignore", "/project/lib/", ".zaiignore", 3)


def test_a_projects_list_takes_nothing_back_from_a_persons_above_it(tree):
    """Who ships a project must not decide for whoever clones it; a person's own, further up, must not for the project either."""
    tree.write(".zaiignore", "*.conf.py\n!mine.py\n")
    tree.write("project/.zaiignore", "!*.conf.py\nmine.py\n")
    tree.write("project/lib/.zaiignore", "!*\n")
    assert tree.says("project/a.conf.py") == ("zaiignore", "*.conf.py", ".zaiignore", 1)
    assert tree.says("project/lib/a.conf.py") == ("zaiignore", "*.conf.py", ".zaiignore", 1)
    assert tree.says("project/lib/mine.py") == ("zaiignore", "mine.py", "project/.zaiignore", 2)
    assert tree.says("project/lib/a.py") is None


def test_no_list_takes_back_what_another_kind_says(tree):
    """A project's own files may tighten; only a person may allow, and only what `.gitignore` excludes."""
    allow = Wishes(allow=("*",))
    tree.write("project/.zaiignore", "!*\n!gen.py\n!.env\nkept.py\n")
    tree.write("project/.gitignore", "gen.py\n!.env\n!kept.py\n!set.py\n")
    assert tree.says("project/gen.py") == ("gitignore", "gen.py", "project/.gitignore", 1)
    assert tree.says("project/gen.py", allow) is None
    assert tree.says("project/.env", allow) == ("name", "*.env", "", 0)
    assert tree.says("project/kept.py", allow) == ("zaiignore", "kept.py", "project/.zaiignore", 4)
    assert tree.says("project/set.py", Wishes(("set.py",), ("*",))) == ("patterns", "set.py", "", 0)


@pytest.mark.parametrize(
    ("pattern", "name", "root", "expected"),
    [
        ("*.sql", "loose/deep/a.sql", None, True),
        ("gen/", "project/gen/x/a.py", None, True),
        ("/gen", "project/gen/a.py", "project", True),
        ("/gen", "project/gen/a.py", None, True),  # from the root of its repository
        ("/gen", "loose/gen/a.py", None, False),
        ("/gen", "shell/gen/a.py", None, True),  # and from a folder with a project's file
        ("/gen", "project/lib/gen/a.py", "project", False),
        ("lib/*.py", "project/lib/a.py", "project", True),
        ("{home}/loose/", "loose/a.py", None, True),
        ("{home}/loose/", "project/a.py", None, False),
    ],
)
def test_patterns_of_a_setting(tree, pattern, name, root, expected):
    """With a slash they count from the open folder, or from the root of the file system."""
    tree.write("shell/.zai.toml")
    wishes = Wishes((pattern.format(home=tree.home),))
    assert (tree.says(name, wishes, root) is not None) is expected


LARGE = {"bytes": "x" * 262_145, "lines": "x\n" * 5_001, "wildcards": "*a*b?[c]d*\n" * 5_000}


@pytest.mark.parametrize("of", LARGE)
@pytest.mark.parametrize("name", [".zaiignore", ".gitignore", ".git/info/exclude"])
def test_a_list_that_cannot_be_read_keeps_all_back(tree, name, of):
    """Nobody knows what it says. Git's own may be allowed by the person; ours may not."""
    tree.write(f"project/{name}", LARGE[of])
    found = tree.files.verdict(f"{tree.top}/a.py", NOTHING)
    assert found is not None
    assert (found.source, found.place) == ("unreadable", f"{tree.top}/{name}")
    assert found.why == "larger than 256 KB, 5,000 lines or 20,000 wildcards"
    assert (tree.says("project/a.py", Wishes(allow=("*.py",))) is None) is (name != ".zaiignore")
    tree.write(f"project/{name}", "")
    assert tree.says("project/a.py") is None


def test_our_own_list_that_is_no_file_keeps_all_back(tree):
    """Git passes over a folder of the name of its own."""
    (tree.top / ".gitignore").mkdir()
    assert tree.says("project/a.py") is None
    (tree.top / ".zaiignore").mkdir()
    found = tree.files.verdict(f"{tree.top}/a.py", NOTHING)
    assert found is not None
    assert (found.source, found.why) == ("unreadable", "no ordinary file")


def test_many_lists_of_one_project_are_too_many_together(tree):
    """Each folder may bring its own: what is read for one file is bounded all the same."""
    folder = "project"
    for n in range(4):
        folder = f"{folder}/{n}"
        tree.write(f"{folder}/.gitignore", "".join(f"*a?{n}\n" for n in range(3_000)))
    assert tree.says("project/0/1/a.py") is None
    found = tree.files.verdict(f"{tree.home}/{folder}/a.py", NOTHING)
    assert found is not None
    assert (found.source, found.why[:25]) == ("unreadable", "with the lists above it, ")
    assert tree.says(f"{folder}/a.py", Wishes(allow=("*.py",))) is None


def test_a_list_made_to_take_long_takes_none(tree):
    """As many of the slowest rules as are read; the loop stands still meanwhile."""
    path = str(tree.write("project/a.py"))
    slow = "".join(f"*[!.]*{'[!.]' * (n % 2)}[a{n}]\n" for n in range(4_000))
    tree.write("project/.gitignore", slow[: slow.rindex("\n", 0, 65_000)])
    begun = time.process_time()
    tree.files.verdict(path, NOTHING)
    assert time.process_time() - begun < 2


# -- links ----------------------------------------------------------------------------------------------------


def test_a_link_is_judged_by_its_name_and_by_where_it_leads(tree):
    """And so is each folder above, and each link on the way."""
    tree.write("project/.gitignore", "*.log\n")
    tree.write("elsewhere/.zaiignore", "secret.py\n")
    for name in ("elsewhere/secret.py", "elsewhere/plain.py", "project/.env.d/plain.py"):
        tree.write(name)
    links = {
        "project/hidden.py": "../elsewhere/secret.py",
        "project/folder": "../elsewhere",
        "project/by.log": "../elsewhere/plain.py",
        "project/first.py": "second.py",
        "project/second.py": "id_rsa",
        "project/id_rsa": "../elsewhere/plain.py",
        "project/fine.py": "folder/plain.py",
        "project/loop.py": "loop.py",
        "project/nowhere.py": "../elsewhere/none.py",
        "project/up": "../elsewhere/deep",
    }
    tree.write("elsewhere/deep/a.py")
    for name, target in links.items():
        (tree.home / name).symlink_to(target)
    assert tree.says("project/hidden.py") == ("zaiignore", "secret.py", "elsewhere/.zaiignore", 1)
    assert tree.says("project/folder/secret.py") == ("zaiignore", "secret.py", "project/folder/.zaiignore", 1)
    assert tree.says("project/folder/deep/a.log") == ("gitignore", "*.log", "project/.gitignore", 1)
    assert tree.says("project/by.log") == ("gitignore", "*.log", "project/.gitignore", 1)
    assert tree.says("project/first.py") == ("name", "id_rsa*", "", 0)
    assert tree.says("project/fine.py") is None
    assert tree.says("project/loop.py") is None
    assert tree.says("project/nowhere.py") is None
    assert tree.says("project/up/../secret.py") == ("zaiignore", "secret.py", "elsewhere/.zaiignore", 1)


def test_where_a_link_leads_is_told(tree):
    """The path that the rule names is not the one that was asked about."""
    (tree.top / "notes.txt").symlink_to(tree.write("keys/.env"))
    found = tree.files.verdict(f"{tree.top}/notes.txt", NOTHING)
    assert found is not None
    assert found.path == f"{tree.home}/keys/.env"


# -- what is in no file, and time -----------------------------------------------------------------------------


def test_what_is_in_no_file_is_judged_by_its_name(tree):
    """A buffer that was never saved, and a name that no file can have."""
    for name, wishes, source in (
        ("Untitled-1", NOTHING, None),
        (".env", NOTHING, "name"),
        ("notes.sql", Wishes(("*.sql",)), "patterns"),
        ("/a\0b/.env", NOTHING, "name"),
        ("/a\0b", NOTHING, None),
        ("/" + "a" * 5_000, NOTHING, None),
        ("/" + "a" * 5_000 + "/b.py", NOTHING, None),
    ):
        found = tree.files.verdict(name, wishes)
        assert (found and found.source) == source


def test_a_verdict_takes_no_time(tree):
    """It is asked for at every key: less than a millisecond once the lists are known, however long they are."""
    tree.write("project/.gitignore", "".join(f"gen{n}/*.o\n*.x{n}\n" for n in range(1_000)))
    deep = "project/" + "/".join("abcdefgh")
    for folder in ("project/a", "project/a/b/c", deep):
        tree.write(f"{folder}/.gitignore", "*.tmp\n" * 50)
    paths = [str(tree.write(f"{deep}/{n}.py")) for n in range(20)]
    for path in paths:
        tree.files.verdict(path, NOTHING)
    took = []
    for path in paths * 10:
        begun = time.perf_counter()
        assert tree.files.verdict(path, NOTHING) is None
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.001
