"""Configuration: which host, which key, and that a key goes where it was meant to go or nowhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from zai_ls.catalogue import Catalogue
from zai_ls.config import keys, load, project_root, tighten
from zai_ls.config.address import BadAddress, parse
from zai_ls.settings import BY_KEY, Settings

DEFAULT = "https://api.z.ai/api/paas/v4"


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch):
    """The test machine's own keyring is not asked."""
    monkeypatch.setattr(keys, "in_keyring", lambda host: None)


@pytest.fixture
def configure(tmp_path):
    """Load with this environment and this user file, and nothing of the machine's own."""

    def configure(toml: str | None = None, flags=None, editor=None, find_key=True, **environ):
        path = tmp_path / "config.toml"
        if toml is not None:
            path.write_text(toml, encoding="utf-8")
        environ = {"ZAI_CONFIG": str(path), **environ}
        return load(flags, editor=editor, environ=environ, find_key=find_key)

    return configure


# -- addresses ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "base", "host", "dialect"),
    [
        (DEFAULT, DEFAULT, "api.z.ai", "openai"),
        (DEFAULT + "/", DEFAULT, "api.z.ai", "openai"),
        (DEFAULT + "/chat/completions", DEFAULT, "api.z.ai", "openai"),
        ("https://API.z.ai/api/anthropic", "https://api.z.ai/api/anthropic", "api.z.ai", "anthropic"),
        (
            "https://api.z.ai/api/anthropic/v1/messages",
            "https://api.z.ai/api/anthropic",
            "api.z.ai",
            "anthropic",
        ),
        ("https://api.z.ai/api/anthropic/v1", "https://api.z.ai/api/anthropic", "api.z.ai", "anthropic"),
        ("https://anthropic.example/v4", "https://anthropic.example/v4", "anthropic.example", "openai"),
        ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1", "127.0.0.1:8080", "openai"),
        ("http://localhost:1/", "http://localhost:1", "localhost:1", "openai"),
        ("http://[::1]:99/v1", "http://[::1]:99/v1", "[::1]:99", "openai"),
    ],
)
def test_addresses(url, base, host, dialect):
    """The path tells the dialect; what people paste too much is taken off."""
    address = parse(url)

    assert (address.base_url, address.host, address.dialect) == (base, host, dialect)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("api.z.ai", "no URL"),
        ("", "no URL"),
        ("ftp://api.z.ai", "no URL"),
        ("https://", "no URL"),
        ("https://api.z.ai:port/", "no URL"),
        ("https://api.z .ai/", "no URL"),
        ("http://api.z.ai/api/paas/v4", "unencrypted"),
        ("http://127.0.0.1.example.org/", "unencrypted"),
        ("http://localhost.example.org/", "unencrypted"),
        ("https://me:secret@api.z.ai/", "user name or password"),
        ("https://api.z.ai/?key=1", "question mark"),
    ],
)
def test_addresses_that_are_not_taken(url, words, configure):
    """A bad URL closes the account with a sentence; the key does not go to the default host instead."""
    with pytest.raises(BadAddress, match=words):
        parse(url)
    if url:
        config = configure(ZAI_API_KEY="k", ZAI_BASE_URL=url)
        assert config.account is None
        assert words in config.no_account.user_text
        assert "secret" not in config.no_account.user_text


# -- which key goes where -----------------------------------------------------------------------------------

ZAI, ZHIPU = {"ZAI_API_KEY": "zai"}, {"ZHIPUAI_API_KEY": "zhipu"}
OPENAI = {"OPENAI_API_KEY": "oa", "OPENAI_BASE_URL": "https://open.bigmodel.cn/api/coding/paas/v4"}
ANTHROPIC = {"ANTHROPIC_AUTH_TOKEN": "an", "ANTHROPIC_BASE_URL": "https://api.z.ai/api/anthropic"}


