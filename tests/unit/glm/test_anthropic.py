from __future__ import annotations

import json

import pytest

from tests.unit.glm.wire import read, sse, text_of
from zai_ls import errors
from zai_ls.catalogue import Catalogue
from zai_ls.domain import (
    FinishReason,
    Prompt,
    ReplyFinished,
    ReplyStarted,
    TextDelta,
    Thinking,
    ThinkingDelta,
    Usage,
    UsageReported,
)
from zai_ls.glm.anthropic import Anthropic

CATALOGUE = Catalogue.load()


def decoder():
    return Anthropic().decoder(host="api.z.ai", model="glm-4.7", now=1_795_000_000.0)


def sent(model: str, *, vendor: bool = True, stream: bool = True, **prompt) -> dict:
    request = Anthropic(vendor).encode(
        Prompt(**{"system": "s", "user": "u", "max_tokens": 1000, **prompt}),
        CATALOGUE.model(model),
        stream=stream,
    )
    assert request.path == "/v1/messages"
    assert ("anthropic-version", "2023-06-01") in request.headers
    return json.loads(request.body)


def test_a_request():
    """Everything that is sent, and nothing else."""
    assert sent("glm-4.5-air", stop="```") == {
        "model": "glm-4.5-air",
        "max_tokens": 1000,
        "system": "s",
        "messages": [{"role": "user", "content": "u"}],
        "stream": True,
        "stop_sequences": ["```"],
        "thinking": {"type": "disabled"},
        "temperature": 0,
    }
    assert "system" not in sent("glm-4.5-air", system="")


@pytest.mark.parametrize(
    ("model", "thinking", "expected"),
    [
        ("glm-4.7", Thinking.OFF, {"type": "disabled"}),
        ("glm-4.7", Thinking.AUTO, {"type": "enabled", "budget_tokens": 8192}),
        ("glm-5.3", Thinking.OFF, {"type": "enabled", "budget_tokens": 1024}),
        ("glm-5.3", Thinking.AUTO, {"type": "enabled", "budget_tokens": 16384}),
        ("unheard-of", Thinking.AUTO, None),
    ],
)
def test_thinking_is_always_said(model, thinking, expected):
    """With a budget inside the bound; never a temperature beside it; nothing to a stranger."""
    body = sent(model, thinking=thinking)
    assert body.get("thinking") == expected
    thinks = expected is not None and expected["type"] == "enabled"
    assert ("temperature" in body) is not thinks
    if thinks:
        assert expected["budget_tokens"] < body["max_tokens"]


START = {
    "type": "message_start",
    "message": {"id": "m1", "model": "glm-4.7", "usage": {"input_tokens": 0, "output_tokens": 0}},
}
USAGE = {"input_tokens": 5, "cache_read_input_tokens": 4, "output_tokens": 7}


def delta(**inside) -> dict:
    return {"type": "content_block_delta", "index": 0, "delta": inside}


def stopped(reason: str, usage: object = None) -> list[dict]:
    return [
        {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage},
        {"type": "message_stop"},
    ]


STREAM = sse(
    START,
    {"type": "ping"},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
    delta(type="thinking_delta", thinking="Well, 春"),
    delta(type="signature_delta", signature="abc"),
    {"type": "content_block_stop", "index": 0},
    {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": ""}},
    delta(type="text_delta", text="return "),
    delta(type="text_delta", text="x😀"),
    {"type": "content_block_stop", "index": 1},
    *stopped("end_turn", USAGE),
)


def test_a_stream_becomes_events_wherever_it_is_cut():
    """Every cut gives the same events in the same order."""
    for cut in range(len(STREAM) + 1):
        assert read(decoder(), STREAM[:cut], STREAM[cut:]) == [
            ReplyStarted("m1", "glm-4.7"),
            UsageReported(Usage()),
            ThinkingDelta("Well, 春"),
            TextDelta("return "),
            TextDelta("x😀"),
            UsageReported(Usage(9, 4, 7)),
            ReplyFinished(FinishReason.STOP),
        ]


def test_a_reply_in_one_piece():
    """A host that does not stream answers with one document."""
    whole = {
        "type": "message",
        "id": "m1",
        "model": "glm-4.7",
        "content": [
            {"type": "thinking", "thinking": "Well"},
            {"type": "text", "text": "x"},
            {"type": "tool_use"},
        ],
        "stop_reason": "max_tokens",
        "usage": USAGE,
    }
    assert read(decoder(), json.dumps(whole).encode()) == [
        ReplyStarted("m1", "glm-4.7"),
        UsageReported(Usage(9, 4, 7)),
        ThinkingDelta("Well"),
        TextDelta("x"),
        ReplyFinished(FinishReason.LENGTH),
    ]


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("end_turn", FinishReason.STOP),
        ("stop_sequence", FinishReason.STOP),
        ("max_tokens", FinishReason.LENGTH),
        ("tool_use", FinishReason.TOOL_CALLS),
        ("refusal", FinishReason.SENSITIVE),
        ("sensitive", FinishReason.SENSITIVE),
        ("network_error", FinishReason.NETWORK_ERROR),
        ("model_context_window_exceeded", FinishReason.CONTEXT_EXCEEDED),
        ("pause_turn", FinishReason.UNKNOWN),
    ],
)
def test_why_it_stopped(word, reason):
    """The route's words, and "unknown" for a new one."""
    assert ReplyFinished(reason) in read(decoder(), sse(START, *stopped(word)))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        sse(START),
        sse(START, delta(type="text_delta", text="x"), {"type": "message_stop"}),
        STREAM[:-200],
        b'{"type":',
    ],
    ids=range(5),
)
def test_a_cut_reply_is_never_a_short_answer(body):
    """Without the word that the model stopped it is a failure."""
    with pytest.raises(errors.BadReply):
        read(decoder(), body)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (
            sse(START, {"type": "error", "error": {"type": "overloaded_error", "message": "x"}}),
            errors.Overloaded,
        ),
        (
            sse({"type": "error", "error": {"type": "api_error", "code": "1308", "message": "x"}}),
            errors.QuotaExhausted,
        ),
        (b'{"type":"error","error":{"type":"1313","message":"x"}}', errors.FairUse),
        (b'{"code":1000,"msg":"no","success":false}', errors.AuthFailed),
    ],
    ids=range(4),
)
def test_an_error_with_status_200_is_raised(body, kind):
    """As an event of the stream or instead of it."""
    with pytest.raises(kind):
        read(decoder(), body)


def test_a_restart():
    """Before any text a second beginning counts; after it, two replies would be mixed."""
    again = {**START, "message": {"id": "m2", "model": "glm-4.7"}}
    end = [delta(type="text_delta", text="x"), *stopped("end_turn")]
    assert text_of(read(decoder(), sse(START, again, *end))) == ("", "x")
    cut = b'event: content_block_delta\ndata: {"type":"content_bl'
    for body in (
        sse(START, end[0], again, *end),
        sse(START, end[0]) + cut + sse(again, *end).partition(b"\n")[2],
    ):
        with pytest.raises(errors.BadReply, match="restarted"):
            read(decoder(), body)


def test_nothing_counts_after_the_end():
    """A block after the stop reason is not part of the reply; a count that says zero takes nothing back."""
    body = sse(
        START,
        delta(type="text_delta", text="<think>hm</think>x"),
        stopped("end_turn", USAGE)[0],
        delta(type="text_delta", text="y"),
        stopped("end_turn", {"output_tokens": 0})[0],
    )
    events = read(decoder(), body)
    assert text_of(events) == ("hm", "x")
    assert events[-1] == UsageReported(Usage(9, 4, 7))
