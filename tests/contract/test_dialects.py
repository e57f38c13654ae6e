"""Each dialect's two ends against each other, in memory: what the service's side writes, the client's side reads."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zai_ls import errors
from zai_ls.catalogue import Catalogue, shipped_codes
from zai_ls.domain import (
    FinishReason,
    Prompt,
    ReplyEvent,
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
from zai_ls.glm.openai import OpenAI
from zai_ls.glm.openai_server import OpenAIServer
from zai_ls.glm.refusals import classify

NOW = 1_795_000_000.0
STAMP = "20261118192640ab"
CATALOGUE = Catalogue.load()
PAIRS = {"openai": (OpenAI(), OpenAIServer()), "anthropic": (Anthropic(), AnthropicServer())}

both = pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)


def reply(
    *deltas: ReplyEvent, finish: FinishReason = FinishReason.STOP, usage: Usage | None = None
) -> list[ReplyEvent]:
    end: list[ReplyEvent] = [ReplyFinished(finish), UsageReported(usage or Usage(20, 8, 5))]
    return [ReplyStarted(STAMP, "glm-4.7"), *deltas, *end]


def streamed(server, events: list[ReplyEvent]) -> bytes:
    encoder = server.stream(int(NOW), 20)
    return b"".join(encoder.encode(event) for event in events) + encoder.close()


def heard(client, *chunks: bytes) -> dict[str, object]:
    """What a reader of the events comes to know."""
    decoder = client.decoder(host="api.z.ai", model="glm-4.7", now=NOW)
    events = [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.close()
    return summary(events)


def summary(events: list[ReplyEvent]) -> dict[str, object]:
    usage = [event.usage for event in events if isinstance(event, UsageReported)]
    return {
        "begun": [event for event in events if isinstance(event, ReplyStarted)],
        "thinking": "".join(event.text for event in events if isinstance(event, ThinkingDelta)),
        "text": "".join(event.text for event in events if isinstance(event, TextDelta)),
        "finished": [event.reason for event in events if isinstance(event, ReplyFinished)],
        "usage": usage[-1],
    }


REPLIES = {
    "text": reply(TextDelta("return "), TextDelta("x")),
    "thinking, then text": reply(ThinkingDelta("Well, "), ThinkingDelta("春"), TextDelta("x\r\n\ty\u2028😀")),
    "thinking only": reply(ThinkingDelta("long")),
    "nothing": reply(),
    "turn and turn about": reply(ThinkingDelta("a"), TextDelta("b"), ThinkingDelta("c"), TextDelta("d")),
    "looks like a stream": reply(TextDelta('data: {"id":"x"}\n\ndata: [DONE]\n\nevent: error\n')),
    "looks like thinking": reply(TextDelta("see <think>this</think>")),
    **{f"finished as {reason.value}": reply(TextDelta("x"), finish=reason) for reason in FinishReason},
}


@both
@pytest.mark.parametrize("events", REPLIES.values(), ids=REPLIES)
def test_a_reply_comes_through_wherever_it_is_cut(pair, events):
    """Streamed and cut at any byte, streamed byte by byte, or in one piece: the same reply."""
    client, server = pair
    stream = streamed(server, events)
    for cut in range(len(stream) + 1):
        assert heard(client, stream[:cut], stream[cut:]) == summary(events)
    assert heard(client, *(stream[i : i + 1] for i in range(len(stream)))) == summary(events)
    assert heard(client, server.whole(events, int(NOW))) == summary(events)


code = st.text(st.characters(exclude_categories=["Cs"])).filter(
    lambda text: not text.lstrip().startswith("<")
)


@both
@given(
    st.lists(st.builds(ThinkingDelta, code.filter(bool)), max_size=4),
    st.lists(st.builds(TextDelta, code.filter(bool)), max_size=6),
    st.lists(st.integers(0, 5000), max_size=12),
)
def test_any_reply_comes_through_any_network(pair, thoughts, texts, cuts):
    """Whatever the model says and however its bytes travel."""
    client, server = pair
    events = reply(*thoughts, *texts)
    stream = streamed(server, events)
    places = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(places)]
    assert heard(client, *pieces) == summary(events)


@both
def test_a_reply_cut_short_is_a_failure(pair):
    """Until its last event is whole, no beginning of a reply is a reply."""
    client, server = pair
    encoder = server.stream(int(NOW), 20)
    *before, last = [encoder.encode(event) for event in REPLIES["thinking, then text"]]
    said = b"".join(before)
    for cut in range(len(said + last) - 2):
        with pytest.raises(errors.BadReply):
            heard(client, (said + last)[:cut])
    whole = server.whole(REPLIES["text"], int(NOW))
    for cut in range(len(whole)):
        with pytest.raises(errors.BadReply):
            heard(client, whole[:cut])


@both
@pytest.mark.parametrize(
    "entry", [c for c in shipped_codes().values() if c.code.isdecimal()], ids=lambda c: c.code
)
def test_a_refusal_is_understood(pair, entry):
    """Each business code means the same as a refusal, inside a stream, and after text."""
    client, server = pair
    expected = getattr(errors, entry.error)
    text = "已达到上限。您的限额将在 2026-11-18 20:26:40 重置。"
    refused = classify(
        entry.status, server.refusal(entry.code, text, STAMP), host="api.z.ai", model="glm-4.7", now=NOW
    )
    assert (type(refused), refused.code, refused.detail) == (expected, entry.code, text)
    assert refused.resets_at == (NOW + 3600 if entry.window else None)
    for named in (False, True):
        for before in (b"", streamed(server, REPLIES["text"][:2])[:-20].rpartition(b"\n\n")[0] + b"\n\n"):
            with pytest.raises(expected) as raised:
                heard(client, before, server.refusal_in_stream(entry.code, text, STAMP, named=named))
            assert raised.value.code == entry.code
    with pytest.raises(expected):
        heard(client, server.refusal(entry.code, text, STAMP))


@both
@pytest.mark.parametrize("thinking", Thinking)
@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("name", CATALOGUE.models)
def test_a_request_is_understood(pair, name, stream, thinking):
    """The service's side reads the model, the words and the bounds that the client's side meant."""
    client, server = pair
    model = CATALOGUE.model(name)
    prompt = Prompt("Be brief. 春", 'x = "😀"\r\n\t', 500, stop="```", thinking=thinking)
    read = server.parse(client.encode(prompt, model, stream=stream).body)
    assert (read.model, read.system, read.user) == (name, prompt.system, prompt.user)
    assert (read.stop, read.stream) == (("```",), stream)
    assert 500 <= read.max_tokens <= model.max_output
    thinks = not model.thinking.can_disable or (model.thinking.auto and thinking is Thinking.AUTO)
    assert read.thinking is thinks
    if client.name == "openai":
        assert (read.effort in model.thinking.efforts) is bool(thinks and model.thinking.efforts)


@both
def test_a_restart_is_seen(pair):
    """A second reply after text of the first is never mixed with it; before any text it is simply the reply."""
    client, server = pair
    other = [ReplyStarted("20261118192800cd", "glm-4.7"), TextDelta("new"), *reply()[1:]]
    begun = server.stream(int(NOW), 20)
    start, text = begun.encode(reply()[0]), begun.encode(TextDelta("old"))
    assert heard(client, start, streamed(server, other))["text"] == "new"
    with pytest.raises(errors.BadReply, match="restarted"):
        heard(client, start, text, streamed(server, other))