@pytest.mark.parametrize(
    ("environ", "key", "base"),
    [
        (ZAI, "zai", DEFAULT),
        (ZHIPU, "zhipu", DEFAULT),
        (ZAI | ZHIPU | OPENAI | ANTHROPIC, "zai", DEFAULT),
        ({"ZAI_API_KEY": "  ", "ZHIPUAI_API_KEY": "zhipu\n"}, "zhipu", DEFAULT),
        (OPENAI, "oa", OPENAI["OPENAI_BASE_URL"]),
        (ANTHROPIC, "an", ANTHROPIC["ANTHROPIC_BASE_URL"]),
        (ANTHROPIC | {"ANTHROPIC_API_KEY": "other"}, "an", ANTHROPIC["ANTHROPIC_BASE_URL"]),
        ({"OPENAI_API_KEY": "oa"}, None, None),
        ({"ANTHROPIC_API_KEY": "an"}, None, None),
        (OPENAI | {"ZAI_BASE_URL": DEFAULT}, None, None),
        (ANTHROPIC | {"ZAI_BASE_URL": DEFAULT}, "an", DEFAULT),
        (OPENAI | {"OPENAI_BASE_URL": "http://example.org/v1"}, None, None),
        ({}, None, None),
        ({"ZAI_BASE_URL": "http://127.0.0.1:9/v1"}, "", "http://127.0.0.1:9/v1"),
    ],
)
def test_a_key_goes_to_its_own_host_only(configure, environ, key, base):
    """The keys of other tools count only with their own base URL, and never for another host."""
    account = configure(**environ).account

    assert (account and account.key.reveal(), account and account.base_url) == (key, base)


def test_the_anthropic_variable_says_the_dialect_itself(configure):
    """A proxy may serve that dialect at its root."""
    account = configure(ANTHROPIC_BASE_URL="http://127.0.0.1:4000", ANTHROPIC_AUTH_TOKEN="k").account

    assert account.dialect == "anthropic"


def test_without_a_key_the_person_reads_how_to_set_one(configure, tmp_path):
    """Not an exception: the server starts and says so."""
    config = configure()

    assert config.account is None
    assert "ZAI_API_KEY" in config.no_account.user_text
    assert str(tmp_path / "config.toml") in config.no_account.user_text
    assert config.problems == ()


def test_accounts_are_told_apart_by_key_and_host_or_by_the_persons_own_word(configure):
    """The label names the shared slot: the same for both dialects of a host, and it holds no key."""
    label = configure(**ZAI).account.label

    assert label == configure(ZAI_BASE_URL="https://api.z.ai/api/anthropic", **ZAI).account.label
    assert label != configure(ZAI_BASE_URL="https://open.bigmodel.cn/api/paas/v4", **ZAI).account.label
    assert label != configure(**ZHIPU).account.label
    assert configure('account = "team"', **ZAI).account.label == "team"


def test_precedence(configure):
    """Flags, environment, editor, user file, default; machine settings skip the editor."""
    config = configure(
        'plan = "lite"\nslots = 2\ngapMs = 1\n[timeouts]\nconnect = 9',
        flags={"slots": "4"},
        editor={"zai": {"slots": 3, "gapMs": 2, "plan": "max"}},
        ZAI_PLAN="pro",
        **ZAI,
    )

    assert (config.settings.slots, config.settings.gap_ms, config.settings.timeouts_connect) == (4, 2, 9.0)
    assert config.account.plan == "pro"
    assert config.account.slots == 4
    assert [p.key for p in config.problems] == ["plan"]
    assert config.sources["slots"] == "command line"
    assert config.sources["plan"] == "environment"
    assert config.sources["gapMs"] == "editor settings"
    assert config.sources["timeouts.connect"] == "user file"
    assert config.sources["key"] == "ZAI_API_KEY"


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("ZAI_ACCOUNT", " team_1 ", "account", "team_1"),
        ("ZAI_PROXY", "socks5://localhost:1080", "proxy", "socks5://localhost:1080"),
        ("ZAI_LOG_FILE", "~/zai.log", "logFile", "~/zai.log"),
        ("ZAI_API_KEY_COMMAND", "pass show 'my key'", "apiKeyCommand", ("pass", "show", "my key")),
        ("ZAI_BUDGET_DAILY", "2.5", "budget.daily", 2.5),
        ("ZAI_BUDGET_MONTHLY", " 40 ", "budget.monthly", 40.0),
        ("ZAI_BUDGET_MONTHLY", "0", "budget.monthly", 0.0),
        ("ZAI_BUDGET_DAILY", " ", "budget.daily", 1.0),
    ],
)
def test_variables_are_text_and_become_what_their_setting_is(configure, variable, text, key, value):
    """A blank one says nothing, and the weaker place counts."""
    config = configure("budget.daily = 1", find_key=False, **{variable: text}, **ZAI)

    assert getattr(config.settings, BY_KEY[key].attribute) == value
    assert config.sources[key] == ("environment" if text.strip() else "user file")
    assert config.problems == ()


