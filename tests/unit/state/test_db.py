"""The shared database: opened late, private, mended when it is lost."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import stat
from pathlib import Path

import pytest

from zai_ls.errors import StateUnusable
from zai_ls.state import kernel_lock, schema
from zai_ls.state.db import Database
from zai_ls.state.folder import prepare
from zai_ls.state.kernel_lock import KernelLock


@pytest.fixture
def make(tmp_path):
    """Databases on one folder, with what they told the person."""
    made = []

    def make(**options) -> Database:
        messages: list[str] = []
        database = Database(tmp_path / "state", on_message=messages.append, **options)
        database.messages = messages
        made.append(database)
        return database

    yield make
    for database in made:
        database.close()


def put(database, name, value):
    database.transaction(
        lambda c: c.execute("INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", (name, value))
    )


def get(database, name):
    return database.read(lambda c: c.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone())


def test_nothing_is_touched_before_the_first_use(make, tmp_path):
    """Making a Database costs nothing and leaves no trace."""
    make()
    assert list(tmp_path.iterdir()) == []


def test_only_the_user_can_read_it(make, tmp_path):
    """The folder is 0700 and every file of the database 0600, whatever the umask."""
    before = os.umask(0)
    try:
        put(make(), "a", 1)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    assert modes["state.db-wal"] == 0o600
    assert set(modes.values()) == {0o600}


def test_what_fails_leaves_nothing(make):
    """A transaction is done as a whole or not at all."""
    database = make()

    def work(connection):
        connection.execute("INSERT INTO meta (name, value) VALUES ('a', 1)")
        raise KeyError

    with pytest.raises(KeyError):
        database.transaction(work)
    assert get(database, "a") is None


def test_a_newer_schema_is_left_as_it_is(make, tmp_path):
    """We go on with the columns we know and do not turn the version back."""
    put(make(), "a", 1)
    with contextlib.closing(sqlite3.connect(tmp_path / "state" / "state.db")) as newer:
        newer.execute("ALTER TABLE meta ADD COLUMN unit TEXT NOT NULL DEFAULT 's'")
        newer.execute("PRAGMA user_version = 99")
        newer.commit()
    again = make()
    put(again, "b", 2)
    assert get(again, "b") == (2,)
    assert again.read(lambda c: c.execute("PRAGMA user_version").fetchone()) == (99,)
    assert again.messages == []


def test_migrations_are_applied_once_and_in_order(make, monkeypatch):
    """Each number once, from where the file stands."""
    put(make(), "a", 1)
    monkeypatch.setattr(
        schema,
        "MIGRATIONS",
        (
            *schema.MIGRATIONS,
            ("CREATE TABLE two (x)",),
            ("ALTER TABLE two ADD COLUMN y", "CREATE INDEX three ON two (y)"),
        ),
    )
    for _ in range(2):
        database = make()
        assert get(database, "a") == (1,)
        version = database.read(lambda c: c.execute("PRAGMA user_version").fetchone())
        assert version == (len(schema.MIGRATIONS),)
        assert database.read(lambda c: c.execute("SELECT x, y FROM two").fetchall()) == []


def test_a_migration_that_breaks_off_is_not_half_done(make, monkeypatch):
    """A kill, or an error, in the middle leaves the old schema."""
    put(make(), "a", 1)
    with monkeypatch.context() as patch:
        patch.setattr(
            schema, "MIGRATIONS", (*schema.MIGRATIONS, ("CREATE TABLE two (x)", "CREATE TABLE two (x)"))
        )
        broken = make()
        with contextlib.suppress(StateUnusable):
            get(broken, "a")
    database = make()
    assert database.read(
        lambda c: c.execute("SELECT count(*) FROM sqlite_master WHERE name = 'two'").fetchone()
    ) == (0,)


def harm_garbage(path):
    path.write_bytes(b"not a database at all " * 500)


def harm_short(path):
    path.write_bytes(path.read_bytes()[:3000])


def harm_tables(path):
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE ticket")
        database.commit()


@pytest.mark.parametrize("harm", [harm_garbage, harm_short, harm_tables], ids=lambda f: f.__name__)
def test_a_damaged_file_is_set_aside_with_a_message(make, tmp_path, harm):
    """The person reads where it went, a new one is begun, and the next start finds nothing wrong."""
    first = make()
    put(first, "a", 1)
    first.close()
    harm(tmp_path / "state" / "state.db")
    database = make()
    database.transaction(lambda c: c.execute("SELECT * FROM ticket").fetchall())
    (message,) = database.messages
    (aside,) = (tmp_path / "state").glob("state.db.corrupt-*")
    assert aside.name in message
    assert get(database, "a") is None
    again = make()
    put(again, "b", 2)
    assert again.messages == []


def test_many_damaged_files_are_all_kept(make, tmp_path):
    """Two in one second do not overwrite each other."""
    for _ in range(3):
        path = tmp_path / "state" / "state.db"
        (tmp_path / "state").mkdir(mode=0o700, exist_ok=True)
        path.write_bytes(b"garbage " * 1000)
        os.utime(path, (1e9, 1e9))
        database = make()
        put(database, "a", 1)
        database.close()
    assert len(list((tmp_path / "state").glob("state.db.corrupt-*"))) == 3


@pytest.mark.parametrize("harm", ["remove", "garbage", "empty", "replace"])
def test_a_file_lost_in_use_is_begun_anew_and_our_rows_put_back(make, tmp_path, harm):
    """Whoever keeps rows is asked for them again, in each process, and all meet in the same new file."""
    one, two = make(), make()
    for number, database in enumerate((one, two)):
        put(database, f"of {number}", number)
        database.on_restored(
            lambda c, number=number: c.execute(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"of {number}", number)
            )
        )
    path = tmp_path / "state" / "state.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # else the log alone would mend it
    if harm == "remove":
        path.unlink()
    elif harm == "garbage":
        path.write_bytes(b"?" * 50_000)
    elif harm == "empty":
        os.truncate(path, 0)
    else:
        (tmp_path / "other").write_bytes(b"no database" * 1000)
        (tmp_path / "other").replace(path)
    for _ in range(3):
        for number, database in enumerate((one, two)):
            put(database, f"again {number}", 1)
    for database in (one, two):
        for name, value in (("of 0", 0), ("of 1", 1), ("again 0", 1), ("again 1", 1)):
            assert get(database, name) == (value,), name
    assert len(one.messages) + len(two.messages) == (0 if harm in {"remove", "empty"} else 1)


def test_a_file_system_without_shared_memory(make):
    """Where the write-ahead log cannot be had the person is told and the work goes on."""
    database = make(vfs="unix-dotfile")
    put(database, "a", 1)
    assert get(database, "a") == (1,)
    assert database.read(lambda c: c.execute("PRAGMA journal_mode").fetchone()) == ("delete",)
    assert len(database.messages) == 1


def test_a_folder_that_cannot_be_used_says_what_to_do(tmp_path):
    """A file in its place, others' eyes: the error names the path and the remedy."""
    (tmp_path / "file").write_text("")
    (tmp_path / "open").mkdir(mode=0o700)
    (tmp_path / "open").chmod(0o755)
    for name, remedy in (("file", "not a folder"), ("open", "chmod")):
        with pytest.raises(StateUnusable) as caught:
            Database(tmp_path / name).read(lambda c: None)
        assert remedy in caught.value.user_text
        assert str(tmp_path / name) in caught.value.user_text


