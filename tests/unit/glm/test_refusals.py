from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zai_ls import errors
from zai_ls.catalogue import shipped_codes
from zai_ls.glm.refusals import classify, is_refusal

NOW = datetime(2026, 10, 5, 4, 0, 0, tzinfo=UTC).timestamp()
"""Noon in Beijing."""

CLASSES = {
    errors.AuthFailed: "1000 1001 1002 1003 1004 1005 1220",
    errors.AccountLocked: "1110 1111 1112 1121",
    errors.NoBalance: "1113",
    errors.ServerError: "1100 1120 1200 1230 1234",
    errors.BadRequest: "1210 1212 1213 1214 1215 1221 1222 1231",
    errors.UnknownModel: "1211",
    errors.ContextTooLong: "1261",
    errors.ContentBlocked: "1300 1301",
    errors.RateLimited: "1302 1303",
    errors.Overloaded: "1305 1312",
    errors.QuotaExhausted: "1304 1308 1310 1316 1317 1318 1319 1320 1321",
    errors.PlanEnded: "1309 1314 1315",
    errors.PlanLacksModel: "1311",
    errors.FairUse: "1313",
}
BY_CODE = {code: kind for kind, codes in CLASSES.items() for code in codes.split()}

WORDS = {
    "english": "Usage limit reached for 5 hour. Your limit will reset at 2026-10-05 14:30:00",
    "chinese": "已达到 5 小时的使用上限。您的限额将在 2026-10-05 14:30:00 重置。",
    "misleading": "Authentication failed: insufficient balance, model overloaded, rate limit",
}

SHAPES = {
    "openai": lambda code, text: {"error": {"code": code, "message": text}},
    "openai, number": lambda code, text: {"error": {"code": int(code), "message": text}},
    "openai, traced": lambda code, text: {
        "error": {"code": code, "message": text},
        "request_id": "20261005115958aabbccddeeff0011",
    },
    "anthropic": lambda code, text: {
        "type": "error",
        "error": {"type": "api_error", "code": code, "message": f"[{code}][{text}][20261005115958abcdef]"},
    },
    "anthropic, bracket only": lambda code, text: {
        "type": "error",
        "error": {"type": "rate_limit_error", "message": f"[{code}][{text}][20261005115958abcdef]"},
    },
    "anthropic, old": lambda code, text: {"type": "error", "error": {"type": code, "message": text}},
    "in band": lambda code, text: {"code": int(code), "msg": text, "success": False},
}


def read(body: object, status: int = 429, **more) -> errors.ZaiError:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return classify(status, raw, **{"host": "api.z.ai", "model": "glm-4.7", "now": NOW, **more})


def test_the_table_is_whole():
    """Each code of the catalogue names a class that exists; each number of it stands in the table above."""
    codes = shipped_codes()
    assert {code for code in codes if code.isdecimal()} == set(BY_CODE)
    for code in codes.values():
        assert issubclass(getattr(errors, code.error), errors.ServiceError), code


@pytest.mark.parametrize("words", WORDS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("code", BY_CODE)
def test_the_code_decides(code, shape, words):
    """Each code in each shape of body and either language, whatever the status and the words say."""
    for status in (200, 400, 401, 429, 500):
        error = read(SHAPES[shape](code, WORDS[words]), status)
        assert type(error) is BY_CODE[code]
        assert (error.code, error.host, error.model) == (code, "api.z.ai", "glm-4.7")
        assert error.detail == WORDS[words]
        assert error.user_text


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, errors.ServerError),
        (302, errors.BadReply),
        (400, errors.BadRequest),
        (401, errors.AuthFailed),
        (402, errors.NoBalance),
        (403, errors.AuthFailed),
        (404, errors.BadRequest),
        (408, errors.ServerError),
        (413, errors.ContextTooLong),
        (422, errors.BadRequest),
        (429, errors.RateLimited),
        (434, errors.AuthFailed),
        (500, errors.ServerError),
        (502, errors.ServerError),
        (503, errors.ServerError),
        (529, errors.Overloaded),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Bad gateway</html>",
        b"\xff\xfe",
        b"[" * 100_000,
        b"null",
        b"[]",
        b'{"error": "no such thing"}',
        b'{"error": {"code": "9999", "message": "new"}}',
        b'{"error": {"code": null, "message": null}}',
        b'{"error": {"code": true}}',
        b'{"detail": [{"msg": "field required"}]}',
    ],
    ids=range(11),
)
def test_an_unknown_code_goes_by_status(status, kind, body):
    """No body, however strange, keeps a refusal from being understood as far as it can be."""
    assert type(read(body, status)) is kind


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"code": 401, "msg": "token expired or incorrect", "success": False}, errors.AuthFailed),
        ({"code": 500, "msg": "…coding plan…", "success": False}, errors.ServerError),
        ({"code": 1000, "msg": "身份验证失败。", "success": False}, errors.AuthFailed),
        (
            {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}},
            errors.ServerError,
        ),
    ],
)
def test_a_status_inside_the_body_counts(body, kind):
    """An answer of status 200 may hold the true status where the code should be."""
    assert is_refusal(body)
    assert type(read(body, 200)) is kind


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (
            {"error": {"code": "invalid_api_key", "type": "invalid_request_error", "message": "x"}},
            401,
            errors.AuthFailed,
        ),
        ({"error": {"code": "model_not_found", "message": "x"}}, 404, errors.UnknownModel),
        ({"error": {"code": "context_length_exceeded", "message": "x"}}, 400, errors.ContextTooLong),
        (
            {"error": {"code": 400, "type": "exceed_context_size_error", "message": "x"}},
            400,
            errors.BadRequest,
        ),
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
            529,
            errors.Overloaded,
        ),
    ],
)
def test_other_hosts_words_are_known(body, status, kind):
    """OpenAI-style and Anthropic-style hosts use words for codes."""
    assert type(read(body, status)) is kind