@pytest.mark.parametrize(
    ("variable", "text", "accepted"),
    [
        ("ZAI_ACCOUNT", "a b", "a word of letters"),
        ("ZAI_PROXY", "me:hunter2@proxy", "an http, https or socks5 URL"),
        ("ZAI_API_KEY_COMMAND", "pass 'hunter2", "a command"),
        ("ZAI_BUDGET_DAILY", "2,5", "a number from 0 to 1000000"),
        ("ZAI_BUDGET_DAILY", "nan", "a number from 0 to 1000000"),
        ("ZAI_BUDGET_MONTHLY", "-1", "a number from 0 to 1000000"),
    ],
)
def test_a_variable_that_is_not_accepted_is_named(configure, variable, text, accepted):
    """Whoever set it knows it by that name; what it holds may be a secret."""
    (problem,) = configure(find_key=False, **{variable: text}, **ZAI).problems

    assert f"in the variable {variable} is not accepted: expected {accepted}" in problem.text
    assert "hunter2" not in problem.text


def test_tables_and_switches_come_from_any_place(configure):
    """Of a table the strongest place's counts whole; what is bad in one leaves that of a weaker place."""
    toml = "[completion]\ninComments = true\n[completion.perLanguage]\npython = 'off'\n"
    config = configure(toml, editor={"completion": {"perLanguage": {"go": "invoked"}, "inComments": "no"}})

    assert config.settings.completion_per_language == {"go": "invoked"}
    assert config.settings.completion_in_comments is True
    assert [problem.key for problem in config.problems if problem.kind == "value"] == [
        "completion.inComments"
    ]
    assert configure(toml).settings.completion_per_language == {"python": "off"}


def test_an_editors_settings_may_come_late_and_change_back(configure):
    """Nothing of the old ones stays; flags still win, and the account stays."""
    first = configure("slots = 2", flags={"gapMs": 5}, **ZAI)
    second = first.with_editor({"zai": {"slots": 3, "gapMs": 6, "nonsense": 1}})
    third = second.with_editor({})

    assert (second.settings.slots, second.settings.gap_ms, second.account.slots) == (3, 5, 3)
    assert [p.key for p in second.problems] == ["nonsense"]
    assert third.settings == first.settings
    assert third.account == first.account
    assert third.sources == first.sources


@pytest.mark.parametrize("broken", ["slots = ", "\0", "slots = 1\nslots = 2"])
def test_a_broken_user_file_stops_sending_because_it_may_name_the_host(configure, broken):
    """A key meant for the host in that file must not go to the default one."""
    config = configure(broken, **ZAI)

    assert config.account is None
    assert "config.toml" in config.no_account.user_text
    assert [p.kind for p in config.problems] == ["file", "url"]
    assert configure(broken, ZAI_BASE_URL=DEFAULT, **ZAI).account is not None


def test_a_base_url_of_the_wrong_type_stops_sending(configure):
    """The same: no fall-back to the default host."""
    assert configure("baseUrl = 5", **ZAI).account is None


@pytest.mark.parametrize(
    "toml",
    [
        "proxy = 'myproxy:3128'",
        "account = 'my team'",
        "stateDir = 5",
        "baseurl = 'https://open.bigmodel.cn/api/paas/v4'",
        "base_url = 'https://open.bigmodel.cn/api/paas/v4'",
        "BaseURL = 'https://open.bigmodel.cn/api/paas/v4'",
    ],
)
def test_what_was_meant_for_the_way_of_requests_and_cannot_be_read_stops_sending(configure, toml):
    """No request past the proxy, beside the shared slot, or to the default host; the person reads why, once."""
    config = configure(toml, **ZAI)

    assert config.account is None
    assert "Nothing is sent until it is corrected" in config.no_account.user_text
    assert [p.text for p in config.problems] == [config.no_account.user_text]
    assert [p.text for p in config.with_editor({}).problems] == [config.no_account.user_text]


