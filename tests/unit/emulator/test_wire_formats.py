"""What the service's side writes, the client's side reads: the dialects run against each other in memory."""

from __future__ import annotations

import json

import pytest

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
from zai_ls.glm.anthropic_server import AnthropicServer
from zai_ls.glm.chat_request import Malformed
from zai_ls.glm.openai import OpenAI
from zai_ls.glm.openai_server import OpenAIServer

PAIRS = [(OpenAI(), OpenAIServer()), (Anthropic(), AnthropicServer())]
NAMES = ["openai", "anthropic"]
USAGE = Usage(100, 40, 9)


def reply(finish=FinishReason.STOP):
    return [
        ReplyStarted("20261005120000abc", "glm-5.3"),
        ThinkingDelta("hm "),
        ThinkingDelta("\u2028 ☃ "),
        TextDelta("def f():\n"),
        TextDelta('    return "\x0c\U0001f600"'),
        ReplyFinished(finish),
        UsageReported(USAGE),
    ]


def joined(events):
    """What they say, whatever way it is cut."""
    return {
        "id": [e.id for e in events if isinstance(e, ReplyStarted)],
        "thought": "".join(e.text for e in events if isinstance(e, ThinkingDelta)),
        "text": "".join(e.text for e in events if isinstance(e, TextDelta)),
        "finish": [e.reason for e in events if isinstance(e, ReplyFinished)],
        "usage": [e.usage for e in events if isinstance(e, UsageReported)][-1:],
    }


@pytest.mark.parametrize(
    "finish", [FinishReason.STOP, FinishReason.LENGTH, FinishReason.SENSITIVE, FinishReason.CONTEXT_EXCEEDED]
)
@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(("client", "server"), PAIRS, ids=NAMES)
def test_a_reply_arrives_as_it_was_sent(client, server, whole, finish):
    """Streamed or in one piece, what was said is what is read."""
    sent = reply(finish)
    if whole:
        data = server.whole(sent, 0)
    else:
        encoder = server.stream(0, USAGE.prompt_tokens)
        data = b"".join(encoder.encode(event) for event in sent) + encoder.close()
    decoder = client.decoder()

    assert joined([*decoder.feed(data), *decoder.close()]) == joined(sent)


@pytest.mark.parametrize("thinking", list(Thinking))
@pytest.mark.parametrize("model", ["glm-4.7", "glm-5.3", "glm-5.3-flash", "glm-4.5-air"])
@pytest.mark.parametrize(("client", "server"), PAIRS, ids=NAMES)
def test_a_request_arrives_as_it_was_meant(client, server, model, thinking):
    """What the client's dialect writes, the service's side reads."""
    prompt = Prompt("be brief", "hello ☃", 300, stop="END", thinking=thinking)
    request = server.parse(client.encode(prompt, Catalogue.load().model(model)).body)

    assert (request.model, request.system, request.user) == (model, "be brief", "hello ☃")
    assert request.stop == ("END",)
    assert request.stream
    assert request.max_tokens >= 300


@pytest.mark.parametrize(
    ("server", "fields", "code"),
    [
        (OpenAIServer(), {"model": None}, "1213"),
        (OpenAIServer(), {"model": 5}, "1214"),
        (OpenAIServer(), {"messages": None}, "1213"),
        (OpenAIServer(), {"messages": []}, "1214"),
        (OpenAIServer(), {"messages": ["x"]}, "1214"),
        (OpenAIServer(), {"messages": [{"role": "assistant", "content": "x"}]}, "1214"),
        (OpenAIServer(), {"stream": "yes"}, "1214"),
        (OpenAIServer(), {"stop": ["a"] * 5}, "1214"),
        (OpenAIServer(), {"max_tokens": "many"}, "1210"),
        (OpenAIServer(), {"thinking": {"type": "maybe"}}, "1214"),
        (OpenAIServer(), {"reasoning_effort": 3}, "1214"),
        (AnthropicServer(), {"max_tokens": None}, "1213"),
        (AnthropicServer(), {"thinking": "on"}, "1214"),
    ],
)
def test_malformed_requests(server, fields, code):
    """A field that is missing or of the wrong kind is named in the refusal."""
    sound = {"model": "glm-4.7", "messages": [{"role": "user", "content": "x"}], "max_tokens": 9}
    with pytest.raises(Malformed) as error:
        server.parse(json.dumps({**sound, **fields}).encode())

    assert error.value.code == code
    assert error.value.field in fields


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_bodies_that_are_no_request(body):
    """Bytes that are no JSON object are refused, never a crash."""
    with pytest.raises(Malformed):
        OpenAIServer().parse(body)


def test_efforts_and_thinking_of_a_request():
    """The lowest efforts are a way to say "do not think"; parts of a message are joined."""
    turn = {
        "role": "user",
        "content": [{"type": "text", "text": "a"}, {"type": "image_url"}, {"type": "text", "text": "b"}],
    }

    def read(**fields):
        return OpenAIServer().parse(json.dumps({"model": "m", "messages": [turn], **fields}).encode())

    assert read().thinking is None
    assert read(thinking={"type": "enabled"}).thinking is True
    assert read(thinking={"type": "disabled"}).thinking is False
    assert read(reasoning_effort="none").thinking is False
    assert read(thinking={"type": "enabled"}, reasoning_effort="minimal").thinking is False
    assert read(reasoning_effort="low").effort == "low"
    assert read().user == "a\nb"


def test_a_stop_word_is_named_on_the_anthropic_route():
    """There the word that ended the reply is told."""
    encoder = AnthropicServer().stream(0, 1, "END")
    data = encoder.encode(ReplyFinished(FinishReason.STOP)) + encoder.close()

    assert b'"stop_reason":"stop_sequence","stop_sequence":"END"' in data
