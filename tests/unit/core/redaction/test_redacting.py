"""Placeholders: what they look like, where they are put, and that all comes back as it was."""

from __future__ import annotations

import re
import sys
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.data.secrets import ordinary, true
from zai_ls.core.redaction import Restorer, cut, is_in_secret, redacted
from zai_ls.core.redaction.finding import Found, find
from zai_ls.core.redaction.placeholders import placeholder
from zai_ls.core.redaction.redacting import _Taken
from zai_ls.core.text import split_lines

SALT = b"salt"
R = Random(3)
GITHUB = true.TOKENS["github"][0](R)
OTHER = true.TOKENS["github"][0](R)
PASSWORD = "kV9!pQz7#mLw"
CASES = true.cases(11)


def placeholders(text, salt=SALT):
    return [each.placeholder for each in redacted(text, salt)[1]]


# -- placeholders --------------------------------------------------------------------------------------------


def test_the_same_secret_has_the_same_placeholder_everywhere():
    text, stand_ins = redacted(f'a = "{GITHUB}"\n# {GITHUB} was {OTHER}\n', SALT)
    first, second = stand_ins
    assert text == f'a = "{first.placeholder}"\n# {first.placeholder} was {second.placeholder}\n'
    assert first.placeholder != second.placeholder


def test_the_same_secret_has_the_same_placeholder_in_the_next_request():
    """Else nothing of a prompt would be found in the service's cache."""
    assert placeholders(f'a = "{GITHUB}"') == placeholders(f'def f():\n    return "{GITHUB}"\n')


def test_another_process_has_other_placeholders():
    """Nothing about a secret can be learned from what stands for it."""
    assert placeholders(f'a = "{GITHUB}"') != placeholders(f'a = "{GITHUB}"', b"pepper")


@pytest.mark.parametrize("case", CASES[::17], ids=str)
def test_a_placeholder_breaks_no_string(case):
    for name in placeholders(case.text):
        assert re.fullmatch(r"[A-Za-z0-9_./-]{10,80}", name)


@pytest.mark.parametrize("kind", true.TOKENS)
def test_a_placeholder_is_of_the_secrets_kind(kind):
    """So that the model takes it for one, and tells nothing else about it."""
    secret = true.TOKENS[kind][0](R)
    (name,) = placeholders(f'call("{secret}")')
    assert [found.kind for found in find(f'call("{name}")')] == [kind]
    assert secret[:3] == name[:3] or kind == "zai"
    assert 0.25 <= len(name) / len(secret) <= 1


def test_a_placeholder_that_stands_in_the_text_already_is_not_used():
    (name,) = placeholders(f'a = "{GITHUB}"')
    text, stand_ins = redacted(f'a = "{GITHUB}"\n# sent as: {name[4:]}\n', SALT)
    assert stand_ins[0].placeholder != name
    assert Restorer(stand_ins).text(text) == f'a = "{GITHUB}"\n# sent as: {name[4:]}\n'


HEADS = [
    "AKIA",
    "ASIA",
    "ABIA",
    "ACCA",
    "AIza",
    "GOCSPX-",
    "ya29.",
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "gldt-",
    "glrt-",
    "glptt-",
    "glcbt-",
    "glsoat-",
    "glft-",
    "glagent-",
    "gloas-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "sk_live_",
    "rk_test_",
    "whsec_",
    "npm_",
    "pypi-AgEIcHlwaS5vcmc",
    "sk-ant-api03-",
    "sk-ant-admin01-",
    "sk-ant-",
    "sk-proj-",
    "sk-svcacct-",
    "sk-admin-",
    "sk-or-v1-",
    "sk-",
    "hf_",
    "dop_v1_",
    "gsk_",
    "dckr_pat_",
    "shpat_",
    "lin_api_",
    "AGE-SECRET-KEY-1",
]


@pytest.mark.parametrize("head", HEADS)
def test_every_head_has_a_placeholder(head):
    """Also when the head itself is a word that the text holds."""
    body = "AB2CD3EF4GH5JK6LM7NP8QR9ST0UVWX1YZ2A3B"
    secret = head + {"A": body[:16], "AGE-SECRET-KEY-1": body + "4C5D"}.get(
        head[: 1 if len(head) == 4 and head.isupper() else None], body
    )
    text, (stand_in,) = redacted(f"call('{secret}')", SALT)
    assert secret not in text
    assert stand_in.placeholder.startswith(head[:3])
    assert Restorer((stand_in,)).text(text) == f"call('{secret}')"