def test_a_stronger_place_makes_good_a_bad_value(configure):
    """The host is known then."""
    assert configure("baseurl = 'https://x.example'", ZAI_BASE_URL=DEFAULT, **ZAI).account is not None
    assert configure("proxy = 'x'", flags={"proxy": "http://x:1"}, **ZAI).account.proxy == "http://x:1"


def test_actions_that_there_are_not_are_named(configure):
    """Switched off by a wrong name, an action would stay on."""
    config = configure('actions.disabled = ["fix", "fixx"]\n[routing.perAction]\ntset = "strong"', **ZAI)

    assert [p.key for p in config.problems] == ["actions.disabled", "routing.perAction"]
    assert "fixx" in config.problems[0].text
    assert "tset" in config.problems[1].text
    assert "simplify" in config.problems[1].text
    late = config.with_editor({"routing": {"perAction": {"dance": "light"}}}).problems
    assert [p.text.partition("action ")[2].partition(",")[0] for p in late] == ["fixx", "dance"]


def test_nothing_that_is_printed_holds_the_key(configure):
    """`repr` ends up in logs."""
    config = configure('account = "team"', ZAI_API_KEY="sk-very-secret")

    assert config.account.key.reveal() == "sk-very-secret"
    assert "very-secret" not in repr(config) + str(config.sources) + repr(config.account)


def test_a_key_with_blanks_is_refused_before_it_reaches_a_header(configure):
    """Copied with a line break in the middle, or with quotes of a word processor."""
    config = configure(ZAI_API_KEY="abc\ndef")

    assert config.account is None
    assert "ZAI_API_KEY" in config.no_account.user_text


# -- the key command ----------------------------------------------------------------------------------------


def command(code: str) -> str:
    return f"apiKeyCommand = {[sys.executable, '-c', code]!r}".replace("\\", "\\\\")


def test_the_key_command_gives_its_first_line(configure):
    """Password managers print more below it."""
    config = configure(command("print('  sk-1 '); print('user: me')"))

    assert config.account.key.reveal() == "sk-1"
    assert config.sources["key"] == "apiKeyCommand"


def test_a_variable_wins_over_the_user_files_command_and_a_flags_command_over_the_variable(configure):
    """Environment over user file, flags over environment."""
    toml = command("print('from-file')")
    flag = {"apiKeyCommand": [sys.executable, "-c", "print('from-flag')"]}

    assert configure(toml, **ZAI).account.key.reveal() == "zai"
    assert configure(toml, flags=flag, **ZAI).account.key.reveal() == "from-flag"


def test_the_key_command_gets_no_keys_no_input_and_does_not_run_in_the_workspace(
    configure, monkeypatch, tmp_path
):
    """A child process that needs no key is given none."""
    monkeypatch.chdir(tmp_path)
    code = "import os,sys; print('|'.join([str('OPENAI_API_KEY' in os.environ), os.environ['KEEP'], sys.stdin.read(), os.getcwd()]))"
    config = configure(command(code), OPENAI_API_KEY="x", KEEP="kept")

    no_key, kept, stdin, folder = config.account.key.reveal().split("|")
    assert (no_key, kept, stdin) == ("False", "kept", "")
    assert Path(folder) == Path.home().resolve()


@pytest.mark.parametrize(
    ("toml", "words"),
    [
        ("apiKeyCommand = 'no-such-program-anywhere --x'", "cannot be run"),
        (command("print('sk-leak'); raise SystemExit(3)"), "exit code 3"),
        (command("pass"), "printed nothing"),
    ],
)
def test_a_failing_key_command_is_explained_without_what_it_printed(configure, toml, words):
    """The server starts; the person reads what to do."""
    config = configure(toml)

    assert config.account is None
    assert words in config.no_account.user_text
    assert "sk-leak" not in config.no_account.user_text
    assert [p.key for p in config.problems] == ["apiKeyCommand"]


