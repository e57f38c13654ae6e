"""Whatever JSON a service sends: events, or one of our errors, and a sentence for the person."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from zai_ls.core.readings import parse, parse_balance
from zai_ls.domain import UsageReported
from zai_ls.errors import ZaiError
from zai_ls.glm.anthropic import AnthropicDecoder
from zai_ls.glm.body import Body
from zai_ls.glm.openai import OpenAIDecoder
from zai_ls.glm.refusals import classify

NOW = 1_800_000_000.0
QUICK = settings(max_examples=150, deadline=None)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(
        [10**30, -1, float("inf"), float("nan"), 1e308, 2**63, "1308", "200", "stop", "", "\ud800", "\0"]
    ),
    st.text(max_size=6),
)
names = st.sampled_from(
    [
        "id",
        "model",
        "choices",
        "index",
        "delta",
        "message",
        "content",
        "text",
        "reasoning_content",
        "finish_reason",
        "usage",
        "prompt_tokens",
        "completion_tokens",
        "prompt_tokens_details",
        "cached_tokens",
        "type",
        "content_block_delta",
        "thinking",
        "input_tokens",
        "output_tokens",
        "stop_reason",
        "error",
        "code",
        "msg",
        "success",
        "request_id",
        "data",
        "limits",
        "level",
        "percentage",
        "unit",
        "number",
        "currentValue",
        "remaining",
        "nextResetTime",
        "usageDetails",
        "balance",
        "availableBalance",
    ]
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=5)),
    max_leaves=12,
)
objects = st.dictionaries(names, values, max_size=6)


@QUICK
@given(st.lists(objects, max_size=4), st.booleans())
@example([{"choices": [{"delta": {"content": "x"}}], "usage": {"prompt_tokens": float("inf")}}], False)
@example([{"choices": [{"delta": {"content": [{"text": [{"text": "x"}]}]}}], "model": ["m"]}], True)
def test_replies(said, named):
    """In either dialect; counts are such as a database takes."""
    for kind in (OpenAIDecoder, AnthropicDecoder):
        decoder = kind(Body(host="h", model="m", now=NOW))
        events, failed = [], None
        try:
            for value in said:
                name = f"event: {value.get('type')}\n" if named else ""
                events += decoder.feed(f"{name}data: {json.dumps(value)}\n\n".encode())
            events += decoder.close()
        except ZaiError as error:
            failed = error
        assert failed is None or failed.user_text
        for event in events:
            if isinstance(event, UsageReported):
                assert 0 <= event.usage.prompt_tokens < 2**40
                assert 0 <= event.usage.completion_tokens < 2**40


@QUICK
@given(values, st.integers(100, 999))
def test_refusals_and_readings(said, status):
    """Of any status."""
    body = json.dumps(said).encode()
    assert classify(status, body, host="h", model="m", now=NOW).user_text
    for read in (parse, lambda *a: parse_balance(*a, "CNY")):
        with contextlib.suppress(ZaiError):
            read(body, status, NOW)


@pytest.mark.parametrize("kind", [OpenAIDecoder, AnthropicDecoder])
@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("glm-5", "glm-5"),
        ("\x1b[31mglm\n", "\\x1b[31mglm"),
        ("x" * 9_000, "x" * 100),
        (None, ""),
        (["glm-5"], ""),
        (5, ""),
    ],
)
def test_the_name_of_a_model_is_a_name(kind, said, name):
    """It goes into the database and onto terminals."""
    decoder = kind(Body(host="h", model="m", now=NOW))
    value = {"model": said, "choices": [], "type": "message_start", "message": {"model": said}}
    (started, *_) = decoder.feed(f"data: {json.dumps(value)}\n\n".encode())
    assert started.model == name
