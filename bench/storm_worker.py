"""One process of the storm: requests of all lanes through the real dispatcher, some cancelled at random.

usage: python -m bench.storm_worker COUNT SEED     one JSON line for each event
"""

from __future__ import annotations

import asyncio
import json
import random
import sys

from zai_ls.cli.wiring import build
from zai_ls.config import load
from zai_ls.dispatch import Exchange
from zai_ls.domain import Lane, Usage
from zai_ls.errors import ZaiError

LANES = [Lane.ACTION] * 4 + [Lane.TYPING] * 4 + [Lane.INVOKED] * 2 + [Lane.AGENT] * 2


def say(**event: object) -> None:
    print(json.dumps(event), flush=True)


async def main(count: int, seed: int) -> None:
    chance = random.Random(seed)
    config = load()
    app = build(config, editor_name="storm")
    account = config.account
    assert account is not None

    async def one(n: int) -> None:
        lane = chance.choice(LANES)
        await asyncio.sleep(chance.random() * count * 0.15)
        body = {
            "model": "glm-4.7",
            "stream": True,
            "max_tokens": 64,
            "messages": [{"role": "user", "content": f"{seed} {n}"}],
        }
        exchange = Exchange(
            account=account,
            lane=lane,
            model="glm-4.7",
            path="/chat/completions",
            headers=(("Content-Type", "application/json"),),
            body=json.dumps(body).encode(),
            expected=Usage(prompt_tokens=10, completion_tokens=20, estimated=True),
            topic=f"document-{n % 2}" if lane is Lane.TYPING else "",
            deadline_s=3.0 if lane is Lane.TYPING else None,
        )
        async with app.dispatcher.send(exchange) as streaming:
            say(event="holding", n=n)
            async for _ in streaming.chunks():
                pass

    async def answered(n: int) -> None:
        task = asyncio.create_task(one(n))
        cancel_after = chance.random() * count * 0.2 if chance.random() < 0.25 else None
        try:
            if cancel_after is not None:
                await asyncio.wait({task}, timeout=cancel_after)
                task.cancel()
            await task
            outcome = "done"
        except asyncio.CancelledError:
            outcome = "cancelled"
        except ZaiError as error:
            outcome = type(error).__name__
        say(event="answered", n=n, outcome=outcome)

    await asyncio.gather(*(answered(n) for n in range(count)))
    await app.aclose()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
