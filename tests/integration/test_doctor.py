"""`zai-ls doctor` names what is wrong and what to do, for each thing that can be wrong with a set-up."""

from __future__ import annotations

import sqlite3

import pytest

from tests.clock import TurnedClock
from tests.integration.one_answer import one_answer
from zai_ls.config import keys, load
from zai_ls.doctor import CHECKS, Patient, examine

NOW = 1_795_000_000.0
MODELS = {"object": "list", "data": [{"id": "glm-5.3"}]}


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch):
    """The test machine's own keyring is not asked."""
    monkeypatch.setattr(keys, "in_keyring", lambda host: None)


@pytest.fixture
def service():
    """A sound service; yields its URL, and what it answers."""
    with one_answer(body=MODELS, date=NOW) as served:
        yield served


@pytest.fixture
def patient(tmp_path):
    """Someone with this environment and this config file, on a machine with nothing special about it."""

    def patient(toml="", flags=None, **environ):
        (tmp_path / "config.toml").write_text(toml, encoding="utf-8")
        (tmp_path / "config.toml").chmod(0o600)
        state = tmp_path / "state"
        state.mkdir(mode=0o700, exist_ok=True)
        environ = {"ZAI_CONFIG": str(tmp_path / "config.toml"), "ZAI_STATE_DIR": str(state), **environ}
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
        return Patient(load(flags, environ=environ), TurnedClock(NOW), environ, root)

    return patient


def check(patient, name, severity, *words):
    """The check *name* finds exactly one thing that is not fine (or that is), in *words*."""
    found = [f for f in examine(patient) if f.check == name and (severity == "fine" or f.severity != "fine")]

    assert [f.severity for f in found] == [severity], found
    for word in words:
        assert word in found[0].text


def test_a_sound_set_up_has_no_complaint(patient, service):
    """Every check is fine; the key was sent to its host once, and nothing else was asked."""
    url, answer = service
    who = patient(ZAI_API_KEY="id.secret", ZAI_BASE_URL=f"{url}/v1")

    assert {f.severity for f in examine(who)} == {"fine"}
    assert answer["asked"] == [("/v1/models", "Bearer id.secret")]


def test_without_a_key_it_says_how_to_set_one_and_asks_nobody(patient):
    """No request without a key."""
    who = patient(OPENAI_API_KEY="x")
    found = [f for f in examine(who) if f.check == "key"]

    assert [f.severity for f in found] == ["error", "note"]
    assert "ZAI_API_KEY" in found[0].text
    assert "OPENAI_BASE_URL" in found[1].text
    assert who.answer() is None


@pytest.mark.parametrize(
    ("status", "body", "severity", "words"),
    [
        (401, {"error": {"code": "1000", "message": "x"}}, "error", "rejected the API key"),
        (200, {"code": 401, "msg": "token expired", "success": False}, "error", "rejected the API key"),
        (429, {"error": {"code": "1113", "message": "x"}}, "error", "another product"),
        (429, {"error": {"code": "1309", "message": "x"}}, "error", "plan of this key"),
        (404, {"detail": "Not Found"}, "note", "could not be tried"),
        (500, {}, "note", "could not be tried"),
    ],
)
def test_what_the_service_says_about_the_key(patient, service, status, body, severity, words):
    """Told by its code; a host without a list of models proves nothing against the key."""
    url, answer = service
    answer.update(status=status, body=body)

    check(patient(ZAI_API_KEY="k", ZAI_BASE_URL=url), "service", severity, words)


