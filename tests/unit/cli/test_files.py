"""Files as an editor: nothing of a file is lost but what the edit replaces, and nobody's change is overwritten."""

from __future__ import annotations

import os

import pytest

from zai_ls.cli.exits import CannotWrite
from zai_ls.cli.files import FileEditor, Unreadable, path_of
from zai_ls.domain import Edit, Edits, FileChange, Landing, Point, Range

EDIT = Edit(Range(Point(1, 0), Point(1, 3)), "TWO")


@pytest.fixture
def editor():
    return FileEditor(max_bytes=10_000, write=True)


async def check(editor, path, before: bytes, after: bytes, edit=EDIT):
    """The file holds *before*; *edit* is applied; it holds *after*."""
    path.write_bytes(before)
    snapshot = editor.open(path)
    landing = await editor.apply(Edits("x", (FileChange(snapshot.uri, (edit,), snapshot.version),)))

    assert landing is Landing.APPLIED
    assert path.read_bytes() == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"one\ntwo\n", b"one\nTWO\n"),
        (b"one\ntwo", b"one\nTWO"),
        (b"one\r\ntwo\r\nthree", b"one\r\nTWO\r\nthree"),
        (b"one\rtwo\r", b"one\rTWO\r"),
        (b"one\ntwo\r\nthree\n\tfour\n", b"one\nTWO\r\nthree\n\tfour\n"),
        (b"\xef\xbb\xbfone\ntwo\n", b"\xef\xbb\xbfone\nTWO\n"),
        ("ein\u2028s\ntwo 😀\n".encode(), "ein\u2028s\nTWO 😀\n".encode()),
    ],
)
async def test_everything_but_the_edit_stays_byte_for_byte(editor, tmp_path, before, after):
    """Line endings, the lack of a last one, tabs, a byte order mark."""
    await check(editor, tmp_path / "a.py", before, after)


async def test_mode_and_link_stay(editor, tmp_path):
    """A script stays executable; what a link that was named leads to is changed by its own name, and not through the link."""
    real = tmp_path / "real.py"
    real.write_bytes(b"one\ntwo\n")
    real.chmod(0o750)
    link = tmp_path / "link.py"
    link.symlink_to(real)

    await check(editor, link, b"one\ntwo\n", b"one\nTWO\n")
    change = FileChange(link.as_uri(), (Edit(Range(Point(0, 0), Point(0, 3)), "ONE"),))
    assert await editor.apply(Edits("named by the link", (change,))) is Landing.REFUSED
    assert str(link) in editor.failed

    assert link.is_symlink()
    assert real.read_bytes() == b"one\nTWO\n"
    assert real.stat().st_mode & 0o777 == 0o750
    assert sorted(p.name for p in tmp_path.iterdir()) == ["link.py", "real.py"]


@pytest.mark.parametrize("names", [1, 2])
async def test_a_link_that_is_put_there_in_the_last_moment_is_not_followed(
    editor, tmp_path, monkeypatch, names
):
    """Between the last look and the writing, as somebody else on the machine may do it."""
    path, other = tmp_path / "a.py", tmp_path / "elsewhere.py"
    path.write_bytes(b"one\ntwo\n")
    other.write_bytes(b"theirs\n")
    if names == 2:
        (tmp_path / "second.py").hardlink_to(other)
    look = os.fsync

    def swap(handle: int) -> None:
        look(handle)
        path.unlink()
        path.symlink_to(other)

    monkeypatch.setattr("zai_ls.cli.files.os.fsync", swap)
    snapshot = editor.open(path)
    change = FileChange(snapshot.uri, (Edit(Range(Point(1, 0), Point(1, 3)), "TWO"),), snapshot.version)
    assert await editor.apply(Edits("", (change,))) is Landing.REFUSED
    assert str(path) in editor.failed
    assert other.read_bytes() == b"theirs\n"


async def test_a_link_to_nothing_is_in_the_way_of_a_new_file(editor, tmp_path):
    """The file would come to be where the link leads."""
    link = tmp_path / "new.py"
    link.symlink_to(tmp_path / "none.py")
    start = Point(0, 0)
    change = FileChange(link.as_uri(), (Edit(Range(start, start), "x\n"),), create=True)
    assert await editor.apply(Edits("", (change,))) is Landing.REFUSED
    assert not (tmp_path / "none.py").exists()
    assert link.is_symlink()


async def test_a_file_with_two_names_keeps_both(editor, tmp_path):
    """The change is seen under the other name too."""
    path, other = tmp_path / "a.py", tmp_path / "b.py"
    path.write_text("one\n")
    other.hardlink_to(path)

    await check(editor, path, b"one\ntwo\n", b"one\nTWO\n")

    assert other.read_bytes() == b"one\nTWO\n"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.py", "b.py"]


async def test_a_read_only_file_stays_as_it_is(editor, tmp_path):
    """Its folder could be written, so it could be replaced; nobody wants that."""
    path = tmp_path / "a.py"
    path.write_bytes(b"one\ntwo\n")
    snapshot = editor.open(path)
    path.chmod(0o444)

    assert await editor.apply(Edits("x", (FileChange(snapshot.uri, (EDIT,), 1),))) is Landing.REFUSED
    assert path.read_bytes() == b"one\ntwo\n"
    assert editor.failed == f"{path} is read-only. Nothing was changed."
    assert editor.told == [editor.failed]
    with pytest.raises(CannotWrite, match="read-only"):
        editor.require_writable(snapshot.uri)