def test_a_good_answer_is_no_refusal():
    """Neither a reply nor a good reading is taken for a refusal."""
    assert not is_refusal({"id": "1", "choices": [], "error": None})
    assert not is_refusal({"code": 200, "msg": "ok", "success": True, "data": {}})
    assert not is_refusal([])


HOUR = 3600.0


@pytest.mark.parametrize(
    ("code", "text", "wait"),
    [
        ("1308", "reset at 2026-10-05 14:30:00", 2.5 * HOUR),
        ("1308", "将在 2026-10-05 14:30:00 重置。", 2.5 * HOUR),
        ("1308", "reset at 2026-10-05T06:30:00Z", 2.5 * HOUR),
        ("1308", "reset at 2026-10-05 06:30:00.123 Z", 2.5 * HOUR),
        ("1308", "reset at 2026-10-05 08:30:00+02:00", 2.5 * HOUR),
        ("1308", "reset at 2026-10-05 00:00:00 -0630", 2.5 * HOUR),
        ("1308", "reset at 2026-10-05 17:10:00", 5 * HOUR + 600),
        ("1308", "reset at 2026-10-05 17:20:00", None),
        ("1308", "reset at 2026-10-05 12:00:00", None),
        ("1308", "reset at 2026-10-05 11:59:00", None),
        ("1308", "reset at 2026-13-45 99:00:00", None),
        ("1308", "reset soon", None),
        ("1316", "Resets at 2026-10-05 13:00:00", HOUR),
        ("1317", "Resets at 2026-10-12 12:00:00", 168 * HOUR),
        ("1310", "reset at 2026-11-05 12:00:00", 31 * 24 * HOUR),
        ("1310", "reset at 2026-11-06 12:00:00", None),
        ("1319", "reset at 2026-10-05 12:00:01", 1.0),
        ("1320", "reset at 2026-10-05 16:00:00", 4 * HOUR),
        ("1304", "今日调用次数限额", 12 * HOUR),
        ("1302", "until 2026-10-05 14:30:00", None),
    ],
)
def test_reset_times(code, text, wait):
    """Beijing time unless a zone is given; what is past or farther than the window is long is not believed."""
    error = read({"error": {"code": code, "message": text}})
    assert error.resets_at == (None if wait is None else NOW + wait)


@pytest.mark.parametrize("off", [-9 * HOUR, -120.0, 0.0, 120.0, 9 * HOUR])
def test_with_a_stamped_trace_id_our_own_clock_does_not_matter(off):
    """Both times are the service's own: their difference is the wait, however wrong our clock is."""
    for shape in ("openai, traced", "anthropic", "anthropic, bracket only"):
        error = read(SHAPES[shape]("1308", WORDS["english"]), now=NOW + off)
        assert error.resets_at == NOW + off + 2.5 * HOUR + 2
    explicit = {
        "error": {"code": "1308", "message": "[1308][reset at 2026-10-05 06:30:00Z][20260101000000ab]"}
    }
    assert read(explicit).resets_at == NOW + 2.5 * HOUR


def test_the_window_is_named():
    """A spent window says which."""
    for code, window in {"1308": "5h", "1310": "week", "1304": "day", "1317": "week", "1320": "5h"}.items():
        assert read({"error": {"code": code, "message": ""}}).window == window


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "7"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7.0),
        ({"retry-after": "Mon, 05 Oct 2026 04:00:30 GMT"}, 30.0),
        ({"retry-after": "Mon, 05 Oct 2026 03:00:00 GMT"}, 0.0),
        ({"retry-after": "never"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "99999999"}, 6 * HOUR),
    ],
)
def test_retry_after(headers, wait):
    """Seconds, milliseconds or a date; nonsense counts as unsaid."""
    assert read({"error": {"code": "1302"}}, headers=headers).retry_after_s == wait


KEY = "0123456789abcdef0123456789abcdef.AbCdEfGhIjKlMnOp"


@pytest.mark.parametrize(
    ("message", "detail"),
    [
        ("Authorization Token " + KEY + " is wrong", "Authorization Token … is wrong"),
        (
            "Your account's current usage, see the user's page",
            "Your account's current usage, see the user's page",
        ),
        ("bad content: 'def secret_function(a, b): return a'", "bad content: …"),
        ('bad "short" field', 'bad "short" field'),
        ("cannot parse `class Secret:\n    key = 1`", "cannot parse …"),
        ("one\ntwo: def f(): pass", "one"),
        ("a\x1b[31mb\u202ec\td", "a [31mb c d"),
        (
            "网络错误，错误id：20260101000000abcdef0011，请联系客服",
            "网络错误，错误id：20260101000000abcdef0011，请联系客服",
        ),
        ("long words " * 40, ("long words " * 40)[:159] + "…"),
    ],
)
def test_the_detail_is_fit_to_show(message, detail):
    """One short printable line: no key, no code, no terminal tricks."""
    assert read({"error": {"code": "1210", "message": message}}).detail == detail


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["error", "code", "message", "msg", "type", "success", "request_id"]), inner
            )
        ),
    )
)
def test_no_body_breaks_it(value):
    """Whatever JSON comes, an error comes out, with a detail of bounded length."""
    error = read(value)
    assert isinstance(error, errors.ZaiError)
    assert len(error.detail) <= 160