@pytest.mark.parametrize(
    ("command", "shown"),
    [
        ("pass show zai", "pass"),
        ("/opt/My Tool/getkey", "/opt/My"),
        ("0a1b2c3d4e5f60718293.SecretPart", None),
        ("abcdefghijklmnopqrstuvwxyz0123456789", None),
        ("SECRET", None),
    ],
)
def test_a_key_in_the_place_of_the_command_is_not_repeated(configure, monkeypatch, command, shown):
    """People paste the key itself there; the sentence may end up in a log."""
    monkeypatch.setenv("PATH", "")
    text = configure(f"apiKeyCommand = '{command}'", PATH="").no_account.user_text

    assert (shown or "The key command in apiKeyCommand") in text
    assert (command.partition(" ")[0] in text) == (shown is not None)


def test_a_key_command_may_not_print_without_end(configure):
    """64 KiB, and it is ended."""
    code = "import itertools, sys; [sys.stdout.write('x' * 4096) for _ in itertools.count()]"

    assert "more than 64 KiB" in configure(command(code)).no_account.user_text


def test_what_a_key_command_that_hangs_has_started_is_ended_with_it(configure, monkeypatch, tmp_path):
    """A shell that started something: that goes too, so the file's lock is free again."""
    import fcntl

    lock = tmp_path / "lock"
    script = tmp_path / "child.py"
    script.write_text(
        f"import fcntl, threading\nf = open({str(lock)!r}, 'w')\nfcntl.flock(f, fcntl.LOCK_EX)\nthreading.Event().wait()"
    )
    code = f"import subprocess, sys; subprocess.run([sys.executable, {str(script)!r}])"
    monkeypatch.setattr(keys, "COMMAND_TIMEOUT_S", 1.0)

    assert "within 1 s" in configure(command(code)).no_account.user_text
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # hangs, and so fails, while the child lives


def test_a_key_command_that_hangs_is_ended(configure, monkeypatch):
    """It may be waiting for a passphrase that nobody can type."""
    monkeypatch.setattr(keys, "COMMAND_TIMEOUT_S", 0.2)

    assert (
        "within 0.2 s"
        in configure(command("import threading; threading.Event().wait()")).no_account.user_text
    )


def test_the_key_command_is_not_run_when_nobody_asks_for_the_key(configure, tmp_path):
    """`initialize` is answered before anything slow."""
    mark = tmp_path / "ran"
    config = configure(command(f"open({str(mark)!r}, 'w')"), find_key=False)

    assert config.account is None
    assert not mark.exists()


def test_the_key_may_be_found_later(configure):
    """In a thread, after the server has answered `initialize` and the editor has sent its settings."""
    early = configure(command("print('sk-late')"), find_key=False).with_editor({"slots": 2})

    assert early.account is None
    assert early.with_key().account.key.reveal() == "sk-late"
    assert early.with_key().account.slots == 2


# -- the keyring -----------------------------------------------------------------------------------------------

in_keyring = keys.in_keyring


@pytest.fixture
def keyring(monkeypatch, tmp_path):
    """A keyring back end that does what a test says, in the place of the real package."""

    def keyring(body: str):
        (tmp_path / "keyring.py").write_text(f"def get_password(service, name):\n    {body}\n")
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "keyring", raising=False)
        monkeypatch.setattr(keys, "in_keyring", in_keyring)

    yield keyring
    sys.modules.pop("keyring", None)


def test_the_keyring_is_asked_last_for_the_key_of_the_host(configure, keyring):
    """`keyring set zai-ls HOST` stored it."""
    keyring("return f'{service}/{name}'")

    assert configure().account.key.reveal() == "zai-ls/api.z.ai"
    assert configure().sources["key"] == "keyring"
    assert configure(**ZAI).account.key.reveal() == "zai"
    assert configure(find_key=False).account is None