def test_a_host_that_does_not_answer(patient):
    """Nobody listens there."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: refused, and nobody else gets the port meanwhile
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"

        check(
            patient(ZAI_API_KEY="k", ZAI_BASE_URL=url), "service", "error", "127.0.0.1", "cannot be reached"
        )


@pytest.mark.parametrize(
    ("date", "severity", "words"),
    [
        (NOW - 3600, "warning", "3600 s ahead"),
        (NOW + 300, "warning", "300 s behind"),
        (NOW - 30, "fine", "agrees"),
    ],
)
def test_a_clock_that_is_off(patient, service, date, severity, words):
    """Reset times are told in the service's time."""
    url, answer = service
    answer["date"] = date

    check(patient(ZAI_API_KEY="k", ZAI_BASE_URL=url), "clock", severity, words)


def test_a_service_that_tells_no_time(patient, service):
    """Nothing can be said then, so nothing is."""
    url, answer = service
    answer["date"] = None

    assert not [f for f in examine(patient(ZAI_API_KEY="k", ZAI_BASE_URL=url)) if f.check == "clock"]


@pytest.mark.parametrize(
    ("plan", "path", "severity", "words"),
    [
        ("pro", "/api/paas/v4", "error", "/api/coding/paas/v4"),
        ("payg", "/api/coding/paas/v4", "warning", "ZAI_PLAN"),
        ("payg", "/api/anthropic", "warning", "ZAI_PLAN"),
        ("lite", "/api/other", "warning", "none of the service's known"),
    ],
)
def test_plan_and_base_url_of_different_products(patient, monkeypatch, plan, path, severity, words):
    """The commonest mistake: requests fail with 1113, or are paid twice."""
    who = patient(ZAI_API_KEY="i.s", ZAI_PLAN=plan, ZAI_BASE_URL=f"https://api.z.ai{path}")
    monkeypatch.setattr(Patient, "answer", lambda self: None)  # the vendor's host is not asked by tests

    check(who, "product", severity, words)


def test_a_key_that_does_not_look_like_one(patient, monkeypatch):
    """Half of it was copied."""
    monkeypatch.setattr(Patient, "answer", lambda self: None)  # the vendor's host is not asked by tests

    found = [f for f in examine(patient(ZAI_API_KEY="half")) if f.check == "key"]
    assert [f.severity for f in found] == ["fine", "warning"]
    assert "half" not in " ".join(f.text for f in found)


@pytest.mark.parametrize(
    ("toml", "severity", "words"),
    [
        ("slots = 99", "warning", "1 to 16"),
        ("slots =", "error", "cannot be read"),
        ("apiKeyCommand = 'no-such-program'", "error", "cannot be run"),
        ("baseUrl = 'nonsense'", "error", "no URL"),
        ("proxy = 'nonsense'", "error", "Nothing is sent"),
    ],
)
def test_settings_that_are_not_accepted(patient, toml, severity, words):
    """What stops requests is an error; what only falls back is a warning."""
    found = [f for f in examine(patient(toml)) if f.check == "settings"]

    assert found[0].severity == severity
    assert words in found[0].text


def test_folders_and_files_that_others_can_open(patient):
    """State holds kept answers, the config file decides where the key goes."""
    who = patient()
    who.config.state_dir.chmod(0o755)
    who.config.user_file.chmod(0o666)

    check(who, "state folder", "error", "chmod go-rwx")  # no process starts with such a folder
    assert len([f for f in examine(who) if f.check == "state folder"]) == 1  # it is not fine as well
    check(who, "settings", "warning", "chmod go-w")


def test_a_state_folder_that_cannot_be(patient, tmp_path):
    """Its place is taken by a file."""
    (tmp_path / "file").write_text("")

    check(patient(ZAI_STATE_DIR=str(tmp_path / "file" / "state")), "state folder", "error", "ZAI_STATE_DIR")


def test_a_state_folder_on_a_network_file_system(patient, tmp_path):
    """Locks cannot be relied on there; the nearest mount point counts."""
    who = patient()
    (who.root / "proc").mkdir()
    (who.root / "proc" / "mounts").write_text(f"disk / ext4 rw 0 0\nhost:/x {tmp_path} nfs4 rw 0 0\nodd\n")

    check(who, "state folder", "warning", "nfs4")