def test_a_placeholder_grows_when_all_are_taken():
    """So looking for a free one ends, whatever stands in the text."""
    found = Found(0, 8, "password")
    taken = _Taken(" ".join(placeholder(SALT, PASSWORD, found, n) for n in range(40)))
    assert len(taken.fresh(lambda n: placeholder(SALT, PASSWORD, found, n), 0)) > 16


def test_nothing_shows_the_secret_by_itself():
    _, stand_ins = redacted(f'a = "{GITHUB}"', SALT)
    assert GITHUB not in repr(stand_ins)


# -- where ---------------------------------------------------------------------------------------------------


def test_a_secret_is_replaced_where_only_its_value_stands():
    """As linters quote it."""
    text, _ = redacted(
        f"password = \"{PASSWORD}\"\n\n- line 1: Possible hardcoded password: '{PASSWORD}'\n", SALT
    )
    assert PASSWORD not in text


@pytest.mark.parametrize(
    "text",
    [
        "postgres://app:hunter2@db/x\n# hunter2\n",
        "postgres://app:hunter2@db/x\nprint('line\\nhunter2')\nq='p%3Dhunter2&x'\n",
        "postgres://app:hunter2@db/x\n"
        + "".join(f"p://u:kV9pQz{n:03}@h\n" for n in range(50))
        + "s = 'a\\thunter2'\n",
    ],
)
def test_a_short_secret_is_replaced_wherever_it_stands(text):
    hidden, stand_ins = redacted(text, SALT)
    assert "hunter2" not in hidden
    assert Restorer(stand_ins).text(hidden) == text


def test_a_short_secret_is_not_taken_for_a_part_of_a_name():
    text, _ = redacted("postgres://app:hunter2@db/x\nhunter22 = myhunter2\n", SALT)
    assert "hunter22 = myhunter2" in text


@pytest.mark.parametrize(
    "secret",
    ["xoxb-1234567890-ghp_" + "aB3dE5gH7jK9mN1pQ3sT5v", "sk-ant-api03-abcdefghijk0-AKIAABCD2345EFGH6723-x"],
)
def test_of_secrets_that_overlap_nothing_is_left(secret):
    text, (stand_in,) = redacted(f"f('{secret}')", SALT)
    assert text == f"f('{stand_in.placeholder}')"


def test_many_secrets_that_begin_alike_take_as_long_as_others():
    def text(size):
        return "".join(f'a = "ghp_aaaaaa{n:020}"\n' for n in range(size))

    small, large = text(300), text(600)
    assert steps(lambda: redacted(large, SALT)) <= 2.3 * steps(lambda: redacted(small, SALT))


def test_a_password_that_is_a_word_is_replaced_in_its_address_only():
    text, (stand_in,) = redacted("postgres://app:sunshine@db/x\nsunshine = 1\n", SALT)
    assert text == f"postgres://app:{stand_in.placeholder}@db/x\nsunshine = 1\n"


def key_lines(count=16):
    return [true.of(R, true._ALNUM, 64) for _ in range(count)]


def test_lines_of_a_private_key_are_replaced_where_its_ends_are_not_shown():
    lines = key_lines()
    document = "\n".join(("-----BEGIN RSA PRIVATE KEY-----", *lines, "-----END RSA PRIVATE KEY-----"))
    part = "\n".join(lines[4:9])
    assert redacted(part, SALT) == (part, ())
    text, _ = redacted(part, SALT, keys_in=lambda: [document])
    assert not any(line in text for line in lines)
    assert text.count("\n") == part.count("\n")


@pytest.mark.parametrize("width", [16, 24, 32, 40])
def test_short_rows_of_a_private_key_in_pieces_of_string_are_replaced(width):
    rows = [true.of(R, true._ALNUM, width) for _ in range(16)]
    pieces = [f'    "{row}\\n" +\n' for row in rows]
    document = (
        f'k = "-----BEGIN RSA PRIVATE KEY-----\\n" +\n{"".join(pieces)}    "-----END RSA PRIVATE KEY-----";\n'
    )
    text, stand_ins = redacted("".join(pieces[4:9]), SALT, keys_in=lambda: [document])
    assert not any(row in text for row in rows)
    assert Restorer(stand_ins).text(text) == "".join(pieces[4:9])


