"""The verbs, run as a person runs them, on a state folder of their own; nothing is sent."""

from __future__ import annotations

import json
import os
import time

import pytest

from tests.clock import TurnedClock
from tests.git import git
from tests.integration.one_answer import one_answer
from zai_ls.cli import wiring
from zai_ls.cli.main import main
from zai_ls.config import load
from zai_ls.core.completion.fate import Fate
from zai_ls.core.throttle import Go
from zai_ls.domain import Lane, Usage
from zai_ls.state.answers import Answers
from zai_ls.state.db import Database
from zai_ls.state.folder import prepare
from zai_ls.state.ledger import Ledger, Reservation
from zai_ls.state.shown import Shown

CODE = "def add(a, b):\n    if a:\n        return a + b\n    return b\n\n\ndef one():\n    return 1\n"


@pytest.fixture(autouse=True)
def set_up(monkeypatch, tmp_path):
    """A key for a host on this machine where nobody listens, and no file or keyring of the machine's own."""
    for name in list(os.environ):
        if name.startswith(("ZAI_", "ZHIPUAI_", "OPENAI_", "ANTHROPIC_")):
            monkeypatch.delenv(name)
    (tmp_path / "config.toml").touch()
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


@pytest.fixture
def service(monkeypatch):
    """A service that would answer; what it was asked."""
    with one_answer(status=401, body={"error": {"code": "1000", "message": "no"}}) as (url, answer):
        monkeypatch.setenv("ZAI_BASE_URL", url)
        yield answer["asked"]
    assert answer["asked"] == []


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ('languages.off = ["python"]', "switched off for python"),
        ('actions.disabled = ["simplify"]', "The action simplify is switched off"),
        ("limits.maxFileBytes = 1024", "limit of zai.limits.maxFileBytes"),
        ('ignore.patterns = ["/sub/*.py"]', "`/sub/*.py` in the setting zai.ignore.patterns"),
    ],
)
def test_a_projects_file_holds_in_a_shell_too(check, service, tmp_path, toml, words):
    """The same as in an editor: nothing is sent, also from below the project's root; nor shown as if it were."""
    (tmp_path / ".zai.toml").write_text(toml)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.py").write_text(CODE + "# long\n" * 200)
    code = 2 if "limits" in toml else 3

    check("run", "simplify", "sub/a.py", code=code, err=[words])
    check("what-leaves", "sub/a.py", code=code, err=[words])
    if "limits" in toml:
        check("score", "sub/a.py", code=2, err=[words])
        check("score", ".", err=[words], out=["a.py"])


def test_a_file_that_is_ignored_is_left_alone_in_a_shell_too(check, service, tmp_path, monkeypatch):
    """The rule, its file and its line are named; by a name relative to the folder above as well."""
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text("# made\n/gen/*\n")
    (tmp_path / "gen").mkdir()
    (tmp_path / "gen" / "b.py").write_text(CODE)
    monkeypatch.chdir(tmp_path / "gen")
    words = ["zai-ls leaves b.py alone", "`/gen/*`, line 2 of ", ".gitignore"]

    check("run", "simplify", "b.py", "--apply", code=3, err=words)
    check("what-leaves", "b.py:1-4", code=3, err=words)
    check("what-leaves", "b.py", "--action", "complete", code=3, err=words)
    document = json.loads(check("run", "explain", "b.py", "--json", code=3))
    assert (document["outcome"], document["reason"]) == ("declined", "ignored")
    (tmp_path / "gen" / "id_rsa").symlink_to("../a.py")
    for argv in (["run", "explain", "id_rsa"], ["what-leaves", "id_rsa"]):
        check(*argv, code=3, err=["`id_rsa*`, built in"])
    (tmp_path / "config.toml").write_text('ignore.allow = ["/gen/"]\n')
    check("what-leaves", "b.py", out=["def add"])
    monkeypatch.setenv("ZAI_IGNORE_ALLOW", "'/else where/'")
    check("what-leaves", "b.py", code=3, err=words)


def test_what_a_projects_file_may_not_say_is_told(check, tmp_path):
    """It can only tighten."""
    (tmp_path / ".zai.toml").write_text("slots = 16\n")

    for argv in (["what-leaves", "a.py:1-4"], ["score", "a.py"]):
        check(*argv, err=["slots in", "only switch things off"])


EVERY_VERB = (
    ["status"],
    ["quota"],
    ["stats"],
    ["pause"],
    ["resume"],
    ["answers"],
    ["score", "a.py"],
    ["what-leaves", "a.py"],
)


