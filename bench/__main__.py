"""`python -m bench`: the table. Ratios inside one run; absolute times are this machine's at this moment."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from bench import added, completing, ledger, process, redacting, saving, scoring, slots, together
from bench.replay.play import economy
from bench.stage import SERVICE_S, emulator
from bench.storm import storm


async def main() -> int:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table("measure", "here", "goal", "", title="zai-ls benchmark", title_justify="left")
    missed = 0

    def row(name: str, value: float, goal: float, shown: str = "{:.2f}", unit: str = "") -> None:
        nonlocal missed
        met = value <= goal
        missed += not met
        table.add_row(
            name,
            shown.format(value) + unit,
            f"≤ {shown.format(goal)}{unit}",
            "[green]met[/]" if met else "[red]missed[/]",
        )

    with tempfile.TemporaryDirectory(prefix="zai-ls-bench-") as name:
        folder = Path(name)
        async with emulator() as service:
            console.print(f"service time {SERVICE_S * 1000:.0f} ms; a 60-line selection in a 500-line file")
            a = await added.measure(service, folder)
            console.print(
                f"plain httpx, call to arrival: p50 {a.plain_p50 * 1000:.2f} ms, p99 {a.plain_p99 * 1000:.2f} ms over that"
            )
            row("added: LSP request to HTTP request, p50", a.p50 * 1000, 5, unit=" ms")
            row("added: LSP request to HTTP request, p99", a.p99 * 1000, 20, unit=" ms")
            row("time to first token, ratio to plain httpx", a.first_token_ratio, 1.04, "{:.3f}")
            p = await process.measure(service.base_url("/api/paas/v4"), folder)
            row("listing actions, p99", p.listing_p99 * 1000, 5, unit=" ms")
            console.print(
                f"listing actions: p50 {p.listing_p50 * 1000:.2f} ms; a request refused at once: "
                f"p99 {p.bare_p99 * 1000:.2f} ms"
            )
            row("didChange on 10,000 lines, p99", p.change_p99 * 1000, 1, "{:.3f}", " ms")
            row(
                f"spawn → initialize ({p.start:.2f} s), ratio to an empty server ({p.empty_start:.2f} s)",
                p.start / p.empty_start,
                1.2,
            )
            row("memory (RSS)", p.rss_mib, 70, "{:.0f}", " MiB")
            row("CPU while idle, share of a core", p.idle_cpu, 0.005, "{:.4f}")
        c = await completing.measure(folder)
        row("completion that is ready, p99 (tabby-agent 303)", c.cached_p99 * 1000, 10, unit=" ms")
        row("completion typed through, p99 (Continue 350 by its code)", c.through_p99 * 1000, 10, unit=" ms")
        row("requests that what was ready brought about", c.ready_http, 0, "{:.0f}")
        row("burst of 6 wishes, cold: requests (tabby-agent 6, helix-gpt 1)", c.burst_http, 1, "{:.0f}")
        row("burst: wishes without an answer (helix-gpt 5)", 6 - c.burst_answered, 0, "{:.0f}")
        row("burst: most in flight", c.burst_most, 1, "{:.0f}")
        row("storm of keys in 10,000 lines: wishes without an answer", c.storm_unanswered, 0, "{:.0f}")
        row("storm: share of a core", c.storm_cpu, 0.15, "{:.3f}")
        row("didChange of a key in 10,000 lines, all that follows, p99", c.change_p99 * 1000, 2, unit=" ms")
        console.print(
            f"burst: from the last key to the request {c.added:.2f} s, its pause included; storm: {c.storm_keys} keys"
        )
        g = await asyncio.to_thread(scoring.measure)
        console.print(f"the score of 200 lines ({g.tokens} tokens) in 5,000:")
        row("score, the tree known, p50", g.warm * 1000, 5, unit=" ms")
        row("score after a change, the tree made anew from the last, p50", g.changed * 1000, 5, unit=" ms")
        row("score, cold: grammar, table and the whole file", g.cold * 1000, 50, unit=" ms")
        x = await asyncio.to_thread(redacting.measure)
        console.print(f"secrets found, of those in the corpus: {x.recalls}")
        row("secrets that would be sent", x.missed, 0, "{:.0f}")
        row(f"false hits in {x.lines:,} lines of ordinary code", x.false_hits, 0, "{:.0f}")
        row("redacting 200 lines, p50", x.p50 * 1000, 5, unit=" ms")
        o = await slots.measure(folder)
        row("slot handed to another process, p50", o.between_p50 * 1000, 3, unit=" ms")
        row("slot handed to another process, p99", o.between_p99 * 1000, 20, unit=" ms")
        row("slot, most at once", o.most_at_once, 1, "{:.0f}")
        console.print(
            f"slot handed on inside a process: p50 {o.within_p50 * 1000:.2f} ms; "
            f"fewest turns over most: {o.fairness:.2f}"
        )
        led = await asyncio.to_thread(ledger.measure, folder / "ledger")
        console.print(f"a ledger of {led.rows:,} requests and half as many completions in a year:")
        row("what a status asks of it, p99", led.year * 1000, 5, unit=" ms")
        row("the same, a tenth of them in a week, p99", led.week * 1000, 5, unit=" ms")
        row("the same, all of them in ten days, p99", led.dense * 1000, 10, unit=" ms")
        row("what zai-ls quota asks of it further, p99", led.report * 1000, 15, unit=" ms")
        row("its file after the year", led.mib, 47, "{:.0f}", " MiB")
        row("a step of tidying, p99", led.tidying * 1000, 20, unit=" ms")
        async with emulator() as service:
            t = await together.measure(service, folder)
            row(
                "4 processes × 25: makespan / (100 × plain httpx, one after the other)",
                t.makespan_ratio,
                1.03,
                "{:.3f}",
            )
            row("most in flight, by the emulator's record", t.most_in_flight, 1, "{:.0f}")
            console.print(
                f"from one request's end to the next one's arrival: p50 {t.handover_p50 * 1000:.2f} ms, "
                f"p99 {t.handover_p99 * 1000:.2f} ms; plain httpx alone: p50 {t.plain_handover_p50 * 1000:.2f} ms, "
                f"p99 {t.plain_handover_p99 * 1000:.2f} ms"
            )
        async with emulator("--hangup-ms", "150") as service:
            s = await storm(service, folder)
            row("storm, most in flight", s.most_in_flight, 1, "{:.0f}")
            row('storm, refusals that were not "not yet"', s.refused - s.not_yet, 0, "{:.0f}")
            row("storm, slot free after a kill, slowest", max(s.freed_s, default=0.0), 1, unit=" s")
            row(
                "storm, requests of survivors without an answer",
                sum(25 - n for n in s.answered.values()),
                0,
                "{:.0f}",
            )
            console.print(
                f"storm: {s.served} served, {s.not_yet} not yet, outcomes {dict(s.outcomes)} {s.left_behind}"
            )
    e = await asyncio.to_thread(economy)
    row("completions: requests, ratio to a plain 350 ms debounce", e.to_plain, 0.35)
    row("completions: requests, ratio to the same with a cache", e.to_cached, 0.8)
    row("completions: useful characters, of that debounce to ours", e.usefulness, 1)
    m = await asyncio.to_thread(saving.measure)
    row("actions: credits, ratio to always the strong model", m.ratio, 0.6)
    console.print(f"choice of a model: {m}")
    console.print(table)
    console.print(f"{missed} goal(s) missed" if missed else "all goals met")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