@pytest.mark.parametrize(
    ("mark", "environ", "words"),
    [
        (".dockerenv", {}, "a container"),
        ("", {"FLATPAK_ID": "org.x"}, "a Flatpak"),
        ("", {"SNAP": "/snap/x"}, "a snap"),
        ("", {"WSL_DISTRO_NAME": "Debian"}, "WSL"),
        ("", {"SSH_CONNECTION": "1 2 3 4"}, "an SSH session"),
    ],
)
def test_a_box_that_other_editors_are_not_in(patient, mark, environ, words):
    """One in flight holds within one state folder."""
    who = patient(**environ)
    if mark:
        (who.root / mark).write_text("")

    check(who, "shared with your editors", "note", words)


def test_databases_are_looked_into(patient):
    """A damaged one is said, and that it will be begun anew."""
    who = patient()
    sound, damaged = who.config.state_dir / "a.db", who.config.state_dir / "b.db"
    with sqlite3.connect(sound) as database:
        database.execute("create table t (x)")
    database.close()
    damaged.write_bytes(b"this is no database at all" * 100)
    for path in (sound, damaged):
        path.chmod(0o600)

    found = [f for f in examine(who) if f.check == "database"]
    assert [f.severity for f in found] == ["fine", "error"]
    assert "b.db" in found[1].text
    sound.chmod(0o644)
    assert "chmod go-rwx" in [f for f in examine(who) if f.check == "database"][1].text


def _folder_instead(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.chmod(0o400), ("read and write", "chmod u+rw")),
        (lambda path: path.chmod(0o000), ("read and write", "chmod u+rw")),
        (_folder_instead, ("is no file", "Move it away")),
    ],
    ids=["read-only", "closed", "a folder"],
)
def test_a_database_that_cannot_be_used_is_not_called_damaged(patient, spoil, words):
    """zai-ls would not set it aside, so doctor does not say so."""
    who = patient()
    path = who.config.state_dir / "state.db"
    with sqlite3.connect(path) as database:
        database.execute("create table t (x)")
    database.close()
    path.chmod(0o600)
    spoil(path)

    check(who, "database", "error", *words)
    assert "begun anew" not in " ".join(f.text for f in examine(who))


def test_a_database_that_is_locked_is_not_called_damaged(patient, monkeypatch):
    """Another program holds it for a moment."""
    monkeypatch.setattr("zai_ls.doctor.LOCKED_S", 0.0)
    who = patient()
    path = who.config.state_dir / "state.db"
    with sqlite3.connect(path, isolation_level=None) as database:
        path.chmod(0o600)
        database.execute("create table t (x)")
        database.execute("begin exclusive")
        check(who, "database", "error", "cannot be looked into")
    database.close()


def test_commands_that_are_suggested_can_be_pasted(patient, tmp_path):
    """A path with blanks is one word of a shell."""
    folder = tmp_path / "my state"
    folder.mkdir(mode=0o755)

    check(patient(ZAI_STATE_DIR=str(folder)), "state folder", "error", f"`chmod go-rwx '{folder}'`")


def test_the_proxy_is_named_without_its_password(patient):
    """People forget that they set one."""
    check(patient("proxy = 'http://me:hunter2@proxy:8080'"), "proxy", "fine", "http://proxy:8080")


def test_the_log(patient, tmp_path):
    """A folder that is not there."""
    check(patient(f"logFile = '{tmp_path}/no/such/zai.log'"), "log", "error", "zai.logFile")


def test_a_check_that_breaks_does_not_hide_the_others(patient, monkeypatch):
    """It is a finding itself."""

    def broken(_patient):
        raise RuntimeError("odd")

    monkeypatch.setitem(CHECKS, "key", broken)
    findings = examine(patient())

    check(patient(), "key", "warning", "RuntimeError", "report")
    assert {"version", "state folder"} <= {f.check for f in findings}
