from __future__ import annotations

import json

import pytest

from tests.unit.glm.wire import chunk, read, said, sse, text_of, thought
from zai_ls import errors
from zai_ls.catalogue import Catalogue
from zai_ls.domain import (
    Account,
    FinishReason,
    Prompt,
    ReplyFinished,
    ReplyStarted,
    Secret,
    TextDelta,
    Thinking,
    ThinkingDelta,
    Usage,
    UsageReported,
)
from zai_ls.glm.dialect import dialect_for
from zai_ls.glm.openai import OpenAI

CATALOGUE = Catalogue.load()
USAGE = {
    "prompt_tokens": 9,
    "completion_tokens": 5,
    "prompt_tokens_details": {"cached_tokens": 4},
    "completion_tokens_details": {"reasoning_tokens": 2},
}


def decoder():
    return OpenAI().decoder(host="api.z.ai", model="glm-4.7", now=1_795_000_000.0)


def sent(model: str, *, vendor: bool = True, stream: bool = True, **prompt) -> dict:
    request = OpenAI(vendor).encode(
        Prompt(**{"system": "s", "user": "u", "max_tokens": 1000, **prompt}),
        CATALOGUE.model(model),
        stream=stream,
    )
    assert request.path == "/chat/completions"
    assert not any(name.lower() in {"authorization", "host"} for name, _ in request.headers)
    return json.loads(request.body)


@pytest.mark.parametrize(
    ("model", "thinking", "said", "effort", "max_tokens"),
    [
        ("glm-4.7", Thinking.OFF, "disabled", None, 1000),
        ("glm-4.7", Thinking.AUTO, "enabled", None, 1000 + 8192),
        ("glm-4.5-air", Thinking.AUTO, "disabled", None, 1000),
        ("glm-5", Thinking.AUTO, "enabled", None, 1000 + 16384),
        ("glm-5.2", Thinking.OFF, "disabled", None, 1000),
        ("glm-5.2", Thinking.AUTO, "enabled", "high", 1000 + 16384),
        ("glm-5.3", Thinking.OFF, "enabled", "low", 1000 + 16384),
        ("glm-5.3", Thinking.AUTO, "enabled", "high", 1000 + 16384),
        ("glm-5.3-flash", Thinking.OFF, "enabled", "low", 1000 + 4096),
        ("glm-5.3-flash", Thinking.AUTO, "enabled", "low", 1000 + 4096),
    ],
)
def test_thinking_is_always_said(model, thinking, said, effort, max_tokens):
    """Leaving it out means "on"; a model that cannot be told not to think gets the least effort and room for it."""
    body = sent(model, thinking=thinking)
    assert body["thinking"] == {"type": said}
    assert body.get("reasoning_effort") == effort
    assert body["max_tokens"] == max_tokens
    assert body["do_sample"] is False


def test_a_request():
    """Everything that is sent, and nothing else."""
    assert sent("glm-4.5-air", stop="```") == {
        "model": "glm-4.5-air",
        "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}],
        "max_tokens": 1000,
        "stream": True,
        "stop": ["```"],
        "do_sample": False,
        "thinking": {"type": "disabled"},
    }
    assert sent("glm-4.5-air", system="", stream=False)["messages"] == [{"role": "user", "content": "u"}]
    assert sent("glm-4.5-air", stream=False)["stream"] is False


def test_the_bound_stays_within_what_the_model_can_say():
    """More than the model's own limit would be refused (1210)."""
    assert sent("glm-4.5-air", max_tokens=200_000)["max_tokens"] == 98_304
    assert sent("glm-5.3", max_tokens=131_000)["max_tokens"] == 131_072


@pytest.mark.parametrize(
    ("model", "vendor"), [("glm-4.7", False), ("SmolLM2-135M", True), ("SmolLM2-135M", False)]
)
def test_strangers_get_no_vendor_fields(model, vendor):
    """A model or host that is not the vendor's may refuse fields it does not know."""
    body = sent(model, vendor=vendor)
    assert not {"thinking", "do_sample", "reasoning_effort"} & set(body)
    assert body["temperature"] == 0
    assert body["stream_options"] == {"include_usage": True}
    assert "stream_options" not in sent(model, vendor=vendor, stream=False)


