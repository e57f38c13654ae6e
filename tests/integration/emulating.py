"""What the emulator's own tests share: a request, and waiting for what sockets bring without letting time pass."""

from __future__ import annotations

import asyncio
import contextlib
import json

import httpx

from zai_ls.emulator import Emulator, EmulatorConfig
from zai_ls.emulator.script import HEADER

CHAT = "/chat/completions"


@contextlib.asynccontextmanager
async def running(clock=None, **config):
    """An emulator and a plain HTTP client that holds its key."""
    async with Emulator(EmulatorConfig(**config), clock=clock) as emulator:
        headers = {"Authorization": f"Bearer {emulator.key}"}
        async with httpx.AsyncClient(headers=headers, timeout=20) as client:
            yield emulator, client


def body(text="hello", model="glm-4.7", stream=True, **fields):
    return {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream, **fields}


async def ask(emulator, client, fault=None, *, raw=False, headers=None, **fields):
    """One chat request on the OpenAI-style route of the emulator's plan."""
    base = emulator.raw_base_url if raw else emulator.base_url
    sent = {**(headers or {}), **({HEADER: fault} if fault else {})}
    return await client.post(base + CHAT, json=body(**fields), headers=sent)


async def ask_anthropic(emulator, client, fault=None, *, headers=None, **fields):
    sent = {**(headers or {}), **({HEADER: fault} if fault else {})}
    asked = body(**{"max_tokens": 4000, "model": "glm-5.3", **fields})
    return await client.post(emulator.anthropic_url + "/v1/messages", json=asked, headers=sent)


def chunks(response):
    """The JSON of each `data:` line, without the end mark."""
    lines = [line[5:].strip() for line in response.text.split("\n") if line.startswith("data:")]
    return [json.loads(line) for line in lines if line != "[DONE]"]


def said(response, part="content"):
    deltas = [choice["delta"] for chunk in chunks(response) for choice in chunk["choices"]]
    return "".join(delta.get(part) or "" for delta in deltas)


async def until(condition):
    """Let sockets and tasks run until *condition* holds; no clock is involved."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)