def test_what_a_keyring_starts_gets_no_key(configure, keyring, monkeypatch):
    """Some run a program; it gets the environment without keys, which are there again afterwards."""
    for name in keys.SECRET_VARIABLES:
        monkeypatch.setenv(name, "secret-" + name)
    keyring("import subprocess; return 'saw ' + str(subprocess.check_output(['env']).count(b'secret-'))")

    assert in_keyring("api.z.ai").key.reveal() == "saw 0"
    assert all(os.environ[name] == "secret-" + name for name in keys.SECRET_VARIABLES)


@pytest.mark.parametrize(
    "body",
    [
        "return None",
        "return ''",
        "raise RuntimeError('locked')",
        "import threading; threading.Event().wait()",
    ],
)
def test_a_keyring_without_an_answer_is_no_key(configure, keyring, monkeypatch, body):
    """It may be locked, absent, or wait for a click that never comes."""
    monkeypatch.setattr(keys, "KEYRING_TIMEOUT_S", 0.05)
    keyring(body)

    assert configure().account is None


# -- a project's file ---------------------------------------------------------------------------------------


def test_a_project_may_only_tighten(tmp_path):
    """More switched off, lower limits; everything else in it is named and ignored."""
    (tmp_path / ".zai.toml").write_text(
        'baseUrl = "https://evil.example"\nslots = 16\nactions.disabled = ["test"]\nnonsense = 1\n'
        '[languages]\noff = ["python"]\n[limits]\nmaxFileBytes = 4096\ncontextTokens = 900000\n',
        encoding="utf-8",
    )
    before = Settings(actions_disabled=("fix",), languages_off=())
    after, problems = tighten(before, tmp_path)

    assert after.actions_disabled == ("fix", "test")
    assert after.languages_off == ("python",)
    assert after.limits_max_file_bytes == 4096
    assert after.limits_context_tokens == before.limits_context_tokens
    assert after.base_url == before.base_url
    assert after.slots == before.slots
    assert sorted(p.key for p in problems) == ["baseUrl", "nonsense", "slots"]


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        pytest.param({}, {"*.js": "off"}, {"*.js": "off"}, id="it switches off"),
        pytest.param({}, {"*.js": "invoked"}, {"*.js": "invoked"}, id="it leaves it to who asks"),
        pytest.param({"*.py": "off"}, {"*.js": "off"}, {"*.py": "off", "*.js": "off"}, id="beside the person's own"),
        pytest.param({"*.js": "auto"}, {"*.js": "invoked"}, {"*.js": "invoked"}, id="the stricter of one pattern"),
        pytest.param({"*.js": "off"}, {"*.js": "invoked"}, {"*.js": "off"}, id="the person's when it is stricter"),
    ],
)  # fmt: skip
def test_a_project_makes_globs_stricter(tmp_path, ours, theirs, expected):
    """Whatever it says comes on top of what the person says."""
    (tmp_path / ".zai.toml").write_text(f"[completion.perGlob]\n{_toml(theirs)}", encoding="utf-8")

    after, problems = tighten(Settings(completion_per_glob=ours), tmp_path)

    assert (after.completion_per_glob, problems) == (expected, ())


@pytest.mark.parametrize(
    ("settings", "theirs", "expected", "told"),
    [
        pytest.param({}, {"*": "auto"}, {}, True, id="auto is not taken"),
        pytest.param({"completion_mode": "off"}, {"*": "auto", "a": "off"}, {"a": "off"}, True, id="auto alone is not"),
        pytest.param({"completion_mode": "off"}, {"*": "invoked"}, {"*": "off"}, False, id="nothing is lifted from off"),
        pytest.param(
            {"completion_per_language": {"python": "off"}}, {"*": "invoked"}, {"*": "off"}, False, id="of no language"
        ),
        pytest.param({"completion_mode": "invoked"}, {"*": "invoked"}, {"*": "invoked"}, False, id="invoked from invoked"),
        pytest.param({}, {"!*.py": "off"}, {}, True, id="no exceptions from what the person switched off"),
    ],
)  # fmt: skip
def test_a_project_makes_no_glob_looser(tmp_path, settings, theirs, expected, told):
    """A pattern counts before the language and before everything, so a project's could undo what the person said there."""
    (tmp_path / ".zai.toml").write_text(f"[completion.perGlob]\n{_toml(theirs)}", encoding="utf-8")

    after, problems = tighten(Settings(**settings), tmp_path)

    assert after == Settings(**settings, completion_per_glob=expected)
    assert [problem.key for problem in problems] == ["completion.perGlob"] * told


