"""`zai-ls doctor`: what is wrong with the set-up, and what to do."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from zai_ls.cli import printing
from zai_ls.cli.exits import Exit
from zai_ls.cli.flags import configuration
from zai_ls.messages import say, told

if TYPE_CHECKING:
    import argparse

_MARKS = {
    "fine": ("ok", "green"),
    "note": ("--", "cyan"),
    "warning": ("!!", "yellow"),
    "error": ("XX", "red"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How to print."""
    parser.add_argument("--json", action="store_true", help=say("help.json_findings"))


def run(args: argparse.Namespace) -> int:
    """Print all findings; 1 when one of them is an error."""
    from zai_ls.clock import SystemClock
    from zai_ls.doctor import Patient, examine

    findings = examine(Patient(configuration(args), SystemClock()))
    if args.json:
        printing.print_json([{"severity": f.severity, "check": f.check, "text": f.text} for f in findings])
    elif printing.is_terminal(sys.stdout):
        from rich.console import Console
        from rich.text import Text

        console = Console(highlight=False, soft_wrap=True)
        for finding in findings:
            mark, colour = _MARKS[finding.severity]
            console.print(Text.assemble((mark, colour), f"  {told(finding.check)}: {finding.text}"))
    else:
        for finding in findings:
            print(f"{_MARKS[finding.severity][0]}  {told(finding.check)}: {finding.text}")
    return Exit.FAILED if any(f.severity == "error" for f in findings) else Exit.DONE