@pytest.mark.parametrize("argv", EVERY_VERB, ids=lambda argv: argv[0])
def test_every_verb_says_what_is_wrong_with_the_settings(capfd, monkeypatch, tmp_path, argv):
    """Each thing once, on standard error; the rest stays in force."""
    (tmp_path / "config.toml").write_text("slots = 99\ncolour = 'red'\n")
    monkeypatch.setenv("ZAI_PLAN", "huge")
    assert main(argv) == 0
    err = capfd.readouterr().err

    for words in ("zai.slots in", "no setting zai.colour", "zai.plan in the variable ZAI_PLAN"):
        assert err.count(words) == 1, err


@pytest.mark.parametrize(
    "argv", [["run", "simplify", "a.py"], ["what-leaves", "a.py"]], ids=lambda argv: argv[0]
)
def test_nothing_is_sent_while_ones_own_file_cannot_be_read(check, service, tmp_path, argv):
    """Its switches, its proxy and its name for the account would be lost."""
    (tmp_path / "config.toml").write_text("slots = ")

    check(*argv, code=2, err=["cannot be read", "nothing is sent until then"])


@pytest.mark.parametrize("toml", ["proxy = 'myproxy:3128'", "account = 'my team'"])
def test_nothing_is_sent_past_a_proxy_or_beside_the_slot(service, capfd, tmp_path, toml):
    """A value that cannot be read is not the same as none; it is said once."""
    (tmp_path / "config.toml").write_text(toml)
    assert main(["run", "simplify", "a.py"]) == 2

    assert capfd.readouterr().err.count("Nothing is sent until it is corrected") == 1


@pytest.mark.parametrize(
    "text",
    ["[]", "", '[{"filename": "b.py", "location": {"row": 1, "column": 1}, "message": "m"}]', "b.py:1:1: m"],
)
def test_nothing_to_fix_sends_nothing(check, service, tmp_path, text):
    """A tool that found nothing here; with `--json` too."""
    (tmp_path / "lint.json").write_text(text)

    check("run", "fix", "a.py", "--diagnostics", "lint.json", code=3, err=["nothing to fix"])
    document = json.loads(check("run", "fix", "a.py", "--diagnostics", "lint.json", "--json", code=3))
    assert (document["outcome"], document["reason"], document["exit"]) == ("declined", "nothing_to_fix", 3)


def test_what_a_linter_found_is_in_the_request(check, tmp_path):
    """As `ruff check --output-format json` prints it."""
    item = {"filename": str(tmp_path / "a.py"), "code": "X1", "message": "much too odd"}
    place = {"location": {"row": 2, "column": 5}, "end_location": {"row": 2, "column": 7}}
    (tmp_path / "lint.json").write_text("\ufeff" + json.dumps([item | place]))

    check("what-leaves", "a.py", "--action", "fix", "--diagnostics", "lint.json", out=["much too odd"])


def test_a_file_that_cannot_be_written_costs_no_request(check, service, tmp_path):
    """Exit code 6 before anything is sent, and the file stays as it is."""
    (tmp_path / "a.py").chmod(0o444)

    check("run", "simplify", "a.py", "--apply", code=6, err=["a.py is read-only"])
    document = json.loads(check("run", "simplify", "a.py", "--apply", "--json", code=6))
    assert (document["outcome"], document["reason"]) == ("error", "cannot_write")
    assert (tmp_path / "a.py").read_text() == CODE


@pytest.mark.parametrize(
    ("argv", "spoil", "reason", "code"),
    [
        (["simplify", "none.py"], {}, "bad_use", 2),
        (["dance", "a.py"], {}, "bad_use", 2),
        (["simplify", "a.py", "--set", "slots=0"], {}, "bad_use", 2),
        (["simplify", "a.py"], {"ZAI_API_KEY": "", "ZAI_BASE_URL": ""}, "no_key", 2),
        (["simplify", "a.py"], {"ZAI_BASE_URL": "http://example.org"}, "no_account", 2),
        (["simplify", "a.py"], {"ZAI_STATE_DIR": "a.py"}, "state", 1),
    ],
)
def test_a_script_always_reads_one_document(check, monkeypatch, argv, spoil, reason, code):
    """Whatever is wrong; it holds the sentence that a person would read."""
    for name, value in spoil.items():
        monkeypatch.setenv(name, value)
    document = json.loads(check("run", *argv, "--json", code=code))

    assert (document["outcome"], document["reason"], document["exit"]) == ("error", reason, code)
    assert document["text"]
    assert {"code", "resets_at"} <= document.keys()


