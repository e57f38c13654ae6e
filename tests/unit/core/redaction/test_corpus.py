"""What is found of the corpus, what is taken for a secret that is none, and what another tool says about both."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.data.secrets import ordinary, true
from tests.data.secrets.server import SERVER_CODE
from zai_ls.core.redaction import Restorer, redacted
from zai_ls.core.redaction.finding import find

SALT = b"salt"
CASES = true.cases()
KINDS = sorted({case.kind for case in CASES})


def test_there_are_ten_languages_of_every_kind():
    languages = {kind: {case.language for case in CASES if case.kind == kind} for kind in KINDS}
    assert {kind: len(found) for kind, found in languages.items() if len(found) < 10} == {}


@pytest.mark.parametrize("kind", KINDS)
def test_every_secret_of_the_corpus_is_found_and_put_back(kind):
    missed = []
    for case in CASES:
        if case.kind == kind:
            text, stand_ins = redacted(case.text, SALT)
            missed += [f"{case}: {text}"] if case.leaks(text) else []
            assert case.text == Restorer(stand_ins).text(text)
            assert text.count("\n") <= case.text.count("\n")
    assert missed == []


def test_other_secrets_in_the_same_code_are_found_too():
    """Rarely one looks like words by chance."""
    cases = [case for seed in range(100, 104) for case in true.cases(seed)]
    missed = [case for case in cases if case.leaks(redacted(case.text, SALT)[0])]
    assert len(missed) <= len(cases) / 1000, missed


@pytest.mark.parametrize("seed", range(7, 11))
def test_ordinary_code_is_left_alone(seed):
    text = "".join(ordinary.pieces(seed))
    assert text.count("\n") >= ordinary.LINES
    assert [(each.kind, text[each.start - 30 : each.end]) for each in find(text)] == []
    assert (text, ()) == redacted(text, SALT)


def test_a_secret_in_the_midst_of_ordinary_code_is_found():
    """Nothing around it hides it."""
    pieces = ordinary.pieces(lines=2_000)
    singles = [case for case in CASES if case.text.endswith("\n")][::9]
    woven = [part for pair in zip(pieces, singles, strict=False) for part in (pair[0], pair[1].text)]
    text, _ = redacted("".join(woven), SALT)
    assert len(woven) > 200
    assert [str(case) for case in singles[: len(pieces)] if case.leaks(text)] == []


# -- a second opinion ----------------------------------------------------------------------------------------

PLUGINS = [
    "AWSKeyDetector",
    "AzureStorageKeyDetector",
    "BasicAuthDetector",
    "GitHubTokenDetector",
    "GitLabTokenDetector",
    "JwtTokenDetector",
    "KeywordDetector",
    "NpmDetector",
    "OpenAIDetector",
    "PrivateKeyDetector",
    "PypiTokenDetector",
    "SlackDetector",
    "StripeDetector",
]
"""Of the kinds that are ours too."""


def their_findings(text: str) -> list[tuple[str, str]]:
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import transient_settings

    with transient_settings({"plugins_used": [{"name": name} for name in PLUGINS]}):
        return [
            (found.type, found.secret_value or "") for line in text.split("\n") for found in scan_line(line)
        ]


def test_what_detect_secrets_finds_we_find():
    """In the true secrets: nothing that it calls one is still there; what it names by its first letters alone (`ghp`) aside."""
    text = "".join(case.text for case in CASES)
    ours, _ = redacted(text, SALT)
    theirs = their_findings(text)
    kinds = Counter(kind for kind, _ in theirs)
    secrets = {case.secret for case in CASES}
    left = [
        (kind, value)
        for kind, value in theirs
        if len(value) >= 6 and value in ours and any(value in secret or secret in value for secret in secrets)
    ]
    assert len(kinds) >= 9, kinds
    assert left == []


def test_we_take_less_ordinary_code_for_secrets_than_detect_secrets_does():
    """What it finds there was looked at: passwords called changeme, names of tokens, addresses with user:password."""
    text = "".join(ordinary.pieces())
    assert len(their_findings(text)) > len(find(text)) == 0


# -- more forms ----------------------------------------------------------------------------------------------

L = "kV9pQz7mLw3Xb5Nc"
"""Letters and digits, as many as are needed."""


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ('密码 = "kV9!pQz7"\n', "kV9!pQz7"),
        ('口令："x"; 密钥: "' + L + '"\n', L),
        ('İ = 1\npassword = "kV9!pQz7"\n', "kV9!pQz7"),
        ('t = "ya29.' + L * 3 + '"\n', L),
        ('t = "SG.' + L + "abcdef." + L * 2 + 'abcdefghijk"\n', L),
        ('t = "hf_' + L * 2 + 'ab"\n', L),
        ('t = "whsec_' + L * 2 + '"\n', L),
        ('t = "line%20sk-ant-api03-' + L * 3 + '"\n', L),
        ("- id: ASIA" + "ABCD2345" * 2 + "\n  other: " + L * 2 + "Ab3/Ef6+\n", L),
        ("PASS=kV9pQz7m\n", "kV9pQz7m"),
        ("smtp_pass: 'kV9pQz7m'\n", "kV9pQz7m"),
        ("userPass = 'kV9pQz7m'\n", "kV9pQz7m"),
        ("mysql://u:Zx81kQ9test@h/d\n", "Zx81kQ9test"),
        ('password = """kV9!pQz7m"""\n', "kV9!pQz7m"),
        ("password = os.getenv('DB_PASSWORD') or 'kV9!pQz7m'\n", "kV9!pQz7m"),
        ("const p = process.env.DB_PASSWORD || 'kV9!pQz7m';\n", "kV9!pQz7m"),
        ("const password = env.other ?? 'kV9!pQz7m';\n", "kV9!pQz7m"),
        ("const password = isLive ? 'kV9!pQz7m' : null;\n", "kV9!pQz7m"),
        ("passwords = ['changeme', 'kV9!pQz7m']\n", "kV9!pQz7m"),
        ("passwords = ['aB3!dE5gH', 'kV9!pQz7m', 'x']\n", "kV9!pQz7m"),
        ('String[] tokens = {"' + L[::-1] + '", "' + L + '"};\n', L),
        ('char password[] = "kV9!pQz7m";\n', "kV9!pQz7m"),
        ('char password[32] = "kV9!pQz7m";\n', "kV9!pQz7m"),
        ('public string Password { get; set; } = "kV9!pQz7m";\n', "kV9!pQz7m"),
        ('let password = r#"kV9!pQz7m"#;\n', "kV9!pQz7m"),
        ("- name: DB_PASSWORD\n  value: kV9!pQz7m\n", "kV9!pQz7m"),
        ('- name: DB_PASSWORD\n  value: "kV9!pQz7m"\n', "kV9!pQz7m"),
        ('{"name": "DB_PASSWORD", "value": "kV9!pQz7m"}\n', "kV9!pQz7m"),
        ('<add key="password" value="kV9!pQz7m"/>\n', "kV9!pQz7m"),
        ("CREATE USER app IDENTIFIED BY 'kV9!pQz7m';\n", "kV9!pQz7m"),
        ('sql.Open("mysql", "root:kV9pQz7m@tcp(db:3306)/app")\n', "kV9pQz7m"),
        ("mysql://u:Zx81kQ9example@h/d\n", "Zx81kQ9example"),
        ("mysql://u:kV9/pQz7m@h/d\n", "kV9/pQz7m"),
        ('password="test-Zx81kQ9pp!"\n', "Zx81kQ9pp!"),
        ("x = STRIPE_sk_live_" + L * 2 + "\n", L),
        ("x = key_sk-ant-api03-" + L * 2 + "\n", L),
        ("x = OPENAI_sk-proj-" + L * 2 + "\n", L),
        ('t = "' + "0F1E2D3C4B5A6978" * 2 + "." + L + '"\n', L),
        ('password = "kV9\\"pQz7m!"\n', "pQz7m!"),
        ('password = "kV9\\\\pQz7m!"\n', "pQz7m!"),
        ('body = "{\\"password\\": \\"kV9\\\\\\"pQz7m!\\"}"\n', "pQz7m!"),
        ('password_service_db = "kV9!pQz7m"\n', "kV9!pQz7m"),
        ("PASSWORD_MODEL_DB=kV9pQz7m\n", "kV9pQz7m"),
        (
            "PuTTY-User-Key-File-3: ssh-rsa\nEncryption: none\nPublic-Lines: 1\nAAAA\nPrivate-Lines: 2\n"
            + L * 4
            + "\n"
            + L
            + "Zz\nPrivate-MAC: 0f1e\n",
            L,
        ),
        (
            '---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nComment: "x"\n'
            + L * 4
            + "\n"
            + L
            + "\n---- END SSH2 ENCRYPTED PRIVATE KEY ----\n",
            L,
        ),
    ],
)
def test_more_forms(text, secret):
    hidden, stand_ins = redacted(text, SALT)
    assert secret not in hidden
    assert text == Restorer(stand_ins).text(hidden)


@pytest.mark.parametrize("text", SERVER_CODE, ids=lambda text: text[:20])
def test_code_of_servers_is_left_alone(text):
    assert redacted(text, SALT) == (text, ())


@pytest.mark.parametrize(
    "text",
    [
        "host=db.host.io;username=app;password=kV9pQz7m\n",
        'c = "Server=db;Uid=app;Pwd=kV9pQz7m"\n',
        "ConnectionStrings__Main=Server=db;Uid=app;Pwd=kV9pQz7m;\n",
        '$d = new PDO("mysql:host=db;dbname=a;password=kV9pQz7m");\n',
        'u = "https://h.io/a?user=b&password=kV9pQz7m&x=1"\n',
    ],
)
def test_connection_strings(text):
    assert "kV9pQz7m" not in redacted(text, SALT)[0]


@pytest.mark.parametrize(
    "text",
    [
        'bypass = "kV9!pQz7"\n',
        'password = "test1234"\n',
        'password = "example-password-1"\n',
        'api_key = "your-api-key-here-123"\n',
        'password = "MyTestPassword1!"\n'.replace("MyTest", "test-"),
        "mysql://u:exampleKey1@h/d\n",
        "http://host:8080/path/a1b2c3@scope/x\n",
        "self_hf_load_the_model_of_two_4_times()\n",
        'passwordService = "kV9!pQz7m"\n',
        'token = "^\\\\d+[a-z]\\\\w+$"\n',
        'publicKey = "' + L + '"\n',
        'monkey = "' + L + '"\n',
        'author = "' + L + '"\n',
        "a->token>" + L + "\n",
        "id = AKIAIOSFODNN7EXAMPLE\n",
        'task = "task-' + L * 2 + '"\n',
        "sig=" + L * 2 + "\n",
        '"password": "' + L + ' with words"\n',
    ],
)
def test_what_only_looks_like_one(text):
    assert redacted(text, SALT) == (text, ())