@pytest.mark.parametrize(
    ("base_url", "asked", "vendor"),
    [
        ("https://api.z.ai/api/paas/v4", None, True),
        ("https://open.bigmodel.cn/api/coding/paas/v4", None, True),
        ("http://127.0.0.1:8000/api/paas/v4", None, True),
        ("http://[::1]:8000/v1", None, True),
        ("https://example.org/v1", None, False),
        ("https://api.z.ai.example.org/v1", None, False),
        ("https://example.org/v1", True, True),
        ("https://api.z.ai/api/paas/v4", False, False),
    ],
)
def test_whose_fields_are_sent_is_told_by_the_host(base_url, asked, vendor):
    """The vendor's hosts and this machine get them, others do not, and the setting has the last word."""
    account = Account("a", base_url, "openai", Secret("k"))
    body = (
        dialect_for(account, CATALOGUE, vendor_fields=asked)
        .encode(Prompt("", "u", 9), CATALOGUE.model("glm-4.7"))
        .body
    )
    assert ("thinking" in json.loads(body)) is vendor


def test_any_text_can_be_sent():
    """Half a surrogate pair in a document does not keep the request from being sent."""
    assert sent("glm-4.7", user="a\ud83d😀\u2028\x00")["messages"][1]["content"] == "a\ufffd😀\u2028\x00"


STREAM = sse(
    chunk({"role": "assistant", "content": ""}),
    thought("Well"),
    thought(", 春"),
    said("return "),
    said("x😀"),
    chunk({"content": ""}, "stop", USAGE),
    done=True,
)
EVENTS = [
    ReplyStarted("20261005120000ab", "glm-4.7"),
    ThinkingDelta("Well"),
    ThinkingDelta(", 春"),
    TextDelta("return "),
    TextDelta("x😀"),
    ReplyFinished(FinishReason.STOP),
    UsageReported(Usage(9, 4, 5, 2)),
]


def test_a_stream_becomes_events_wherever_it_is_cut():
    """Every cut gives the same events in the same order."""
    for cut in range(len(STREAM) + 1):
        assert read(decoder(), STREAM[:cut], STREAM[cut:]) == EVENTS


def test_a_reply_in_one_piece_gives_the_same_events():
    """A host that does not stream answers with one document."""
    message = {"role": "assistant", "content": "return x", "reasoning_content": "Well"}
    whole = {
        "id": "1",
        "model": "glm-4.7",
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": USAGE,
    }
    body = b"\r\n \n" + json.dumps(whole).encode()
    for cut in range(len(body)):
        assert read(decoder(), body[:cut], body[cut:]) == [
            ReplyStarted("1", "glm-4.7"),
            ThinkingDelta("Well"),
            TextDelta("return x"),
            ReplyFinished(FinishReason.STOP),
            UsageReported(Usage(9, 4, 5, 2)),
        ]


def test_events_come_as_soon_as_their_bytes_do():
    """Nothing waits for the end: the first delta is out with its own blank line."""
    assert decoder().feed(sse(said("x"))) == [ReplyStarted("20261005120000ab", "glm-4.7"), TextDelta("x")]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("stop", FinishReason.STOP),
        ("length", FinishReason.LENGTH),
        ("tool_calls", FinishReason.TOOL_CALLS),
        ("function_call", FinishReason.TOOL_CALLS),
        ("sensitive", FinishReason.SENSITIVE),
        ("content_filter", FinishReason.SENSITIVE),
        ("network_error", FinishReason.NETWORK_ERROR),
        ("model_context_window_exceeded", FinishReason.CONTEXT_EXCEEDED),
        ("unknown", FinishReason.UNKNOWN),
        ("something new", FinishReason.UNKNOWN),
    ],
)
def test_why_it_stopped(word, reason):
    """The service's words, and "unknown" for a new one."""
    assert ReplyFinished(reason) in read(decoder(), sse(said("x"), chunk(finish=word), done=True))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n\n",
        sse(said("x")),
        sse(said("x"), done=True),
        STREAM[: STREAM.index(b'"stop"')],
        sse(done=True),
        b"<html>a proxy's page</html>",
        b'{"choices": [',
        b"[1, 2]",
        b'{"choices": [], "object": "list"}',
        sse("not json"),
        sse("[1]"),
        sse("7"),
        sse('{"a":' * 5000),
    ],
    ids=range(14),
)
def test_a_cut_reply_is_never_a_short_answer(body):
    """Without the word that the model stopped it is a failure, whatever came before."""
    with pytest.raises(errors.BadReply):
        read(decoder(), body)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (sse({"error": {"code": "1305", "message": "busy"}}), errors.Overloaded),
        (sse(said("x"), {"error": {"code": 1302, "message": "busy"}}), errors.RateLimited),
        (sse({"code": "1234", "message": "x"}, name="error"), errors.ServerError),
        (sse({"error": {"message": "x"}}, name="error"), errors.ServerError),
        (b'{"code":1000,"msg":"no","success":false}', errors.AuthFailed),
        (b'{"error":{"code":"1113","message":"no"}}', errors.NoBalance),
        (sse({"code": 1313, "msg": "no", "success": False}), errors.FairUse),
    ],
    ids=range(7),
)
def test_an_error_with_status_200_is_raised(body, kind):
    """In the stream, as an error event, or instead of it: the error is classified like any other."""
    with pytest.raises(kind) as raised:
        read(decoder(), body)
    assert (raised.value.host, raised.value.model) == ("api.z.ai", "glm-4.7")


