"""`python -m bench`: the table. Ratios inside one run; absolute times are this machine's at this moment."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from bench import added, process, together
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
            row("added: LSP request to HTTP request, p50", a.p50 * 1000, 5, unit=" ms")
            row("added: LSP request to HTTP request, p99", a.p99 * 1000, 20, unit=" ms")
            row("time to first token, ratio to plain httpx", a.first_token_ratio, 1.04, "{:.3f}")
            p = await process.measure(service.base_url("/api/paas/v4"), folder)
            row("listing actions, p99", p.listing_p99 * 1000, 5, unit=" ms")
            row("didChange on 10,000 lines, p99", p.change_p99 * 1000, 1, "{:.3f}", " ms")
            row(
                f"spawn → initialize ({p.start:.2f} s), ratio to an empty server ({p.empty_start:.2f} s)",
                p.start / p.empty_start,
                1.2,
            )
            row("memory (RSS)", p.rss_mib, 70, "{:.0f}", " MiB")
            row("CPU while idle, share of a core", p.idle_cpu, 0.005, "{:.4f}")
        async with emulator() as service:
            t = await together.measure(service, folder)
            row("4 processes × 25: makespan / (N × service time)", t.makespan_ratio, 1.03, "{:.3f}")
            row("hand-over between requests, p50", t.handover_p50 * 1000, 3, unit=" ms")
            row("hand-over between requests, p99", t.handover_p99 * 1000, 20, unit=" ms")
            row("most in flight, by the emulator's record", t.most_in_flight, 1, "{:.0f}")
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
    console.print(table)
    console.print(f"{missed} goal(s) missed" if missed else "all goals met")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
