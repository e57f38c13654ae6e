"""Reply bodies of both dialects, built piece by piece."""

from __future__ import annotations

import json

from zai_ls.domain import TextDelta, ThinkingDelta
from zai_ls.glm.dialect import Decoder


def sse(*values: object, name: str = "", done: bool = False) -> bytes:
    """A stream of *values*; one that is a dict with a `type` goes out under that event name, as the messages route does."""
    out = []
    for value in values:
        event = name or (value.get("type", "") if isinstance(value, dict) else "")
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        out.append((f"event: {event}\n" if event else "") + f"data: {text}\n\n")
    return ("".join(out) + ("data: [DONE]\n\n" if done else "")).encode()


def chunk(delta=None, finish=None, usage=None, reply_id="20261005120000ab", model="glm-4.7") -> dict:
    choice = {"index": 0, "delta": delta or {}, "finish_reason": finish}
    return {"id": reply_id, "model": model, "choices": [choice], **({"usage": usage} if usage else {})}


def said(text: str) -> dict:
    return chunk({"content": text})


def thought(text: str) -> dict:
    return chunk({"reasoning_content": text})


def read(decoder: Decoder, *chunks: bytes) -> list:
    return [event for piece in chunks for event in decoder.feed(piece)] + decoder.close()


def text_of(events: list) -> tuple[str, str]:
    """Thinking, text."""
    return (
        "".join(event.text for event in events if isinstance(event, ThinkingDelta)),
        "".join(event.text for event in events if isinstance(event, TextDelta)),
    )