def test_a_refusal_tells_a_script_its_code(check, monkeypatch):
    """As the service gave it; a wrong path of the base URL is pointed at."""
    with one_answer(status=404, body={"error": {"message": "no such path"}}) as (url, _):
        monkeypatch.setenv("ZAI_BASE_URL", url)
        document = json.loads(check("run", "simplify", "a.py", "--json", code=5))

    assert (document["reason"], document["code"], document["resets_at"]) == ("bad_request", "404", None)
    assert "ZAI_BASE_URL is wrong" in document["text"]


@pytest.mark.parametrize("code", [0, 1], ids=["it went well", "it failed"])
def test_a_verb_closes_what_it_wired_up(check, monkeypatch, code):
    """Before it ends, and once: a place in the line, connections and entries of the ledger are let go of."""
    closed = []
    aclose = wiring.App.aclose

    async def noted(app):
        closed.append(app)
        await aclose(app)

    monkeypatch.setattr(wiring.App, "aclose", noted)
    if code:
        monkeypatch.setattr(Ledger, "stats", lambda *_: {}["broken"])
    check("stats", code=code)

    assert len(closed) == 1


def test_statistics_are_of_the_last_days_only(check, monkeypatch, tmp_path):
    """A request of ten days ago counts with `--days 11`, not by default."""
    monkeypatch.setenv("ZAI_STATE_DIR", str(tmp_path / "state"))
    account = load().account
    database = Database(prepare(tmp_path / "state"))
    ledger = Ledger(database, TurnedClock(time.time() - 10 * 86_400))
    entry = ledger.reserve(
        Reservation(account.label, Lane.ACTION, "glm-5.3", Usage(10, 0, 10)), lambda view: Go()
    )
    ledger.settle(entry, Usage(10, 0, 10), "complete")
    database.close()

    check("stats", err=["Nothing was sent"])
    found = json.loads(check("stats", "--json", "--days", "11"))
    assert [row["model"] for row in found["requests"]] == ["glm-5.3"]
    assert found["completions"] == []
    assert "retained" not in check("stats", "--days", "11", out=["glm-5.3"])


def test_statistics_of_completions_stand_below_those_of_requests(check, tmp_path):
    """Also where nothing was sent; as JSON in plain numbers."""
    account = load().account.label
    database = Database(prepare(tmp_path / "state"))
    clock = TurnedClock(time.time() - 60)
    shown = Shown(database, clock)
    fate = {
        "account": account,
        "lane": Lane.TYPING,
        "model": "glm-5.3-flash",
        "language": "python",
        "editor": "helix",
        "cached": False,
        "shown_at": clock.now(),
        "characters": 20,
        "lines": 1,
        "decided_at": clock.now(),
    }
    shown.note(Fate(id="1", outcome="accepted", accepted_characters=20, **fate))
    shown.note(Fate(id="2", outcome="rejected", **fate))
    shown.retained("1", True)

    alone = check("stats", out=["glm-5.3-flash      2  1 (50 %)      0         1     100 %          20"])
    assert alone.startswith("model ")
    ledger = Ledger(database, clock)
    ledger.reserve(Reservation(account, Lane.TYPING, "glm-5.3-flash", Usage(10, 0, 10)), lambda view: Go())
    database.close()
    requests, completions = check("stats").split("\n\n")
    assert requests.startswith("lane ")
    assert completions == alone
    assert json.loads(check("stats", "--json"))["completions"] == [
        {
            "model": "glm-5.3-flash",
            "shown": 2,
            "accepted": 1,
            "typed": 0,
            "rejected": 1,
            "retained": 1,
            "retained_known": 1,
            "characters": 20,
        }
    ]


def test_what_leaves_shows_the_request_without_the_key(check):
    """The body on standard output, where it goes and why on standard error; nothing is sent."""
    printed = check(
        "what-leaves",
        "a.py:1-4",
        "--action",
        "document",
        err=["POST http://127.0.0.1:9/api/paas/v4/chat/completions"],
    )
    body = json.loads(printed)

    assert "def add(a, b):" in json.dumps(body)
    assert body["stream"] is True
    assert printed == json.dumps(body, ensure_ascii=False, separators=(",", ":")), "byte for byte"


def test_what_leaves_marks_what_is_replaced(check, tmp_path):
    """On standard error, by line, kind and placeholder; the body is what would be sent. The secret is on neither."""
    token, password = "ghp_" + "aB3d" * 9, "very-secret9!x"
    (tmp_path / "a.py").write_text(f'TOKEN = "{token}"\n{CODE}connect(password="{password}")\n')
    (tmp_path / "lint.txt").write_text(f"a.py:1:1: no tokens: xoxb-12345678901-{'aB3d' * 6}\n")
    printed = check(
        "what-leaves",
        "a.py",
        "--action",
        "fix",
        "--diagnostics",
        "lint.txt",
        err=[
            "Secrets replaced by placeholders: 3.",
            "line 1: GitHub token, sent as ghp_",
            "line 10: password, sent as ",
            "from elsewhere: Slack token, sent as xoxb-",
        ],
    )
    assert token not in printed
    assert "ghp_" in printed


