"""Files that are made from the code: written anew, or only looked at with `--check`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parent.parent


def only_checks(doc: str | None) -> bool:
    """Was `--check` given? *doc* is what `--help` says."""
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail when something is out of step"
    )
    return bool(parser.parse_args().check)


def keep(files: Mapping[Path, bytes], command: str, *, check: bool) -> int:
    """Bring each of *files* in step, or say that it is not and that *command* does it: the exit code."""
    failed = False
    for path, content in files.items():
        name = path.relative_to(ROOT)
        if path.is_file() and path.read_bytes() == content:
            continue
        if check:
            print(f"{name} is out of step with the code; run `{command}`.", file=sys.stderr)
            failed = True
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
            print(f"{name} written.")
    return int(failed)