async def test_what_cannot_be_written_is_named_by_its_own_name(editor, tmp_path, monkeypatch):
    """Not by that of the file that was to take its place."""
    path = tmp_path / "a.py"
    path.write_bytes(b"one\ntwo\n")
    snapshot = editor.open(path)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device", str(tmp_path / ".a.py.x7"))

    monkeypatch.setattr("tempfile.mkstemp", full)
    await editor.apply(Edits("x", (FileChange(snapshot.uri, (EDIT,), 1),)))

    assert editor.failed == f"{path} cannot be written (No space left on device). Nothing was changed."


async def test_a_byte_order_mark_is_part_of_the_change(editor, tmp_path):
    """Else the printed diff would not fit the file."""
    await check(editor, tmp_path / "a.py", b"\xef\xbb\xbfone\ntwo\n", b"\xef\xbb\xbfone\nTWO\n")

    assert [(d.before, d.after) for d in editor.diffs] == [("\ufeffone\ntwo\n", "\ufeffone\nTWO\n")]


async def test_a_file_that_moved_on_is_not_overwritten(editor, tmp_path):
    """Someone saved it while the model ran: the answer has to be moved onto the new text first."""
    path = tmp_path / "a.py"
    path.write_text("one\ntwo\n")
    snapshot = editor.open(path)
    path.write_text("zero\none\ntwo\n")
    change = FileChange(snapshot.uri, (EDIT,), snapshot.version)

    assert await editor.apply(Edits("x", (change,))) is Landing.STALE
    assert path.read_text() == "zero\none\ntwo\n"
    assert editor.changes_since(snapshot.uri, snapshot.version) is None
    current = editor.read(snapshot.uri)
    assert current.version == snapshot.version + 1
    assert editor.changes_since(snapshot.uri, current.version) == ()


async def test_all_files_or_none(editor, tmp_path):
    """One of two files moved on: the other is not touched either."""
    first, second = tmp_path / "a.py", tmp_path / "b.py"
    snapshots = []
    for path in (first, second):
        path.write_text("one\ntwo\n")
        snapshots.append(editor.open(path))
    second.write_text("changed\ntwo\n")
    changes = tuple(FileChange(s.uri, (EDIT,), s.version) for s in snapshots)

    assert await editor.apply(Edits("x", changes)) is Landing.STALE
    assert first.read_text() == "one\ntwo\n"
    assert editor.diffs == []


async def test_a_new_file_is_created_with_its_folder_and_never_over_another(editor, tmp_path):
    """Tests go into a file that may not exist yet."""
    path = tmp_path / "tests" / "test_a.py"
    change = FileChange(path.as_uri(), (Edit(Range(Point(0, 0), Point(0, 0)), "new\n"),), None, create=True)

    assert await editor.apply(Edits("x", (change,))) is Landing.APPLIED
    assert path.read_text() == "new\n"
    assert await editor.apply(Edits("x", (change,))) is Landing.REFUSED


async def test_without_write_nothing_is_written_but_the_change_is_known(tmp_path):
    """`zai-ls run` prints what it would do."""
    editor = FileEditor(max_bytes=10_000, write=False)
    path = tmp_path / "a.py"
    await check(editor, path, b"one\ntwo\n", b"one\ntwo\n")

    assert [(d.path, d.before, d.after) for d in editor.diffs] == [(path, "one\ntwo\n", "one\nTWO\n")]


async def test_a_folder_that_cannot_be_written_is_told_and_refused(editor, tmp_path):
    """The place of the new file is taken by something that is no folder."""
    (tmp_path / "tests").write_text("")
    change = FileChange((tmp_path / "tests" / "t.py").as_uri(), (), None, create=True)

    assert await editor.apply(Edits("x", (change,))) is Landing.REFUSED
    assert len(editor.told) == 1
    assert "cannot be written" in editor.told[0]


async def test_a_file_that_is_gone_is_refused(editor, tmp_path):
    """Deleted while the model ran: it is not written again."""
    path = tmp_path / "a.py"
    path.write_text("one\ntwo\n")
    snapshot = editor.open(path)
    path.unlink()

    assert editor.read(snapshot.uri) is None
    assert await editor.apply(Edits("x", (FileChange(snapshot.uri, (EDIT,), 1),))) is Landing.REFUSED
    assert not path.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no file"),
        (b"a\0b", "binary"),
        (b"caf\xe9", "not UTF-8"),
        (b"x" * 10_001, "larger than"),
    ],
)
def test_what_no_action_can_run_on_is_said(editor, tmp_path, content, words):
    """One sentence instead of a damaged file."""
    path = tmp_path / "a.py"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(Unreadable, match=words):
        editor.open(path)


def test_a_folder_is_no_file(editor, tmp_path):
    """Nor is anything else that is not a regular file."""
    with pytest.raises(Unreadable, match="is no file"):
        editor.open(tmp_path)


def test_uris_and_languages(editor, tmp_path):
    """Names with blanks, per cent signs and letters of other alphabets come back as they went."""
    path = tmp_path / "ä b%20c.TSX"
    path.write_text("x")

    assert path_of(path.as_uri()) == path
    assert path_of(path.as_uri().replace("file://", "file://localhost")) == path
    assert editor.open(path).language == "typescriptreact"