ENDINGS = ("", "-wal", "-shm", "-journal")


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("other", ["link", "foreign", "folder"])
def test_a_file_that_may_be_anothers_is_refused(tmp_path, monkeypatch, ending, other):
    """A link leads anywhere, and another user's file can be changed under us: neither is opened, and it is said."""
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    path = folder / f"state.db{ending}"
    if other == "link":
        (tmp_path / "mine").write_bytes(b"untouched")
        path.symlink_to(tmp_path / "mine")
    elif other == "folder":
        path.mkdir()
    else:
        path.touch(0o600)
        found = Path.lstat
        monkeypatch.setattr(Path, "lstat", lambda p: _of_another(found(p)) if p == path else found(p))

    with pytest.raises(StateUnusable) as caught:
        Database(folder).read(lambda c: None)

    assert str(path) in caught.value.user_text
    remedy = {"link": "it is a link", "foreign": "another user", "folder": "no plain file"}[other]
    assert remedy in caught.value.user_text
    assert other != "link" or (tmp_path / "mine").read_bytes() == b"untouched"


def test_a_lock_file_that_may_be_anothers_is_refused(tmp_path):
    """Who can open it could hold it for ever."""
    (tmp_path / "a.lock").symlink_to(tmp_path / "b")
    with pytest.raises(StateUnusable, match="link"):
        KernelLock(tmp_path / "a.lock").try_take()
    assert not (tmp_path / "b").exists()


def test_a_file_that_was_copied_into_the_folder_is_closed_to_others(tmp_path):
    """So that it stays closed whatever becomes of the folder; what is made there is from its first moment."""
    database = Database(tmp_path / "state")
    database.transaction(lambda c: None)
    database.close()
    (tmp_path / "state" / "state.db").chmod(0o644)
    (tmp_path / "state" / "state.lock").chmod(0o666)
    kernel_lock._spare.clear()  # as another process, which has none

    before = os.umask(0)
    try:
        database = Database(tmp_path / "state")
        database.transaction(lambda c: put_nothing(c))
        modes = {p.name: p.stat().st_mode & 0o777 for p in (tmp_path / "state").iterdir()}
    finally:
        os.umask(before)
        database.close()
    assert set(modes.values()) == {0o600}, modes


def put_nothing(connection):
    connection.execute("CREATE TABLE IF NOT EXISTS of_a_test (a)")


def test_a_link_to_the_folder_that_another_user_made_is_refused(tmp_path, monkeypatch):
    """It could lead into any folder of this user's; one's own link is a way to have the state on another disk."""
    (tmp_path / "there").mkdir(mode=0o700)
    link = tmp_path / "state"
    link.symlink_to(tmp_path / "there")
    Database(link).read(lambda c: None)
    found = Path.lstat
    monkeypatch.setattr(Path, "lstat", lambda p: _of_another(found(p)) if p == link else found(p))
    with pytest.raises(StateUnusable, match="another user"):
        prepare(link)


def _of_another(found):
    fields = list(found)
    fields[4] = os.geteuid() + 1
    return os.stat_result(fields)
