"""The verbs, run as a person runs them, on a state folder of their own; nothing is sent."""

from __future__ import annotations

import json
import os

import pytest

from tests.clock import TurnedClock
from tests.integration.one_answer import one_answer
from zai_ls.cli.main import main
from zai_ls.state.answers import Answers

CODE = "def add(a, b):\n    if a:\n        return a + b\n    return b\n\n\ndef one():\n    return 1\n"


@pytest.fixture(autouse=True)
def set_up(monkeypatch, tmp_path):
    """A key for a host on this machine where nobody listens, and no file or keyring of the machine's own."""
    for name in list(os.environ):
        if name.startswith(("ZAI_", "ZHIPUAI_", "OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("ZAI_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("ZAI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("ZAI_BASE_URL", "http://127.0.0.1:9/api/paas/v4")
    monkeypatch.setenv("ZAI_API_KEY", "id.very-secret")
    monkeypatch.setattr("zai_ls.config.keys.in_keyring", lambda host: None)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(CODE)


@pytest.fixture
def check(capfd):
    """Run a command line: the exit code, and words of what it prints; its standard output comes back."""

    def check(*argv, code=0, out=(), err=()):
        assert main(argv) == code
        printed = capfd.readouterr()
        assert all(word in printed.out for word in out), printed.out
        assert all(word in printed.err for word in err), printed.err
        assert "very-secret" not in printed.out + printed.err
        return printed.out

    return check


def test_a_pause_is_seen_by_every_process_until_it_is_taken_back(check):
    """Each call here wires up anew, as another process would."""
    check("status", out=["127.0.0.1:9", "In flight: 0. Waiting: 0."])
    check("pause", out=["Paused"])
    assert json.loads(check("status", "--json"))["paused"] is True
    check("status", out=["zai-ls resume"])
    check("run", "simplify", "a.py:1-4", code=4, err=["paused"])
    check("resume", out=["may start again"])
    assert json.loads(check("status", "--json"))["paused"] is False


def test_a_refusal_of_the_service_has_its_exit_code_and_changes_nothing(check, monkeypatch, tmp_path):
    """With `--json` the same as a document."""
    with one_answer(status=401, body={"error": {"code": "1000", "message": "no"}}) as (url, answer):
        monkeypatch.setenv("ZAI_BASE_URL", url)
        check("run", "simplify", "a.py", "--apply", code=5, err=["rejected the API key"])
        document = json.loads(check("run", "simplify", "a.py", "--json", code=5))

    assert (document["outcome"], document["exit"]) == ("error", 5)
    assert answer["asked"] == [("/chat/completions", "Bearer id.very-secret")] * 2
    assert (tmp_path / "a.py").read_text() == CODE


def test_what_leaves_shows_the_request_without_the_key(check):
    """The body on standard output, where it goes and why on standard error; nothing is sent."""
    body = json.loads(
        check(
            "what-leaves",
            "a.py:1-4",
            "--action",
            "document",
            err=["POST http://127.0.0.1:9/api/paas/v4/chat/completions"],
        )
    )

    assert "def add(a, b):" in json.dumps(body)
    assert body["stream"] is True


def test_quota_and_stats_of_an_account_that_sent_nothing(check):
    """True and short: pay-as-you-go has no windows."""
    check("quota", out=["No quota window"])
    assert json.loads(check("quota", "--json")) == {"windows": []}
    check("stats", err=["Nothing was sent"])
    assert json.loads(check("stats", "--json")) == []


def test_quota_of_a_plan_names_its_windows(check):
    """In the public shape; what is not known is null."""
    windows = json.loads(check("quota", "--json", "--plan", "pro"))["windows"]

    assert [w["name"] for w in windows][:1] == ["5h"]
    assert all(set(w) == {"name", "used_percent", "resets_at", "source"} for w in windows)
    check("quota", "--line", "--plan", "pro", out=["5h "])


def test_score_names_each_definition_its_tier_and_its_model(check):
    """One object a line, so that other tools can read it."""
    rows = [json.loads(line) for line in check("score", "a.py", "--json").splitlines()]

    assert [(row["name"], row["range"]) for row in rows] == [("add", "1-4"), ("one", "7-8")]
    assert rows[0]["score"] > rows[1]["score"]
    assert {row["tier"] for row in rows} <= {"light", "standard", "strong"}
    assert len(check("score", ".").splitlines()) == 2
    assert len(check("score", "a.py", "--whole").splitlines()) == 1


def test_kept_answers_are_listed_and_printed_whole(check, tmp_path):
    """The beginning of an id is enough; the text comes out byte for byte."""
    kept = Answers(tmp_path / "state" / "answers", TurnedClock()).keep(
        uri="file:///a.py", action="simplify", reason="conflict", text="x = 1\r\n"
    )

    check("answers", out=[kept.id, "simplify", "conflict", "file:///a.py"])
    assert json.loads(check("answers", "--json"))[0]["id"] == kept.id
    assert check("answers", kept.id).encode() == b"x = 1\r\n"
    assert json.loads(check("answers", kept.id, "--json"))["text"] == "x = 1\r\n"


def test_doctor_finds_the_host_that_does_not_answer(check):
    """Exit code 1; the same findings as text and as JSON."""
    check("doctor", code=1, out=["XX  service: ", "ok  key: "])
    findings = json.loads(check("doctor", "--json", code=1))

    assert {f["severity"] for f in findings} >= {"error", "fine"}