@pytest.mark.parametrize("sign", ["", "+", "    ", "# ", "// "])
@pytest.mark.parametrize("shown", [slice(0, 8), slice(9, None)])
def test_a_private_key_with_one_end_is_replaced(sign, shown):
    lines = ["-----BEGIN EC PRIVATE KEY-----", *key_lines(), "-----END EC PRIVATE KEY-----"]
    text = "x = 1\n" + "".join(f"{sign}{line}\n" for line in lines[shown])
    hidden, stand_ins = redacted(text, SALT)
    assert not any(line in hidden for line in lines[1:-1])
    assert Restorer(stand_ins).text(hidden) == text


def test_what_was_cut_from_a_longer_text_is_known_by_it():
    whole = f'password = "{PASSWORD}" ' + "x" * 100
    part = whole[12:]
    assert redacted(part, SALT) == (part, ())
    assert PASSWORD not in redacted(part, SALT, cut_from=[whole])[0]


@pytest.mark.parametrize("at", range(5, 55, 7))
def test_a_cut_goes_through_no_secret(at):
    text = f'a = "{GITHUB}" + "{GITHUB}"'
    assert not re.search(r"ghp_\w{,35}(?!\w)", cut(text, at))
    assert not re.match(r"\w{1,35}\"", cut(text, len(text) - at, keep_end=True))
    assert cut(text, 1000) == text


def test_the_cursor_in_a_secret():
    lines = split_lines(f'a = 1\npassword = "{PASSWORD}"\n')
    column = lines[1].index(PASSWORD)
    inside = [n for n in range(len(lines[1])) if is_in_secret(lines, 1, n)]
    assert inside == list(range(column, column + len(PASSWORD) + 1)), "its edges count"
    assert not is_in_secret(lines, 0, 3)


# -- all comes back ------------------------------------------------------------------------------------------

SOME = st.one_of(
    st.sampled_from([case.text for case in CASES]),
    st.sampled_from([case.secret for case in CASES]),
    st.text(max_size=30),
    st.sampled_from(
        ['"', "'", "\n", " ", "password = ", "token: ", "-----BEGIN PRIVATE KEY-----\n", "://a:", "@", "İ"]
    ),
)
TEXTS = st.lists(SOME, max_size=8).map("".join)


@given(TEXTS)
def test_what_is_taken_out_is_put_back(text):
    hidden, stand_ins = redacted(text, SALT)
    assert Restorer(stand_ins).text(hidden) == text
    assert not Restorer(stand_ins).has_traces(text)