OTHER = chunk({"content": "new"}, "stop", reply_id="20261005120130cd")


def spliced(whole: dict, cut: int, other: dict = OTHER) -> bytes:
    """The gateway's fault: *whole* breaks off after *cut* bytes, and another reply goes on in the same line."""
    return b"data: " + json.dumps(whole).encode()[:cut] + sse(other, done=True)


def test_a_restart_before_any_text_costs_nothing():
    """Spliced into the very first chunk, or after chunks that said nothing: the new reply is the reply."""
    first = chunk({"role": "assistant", "content": ""})
    for cut in range(len(json.dumps(first))):
        for before in (b"", sse(first)):
            events = read(decoder(), before + spliced(first, cut))
            assert text_of(events) == ("", "new")
            assert ReplyStarted("20261005120130cd", "glm-4.7") in events
    assert text_of(read(decoder(), sse(first, OTHER, done=True))) == ("", "new")


@pytest.mark.parametrize("before", [said("old"), thought("old")])
def test_a_restart_after_text_is_a_failure(before):
    """Two replies are never mixed: once something was said, a new id or a splice ends it."""
    for body in (sse(before, OTHER, done=True), sse(before) + spliced(said("more"), 40)):
        with pytest.raises(errors.BadReply, match="restarted"):
            read(decoder(), body)
    same = sse(before) + spliced(said("more"), 40, chunk({"content": "new"}, "stop"))
    with pytest.raises(errors.BadReply, match="restarted"):
        read(decoder(), same)


def test_what_other_hosts_do_is_understood():
    """Usage in a chunk without choices, parts instead of text, `reasoning`, no ids, further choices, comments."""
    body = b": keep-alive\n\n" + sse(
        {"choices": [{"index": 1, "delta": {"content": "no"}}, {"delta": {"reasoning": "r"}}]},
        {
            "choices": [{"delta": {"content": [{"type": "text", "text": "a"}, {"type": "image"}]}}],
            "usage": None,
        },
        {"choices": [{"delta": None, "finish_reason": "stop"}]},
        {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": None}},
    )
    assert read(decoder(), body) == [
        ReplyStarted("", ""),
        ThinkingDelta("r"),
        TextDelta("a"),
        ReplyFinished(FinishReason.STOP),
        UsageReported(Usage(3)),
    ]


def test_leaked_thinking_is_not_text():
    """Tags at the beginning of the content, cut over deltas, are thinking."""
    events = read(
        decoder(), sse(said("<th"), said("ink>hm</thi"), said("nk>\n\nx"), chunk(finish="stop"), done=True)
    )
    assert text_of(events) == ("hm", "x")
    assert isinstance(events[-1], ReplyFinished)


def test_an_answer_without_an_end_is_refused():
    """A document is bounded like a stream."""
    with pytest.raises(errors.BadReply):
        read(decoder(), b"{", *[b"x" * 100_000] * 110)


def test_nothing_counts_after_the_end():
    """Text after the finish or after [DONE] is not part of the reply."""
    events = read(decoder(), sse(said("a"), chunk(finish="stop"), said("b"), done=True) + sse(said("c")))
    assert text_of(events) == ("", "a")