@pytest.mark.parametrize(
    "line", ['mode = "off"', 'perLanguage = { python = "off" }', "inComments = true", "debounceMs = 9000"]
)
def test_a_project_decides_nothing_else_of_completions(tmp_path, line):
    """How a person is helped while they type is theirs."""
    (tmp_path / ".zai.toml").write_text(f"[completion]\n{line}\n", encoding="utf-8")

    after, problems = tighten(Settings(), tmp_path)

    assert (after, len(problems)) == (Settings(), 1)


def _toml(table):
    return "".join(f'"{name}" = "{word}"\n' for name, word in table.items())


def test_a_project_is_the_nearest_folder_with_a_file_or_a_repository(tmp_path):
    """A file's own folder first, then upwards."""
    inner = tmp_path / "repo" / "sub" / "deep"
    inner.mkdir(parents=True)
    (tmp_path / "repo" / ".git").mkdir()

    assert project_root(inner / "a.py") == tmp_path / "repo"
    (tmp_path / "repo" / "sub" / ".zai.toml").write_text("")
    assert project_root(inner / "a.py") == tmp_path / "repo" / "sub"


def test_a_project_that_switches_off_what_there_is_not_says_so(tmp_path):
    """Its author thinks that it is off."""
    (tmp_path / ".zai.toml").write_text('actions.disabled = ["fixx"]', encoding="utf-8")

    assert "fixx" in tighten(Settings(), tmp_path)[1][0].text


def test_a_project_without_a_file_changes_nothing_and_a_broken_one_says_so(tmp_path):
    """Its author reads which file; the person's own settings stay."""
    assert tighten(Settings(), tmp_path) == (Settings(), ())
    (tmp_path / ".zai.toml").write_text("= 3", encoding="utf-8")

    settings, problems = tighten(Settings(), tmp_path)

    assert settings == Settings()
    assert ".zai.toml" in problems[0].text


# -- a person's own catalogue -------------------------------------------------------------------------------


def test_a_catalogue_beside_the_config_file_goes_on_top(configure, tmp_path):
    """Models are added, changed and taken away; nothing is wrong."""
    (tmp_path / "catalogue.toml").write_text(
        '[models]\n"glm-4.6" = false\n[models."glm-5"]\nplans = ["payg", "lite"]\n'
        '[models.mine]\nrole = "light"\ncontext = 8192\nmax_output = 1024\nplans = ["payg"]\n'
    )
    config = configure()
    catalogue = Catalogue.load(config.overlay)

    assert config.problems == ()
    assert catalogue.has("lite", "glm-5")
    assert not catalogue.has("lite", "glm-4.6")
    assert not catalogue.model("mine").unknown


def test_no_catalogue_is_the_shipped_one(configure):
    """And nobody looks for one elsewhere."""
    assert configure().overlay == {}
    assert Catalogue.load(configure().overlay) == Catalogue.load()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[models."glm-5"]\ncontext = "long"\n[models."glm-4.7"]\nnote = "mine"\n', "models.glm-5"),
        ("[models\n", "Your catalogue"),
        ("\xff", "Your catalogue"),
    ],
)
def test_what_is_wrong_with_it_is_named_and_the_rest_stays(text, named, configure, tmp_path):
    """A broken entry, a broken file: one sentence with the file's name; settings and account are as they were."""
    (tmp_path / "catalogue.toml").write_bytes(text.encode("latin-1"))
    config = configure("slots = 3\n", ZAI_API_KEY="a.b")

    (problem,) = config.problems
    assert named in problem.text
    assert str(tmp_path / "catalogue.toml") in problem.text
    assert problem.kind == "catalogue"
    assert config.account is not None
    assert config.settings.slots == 3
    assert config.with_editor({}).problems == (problem,)
    notes = Catalogue.load(config.overlay).model("glm-4.7").note
    assert (notes == "mine") == (named == "models.glm-5")
