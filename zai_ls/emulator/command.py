"""`zai-ls emulator`: the emulator as a process.

It prints one line of JSON when it is ready and ends on SIGTERM, on Ctrl+C, or with `--exit-with-parent` when standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, cast

from zai_ls.emulator.config import DEFAULT_KEY, EmulatorConfig
from zai_ls.messages import say, told

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from zai_ls.domain import PlanName
    from zai_ls.emulator.config import Unit
    from zai_ls.emulator.record import Served
    from zai_ls.emulator.script import Rule
    from zai_ls.emulator.server import Emulator

_BAD_USE = 2
_PLANS = ("payg", "lite", "pro", "max")
_BOUNDS = (
    ("port", 0, 65_535),
    ("slots", 1, 1_000),
    ("first_token_ms", 0, 3_600_000),
    ("service_ms", 0, 3_600_000),
    ("hangup_ms", 0, 3_600_000),
    ("tokens_per_second", 0.01, 1_000_000),
)
"""Of each number on the command line: the least and the most."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own flags; it reads no settings."""
    add = parser.add_argument
    add("--plan", metavar="PLAN", default="payg", help=say("help.emulator_plan"))
    add("--port", type=int, default=0, help=say("help.emulator_port"))
    add("--key", default=DEFAULT_KEY, help=say("help.emulator_key"))
    add("--slots", type=int, default=1, help=say("help.emulator_slots"))
    add(
        "--first-token-ms",
        type=float,
        default=200,
        metavar="MS",
        help=say("help.emulator_first_token_ms"),
    )
    add(
        "--service-ms",
        type=float,
        metavar="MS",
        help=say("help.emulator_service_ms"),
    )
    add(
        "--tokens-per-second",
        type=float,
        default=55,
        metavar="N",
        help=say("help.emulator_tokens_per_second"),
    )
    add("--hangup-ms", type=float, default=150, metavar="MS", help=say("help.emulator_hangup_ms"))
    add("--unit", choices=("credits", "prompts"), default="credits", help=say("help.emulator_unit"))
    add(
        "--limit",
        action="append",
        default=[],
        metavar="WINDOW=N",
        help=say("help.emulator_limit"),
    )
    add("--script", metavar="FILE", help=say("help.emulator_script"))
    add("--record", metavar="FILE", help=say("help.emulator_record"))
    add("--exit-with-parent", action="store_true", help=say("help.emulator_exit_with_parent"))
    add("--list-faults", action="store_true", help=say("help.emulator_list_faults"))


def run(args: argparse.Namespace) -> int:
    """Serve until told to end; the exit code."""
    if args.list_faults:
        return _list_faults()
    try:
        _check(args)
        rules = _rules(args.script)
        config = EmulatorConfig(
            plan=cast("PlanName", args.plan),
            key=args.key,
            slots=args.slots,
            first_token_s=args.first_token_ms / 1000,
            service_s=None if args.service_ms is None else args.service_ms / 1000,
            tokens_per_second=args.tokens_per_second,
            hangup_s=args.hangup_ms / 1000,
            unit=cast("Unit", args.unit),
            limits=_limits(args.limit),
        )
        asyncio.run(
            serve_emulator(
                config,
                args.port,
                _announce,
                rules=rules,
                record_to=Path(args.record) if args.record else None,
                exit_with_parent=args.exit_with_parent,
            )
        )
    except ValueError as error:
        print(f"zai-ls: {error}", file=sys.stderr)
        return _BAD_USE
    except OSError as error:
        # asyncio's own words hold the address, the system's what is wrong with it.
        print(f"zai-ls: {say('emulator.no_port', port=args.port, why=error.strerror)}", file=sys.stderr)
        return _BAD_USE
    return 0


def _check(args: argparse.Namespace) -> None:
    """Raises `ValueError` with a sentence for what cannot be."""
    if args.plan not in _PLANS:
        raise ValueError(say("emulator.bad_plan", given=args.plan, plans=", ".join(_PLANS)))
    for flag, least, most in _BOUNDS:
        value = getattr(args, flag)
        if value is not None and not least <= value <= most:
            name = flag.replace("_", "-")
            raise ValueError(
                say("emulator.bad_number", flag=f"--{name}", given=value, least=least, most=most)
            )
    if args.record and not Path(args.record).resolve().parent.is_dir():
        raise ValueError(say("emulator.bad_record", path=args.record))


async def serve_emulator(
    config: EmulatorConfig,
    port: int,
    on_ready: Callable[[Emulator], None],
    *,
    rules: Sequence[Rule] = (),
    record_to: Path | None = None,
    exit_with_parent: bool = False,
) -> None:
    """Run an emulator until a signal, or the end of standard input, says stop. Raises `OSError`."""
    from zai_ls.emulator.server import Emulator

    stop = asyncio.Event()
    with _Stopping(stop, exit_with_parent=exit_with_parent):
        async with Emulator(config, port=port) as emulator:
            emulator.service.script.rules += rules
            if record_to is not None:
                emulator.record.listeners.append(lambda served: _append(record_to, served))
            on_ready(emulator)
            await stop.wait()


class _Stopping:
    """While entered, SIGTERM, SIGINT and (if wanted) the end of standard input set *stop*."""

    _SIGNALS = (signal.SIGTERM, signal.SIGINT)

    def __init__(self, stop: asyncio.Event, *, exit_with_parent: bool) -> None:
        self._stop = stop
        self._exit_with_parent = exit_with_parent
        self._loop = asyncio.get_running_loop()

    def __enter__(self) -> None:
        # `signal.signal`, not the loop's own handlers: those do not exist on Windows.
        self._before = {number: signal.signal(number, self._signalled) for number in self._SIGNALS}
        if self._exit_with_parent:
            threading.Thread(target=self._watch, daemon=True).start()

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _signalled(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)

    def _watch(self) -> None:
        # Unbuffered: a thread that holds the buffer's lock would trouble the interpreter's end.
        while os.read(sys.stdin.fileno(), 4096):
            pass
        self._loop.call_soon_threadsafe(self._stop.set)


def _announce(emulator: Emulator) -> None:
    ready = {
        "url": emulator.url,
        "port": emulator.port,
        "base_url": emulator.base_url,
        "anthropic_url": emulator.anthropic_url,
        "raw_url": emulator.raw_url,
        "plan": emulator.config.plan,
    }
    print(json.dumps(ready), flush=True)
    if emulator.key == DEFAULT_KEY:
        print(say("emulator.ready", url=emulator.base_url, key=DEFAULT_KEY), file=sys.stderr)


def _append(path: Path, served: Served) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(served)) + "\n")


def _rules(path: str | None) -> list[Rule]:
    from zai_ls.emulator.script import read_rules

    if path is None:
        return []
    try:
        return read_rules(json.loads(Path(path).read_text("utf-8")))
    except (ValueError, OSError) as error:
        why = getattr(error, "strerror", None) or error
        raise ValueError(say("emulator.bad_script", path=path, why=why)) from None


def _limits(pairs: Sequence[str]) -> dict[str, float]:
    limits = {}
    for pair in pairs:
        name, _, number = pair.partition("=")
        try:
            limits[name] = float(number)
        except ValueError:
            name = ""
        if name not in {"5h", "week"}:
            raise ValueError(say("emulator.bad_limit", given=pair))
    return limits


def _list_faults() -> int:
    from zai_ls.emulator.script import FAULTS, RAW_FAULTS

    for name, (argument, what) in FAULTS.items():
        shown = f"{name}={argument}" if argument else name
        print(f"{shown:<24} {told(what)}{told(' (raw port)') if name in RAW_FAULTS else ''}")
    return 0