@given(TEXTS, st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_it_is_put_back_in_whatever_pieces_the_reply_comes(text, sizes):
    """And what has come so far never shows a part of a placeholder."""
    hidden, stand_ins = redacted(text, SALT)
    stream, shown, at, n = Restorer(stand_ins).stream(), "", 0, 0
    while at < len(hidden):
        size = sizes[n % len(sizes)]
        shown += stream.feed(hidden[at : at + size])
        assert text.startswith(shown)
        at, n = at + size, n + 1
    assert shown + stream.close() == text


def test_the_end_of_one_placeholder_may_begin_the_next():
    """Found whole before anything is held back."""
    text = "".join(f'"{true.TOKENS["zai"][0](R)}"' for _ in range(40))
    hidden, stand_ins = redacted(text, SALT)
    stream = Restorer(stand_ins).stream()
    assert "".join(stream.feed(letter) for letter in hidden) + stream.close() == text


# -- what cannot be put back ---------------------------------------------------------------------------------

CHANGES = {
    "small letters": str.lower,
    "capitals": str.upper,
    "its end cut off": lambda name: name[:-3],
    "much cut off": lambda name: name[: len(name) // 2],
    "its head cut off": lambda name: name[5:],
    "a letter changed": lambda name: name[:-9] + ("a" if name[-9] != "a" else "b") + name[-8:],
    "put apart": lambda name: name[: len(name) // 2] + '" + "' + name[len(name) // 2 :],
}


@pytest.mark.parametrize("kind", ["github", "aws", "zai", "jwt", "anthropic"])
@pytest.mark.parametrize("how", CHANGES)
def test_a_changed_placeholder_is_noticed(kind, how):
    text, (stand_in,) = redacted(f'a = "{true.TOKENS[kind][0](R)}"\n', SALT)
    changed = CHANGES[how](stand_in.placeholder)
    restorer = Restorer((stand_in,))
    reply = restorer.text(text.replace(stand_in.placeholder, changed))
    assert changed == stand_in.placeholder or restorer.has_traces(reply)
    assert not restorer.has_traces(restorer.text(text))


@pytest.mark.parametrize(
    "code",
    [
        'password = "kV9!pQz7"\n',
        "postgres://app:sunshine@db/x\n",
        "Server=db;Uid=app;Pwd=kV9!pQz7\n",
        'token = "0f1e2d3c4b5a69780f1e2d3c4b5a6978"\n',
        'token = "0f1e2d3c4b5a69780f1e2d3c"\n',
        'token = "0f1e2d3c-4b5a-6978-0f1e-2d3c4b5a6978"\n',
    ],
)
def test_one_wrong_letter_or_a_short_piece_is_noticed_of_every_length(code):
    _, (stand_in,) = redacted(code, SALT)
    name, restorer = stand_in.placeholder, Restorer((stand_in,))
    for at, letter in enumerate(name):
        assert restorer.has_traces(f'"{name[:at]}{"a" if letter.lower() != "a" else "b"}{name[at + 1 :]}"')
    assert restorer.has_traces(name[: 6 if not re.fullmatch("[0-9a-f-]+", name) else 9])


def test_for_reading_there_are_words_and_no_secret():
    text, stand_ins = redacted(f'a = "{GITHUB}"\n', SALT)
    assert Restorer.for_reading(stand_ins).text(text) == 'a = "[GitHub token, not shown]"\n'


# -- time ----------------------------------------------------------------------------------------------------


def hostile(size):
    pem = "-----BEGIN PRIVATE KEY-----"
    for unit in (
        "a", "A", "0", '"', "'", "\\", ".", "=", " ", "\n", "://", "@", "://a:", "-----", "eyJ", "eyJaaaaaaaaaa.", "AKIA", "sk-",
        "password=", 'password="', "password = 'x", "pass pass ", "pwd=ab;", "key", "api_key=", "token:", "secret(", "sig=",
        "sig=AAAAAAAAAAAAAAAAAAAAAAAA ", "xox", "AKIAABCDEFGHIJKLMNOP ", "bearer ", "İ", pem, pem.replace("BEGIN", "END"),
        pem + "\n" + "A" * 64 + "\n", "A" * 64 + "\n", "a1b2c3d4.", "password=Kd8!x%d;\n",
        "_sk-", "_eyJ", "-xoxb-", "_hf_", "://a:b/", "Private-Lines: 1\n", "host=a;password=b1!xyz;", "?password=", "test-", "password=['a1!bcdef',", "'a1!bcdef',", "password ? ", "identified by ", "a:b@tcp(",
        "password or ", "password\n", 'token="test-',
    ):  # fmt: skip
        yield unit, (unit * (size // len(unit) + 1))[:size]


def steps(work):
    """Lines of Python that *work* runs: the same on any machine."""
    count = 0

    def trace(frame, event, argument):
        nonlocal count
        if "redaction" not in frame.f_code.co_filename:
            return None
        count += 1
        return trace

    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(None)
    return count


@pytest.mark.parametrize("unit", [unit for unit, _ in hostile(100)], ids=repr)
def test_twice_as_long_a_text_takes_twice_as_many_steps(unit):
    small, large = (dict(hostile(size))[unit] for size in (10_000, 20_000))
    few, many = steps(lambda: redacted(small, SALT)), steps(lambda: redacted(large, SALT))
    assert many <= 2.3 * few + 200


def seconds(text):
    """Of the processor, so that what else it does counts for nothing."""
    from time import process_time

    began = process_time()
    redacted(text, SALT)
    return process_time() - began


@pytest.mark.parametrize("unit", [unit for unit, _ in hostile(100)], ids=repr)
def test_a_long_line_takes_as_long_as_its_parts(unit):
    """What patterns do is not seen by counting steps: eight times the text may take twenty times as long, not sixty-four times."""
    small, large = (dict(hostile(size))[unit] for size in (32_000, 256_000))
    part = min(seconds(small) for _ in range(3))
    assert min(seconds(large) for _ in range(2)) <= 20 * max(part, 0.002)


def test_a_line_of_a_megabyte():
    """Of everything that is hostile, it takes no more than some times what a megabyte of ordinary code does."""
    size = 1_048_576
    text = "".join(text for _, text in hostile(size // len(list(hostile(1))))).replace("\n", " ")
    pieces = "".join(ordinary.pieces())
    plain = (pieces * (size // len(pieces) + 1))[:size]
    assert seconds(text) <= 25 * seconds(plain)