def test_quota_and_stats_of_an_account_that_sent_nothing(check):
    """True and short: pay-as-you-go has no windows."""
    check("quota", out=["there is no quota window"])
    found = json.loads(check("quota", "--json"))
    assert (found["windows"], found["balance"], found["today"], found["closed"]) == ([], None, [], None)
    check("stats", err=["Nothing was sent"])
    assert json.loads(check("stats", "--json")) == {"requests": [], "completions": []}


def test_quota_of_a_plan_names_its_windows(check):
    """In the public shape; what is not known is null."""
    windows = json.loads(check("quota", "--json", "--plan", "pro"))["windows"]

    assert [w["name"] for w in windows][:1] == ["5h"]
    assert all(set(w) >= {"name", "used_percent", "resets_at", "source"} for w in windows)
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


def test_doctor_in_a_terminal_leaves_paths_whole(check, monkeypatch, tmp_path):
    """A path that is broken over two lines cannot be copied."""
    monkeypatch.setattr("zai_ls.cli.printing.is_terminal", lambda stream: True)
    monkeypatch.setenv("COLUMNS", "40")

    check("doctor", code=1, out=[f"The shared state lies in {tmp_path / 'state'}."])


def test_doctor_finds_the_host_that_does_not_answer(check):
    """Exit code 1; the same findings as text and as JSON."""
    check("doctor", code=1, out=["XX  service: ", "ok  key: "])
    findings = json.loads(check("doctor", "--json", code=1))

    assert {f["severity"] for f in findings} >= {"error", "fine"}


REPLY = {
    "id": "20261005150000abc",
    "model": "glm-5.3",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "```python\ndef one():\n    return 2\n```"},
        }
    ],
    "usage": {"prompt_tokens": 300, "completion_tokens": 9, "total_tokens": 309},
}


def test_run_says_which_model_and_why(check, monkeypatch, tmp_path):
    """To standard error: model, score, windows, cost, whom to ask next, and who answered; as JSON in `choice`."""
    monkeypatch.setenv("ZAI_PLAN", "lite")
    with one_answer(body=REPLY) as (url, _):
        monkeypatch.setenv("ZAI_BASE_URL", url)
        words = (
            "glm-4.5-air, the light model: the score",
            "The 5h window: 0 % used",
            "credits",
            "If it is refused: glm-4.7, glm-5.3-flash, glm-5.3, in this order.",
            "glm-4.5-air was asked for; the service says glm-5.3 answered.",
            "glm-5.3 answered: 300 tokens read",
        )
        printed = check("run", "simplify", "a.py:7-8", err=words)
        assert "glm" not in printed, "standard output is the change alone"
        choice = json.loads(check("run", "simplify", "a.py:7-8", "--json", "--model", "glm-4.7"))["choice"]

    assert (choice["model"], choice["tier"], choice["served_by"]) == ("glm-4.7", "chosen", "glm-5.3")
    assert choice["expected"]["credits"] > 0
    assert choice["expected"]["money"] is None
    assert choice["fallbacks"] == []
    assert choice["features"]
    assert choice["reason"] == choice["lines"][0]
    assert not any(line.startswith("Applied") for line in choice["lines"]), "nothing was"
    stats = check("stats", out=["answered by"])
    assert "glm-5.3" in stats


def test_a_run_that_fails_says_which_model_it_was(check):
    """Whatever went wrong: a script finds the choice where it always is."""
    found = json.loads(check("run", "simplify", "a.py:7-8", "--json", "--model", "glm-4.7", code=5))
    assert (found["outcome"], found["choice"]["model"]) == ("error", "glm-4.7")


def test_a_persons_own_catalogue_decides(check, tmp_path):
    """It lies beside the config file; a broken entry of it is said, and the others count."""
    (tmp_path / "catalogue.toml").write_text(
        '[plans.payg.roles]\nlight = "mine"\n[models.mine]\nrole = "light"\ncontext = 9000\nmax_output = 999\nplans = ["payg"]\n'
        '[models."glm-5"]\ncontext = "long"\n'
    )
    check("what-leaves", "a.py", out=['"model":"mine"'], err=["models.glm-5", "The shipped one counts"])
