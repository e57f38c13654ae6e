"""`zai-ls emulator` as a process: it says where it is, serves, records, and ends when told."""

from __future__ import annotations

import asyncio
import json
import signal
import sys

import httpx
import pytest

from tests.integration.emulating import CHAT, body
from zai_ls.emulator import DEFAULT_KEY, FAULTS

AUTH = {"Authorization": f"Bearer {DEFAULT_KEY}"}


async def started(*flags):
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "zai_ls", "emulator", *flags,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    ready = await asyncio.wait_for(process.stdout.readline(), 20)
    return process, json.loads(ready) if ready.startswith(b"{") else None


async def ended(process):
    async with asyncio.timeout(20):
        out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_serves_records_and_ends_with_its_parent(tmp_path):
    """One line of JSON when ready; each request is a line of the record; the end of its input is its end."""
    script = tmp_path / "script.json"
    script.write_text(json.dumps([{"reply": "as scripted"}]), "utf-8")
    record = tmp_path / "record.jsonl"
    process, ready = await started(
        "--plan", "pro", "--first-token-ms", "0", "--service-ms", "1",
        "--script", str(script), "--record", str(record), "--exit-with-parent",
    )  # fmt: skip
    async with httpx.AsyncClient(headers=AUTH) as client:
        reply = await client.post(ready["base_url"] + CHAT, json=body(stream=False))
        quota = await client.get(ready["url"] + "/api/monitor/usage/quota/limit")
        with pytest.raises(httpx.TransportError):
            await client.post(
                ready["raw_url"] + "/api/coding/paas/v4" + CHAT,
                json=body(),
                headers={"x-emulator-fault": "reset"},
            )

    assert ready["base_url"].endswith("/api/coding/paas/v4")
    assert ready["url"] == f"http://127.0.0.1:{ready['port']}"
    assert reply.json()["choices"][0]["message"]["content"] == "as scripted"
    assert quota.json()["data"]["level"] == "pro"
    process.stdin.close()
    code, _, err = await ended(process)
    assert code == 0
    assert ready["base_url"] in err
    lines = [json.loads(line) for line in record.read_text("utf-8").splitlines()]
    assert [(line["route"], line["ended"]) for line in lines] == [
        ("coding", "complete"),
        ("quota", "complete"),
        ("coding", "fault"),
    ]
    assert DEFAULT_KEY not in record.read_text("utf-8")


async def test_sigterm_ends_it_with_requests_in_flight():
    """A request that hangs does not hold it back, and its client sees the connection end."""
    process, ready = await started("--key", "own.key")
    async with httpx.AsyncClient(timeout=20) as client:
        headers = {"Authorization": "Bearer own.key", "x-emulator-fault": "stall=1"}
        async with client.stream("POST", ready["base_url"] + CHAT, json=body(), headers=headers) as response:
            chunks = response.aiter_bytes()
            await anext(chunks)
            process.send_signal(signal.SIGTERM)
            with pytest.raises(httpx.TransportError):
                async for _ in chunks:
                    pass
    code, _, err = await ended(process)

    assert code == 0
    assert "own.key" not in err + json.dumps(ready)


@pytest.mark.parametrize(
    ("flags", "named"),
    [
        (("--plan", "gold"), "gold"),
        (("--limit", "month=3"), "month=3"),
        (("--script", "no-such-file.json"), "no-such-file.json"),
    ],
)
async def test_bad_use(flags, named):
    """What cannot be used is named, and the exit code is that of bad use."""
    process, ready = await started(*flags)
    code, _, err = await ended(process)

    assert (code, ready) == (2, None)
    assert named in err
    assert "Traceback" not in err


async def test_lists_its_faults():
    """The faults it can play are a flag away."""
    process, _ = await started("--list-faults")
    code, out, _ = await ended(process)

    assert code == 0
    assert all(name in out for name in list(FAULTS)[1:])
