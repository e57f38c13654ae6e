"""Nobody waits for what is not needed yet."""

from __future__ import annotations

import json
import os
import subprocess
import sys

SERVE = """
import sys
from zai_ls.lsp.protocol import Protocol

opened = []
sys.addaudithook(lambda event, args: event == "open" and opened.append(str(args[0])))
send = Protocol._send

def tell(self, message):
    print(*sys.modules, *(path for path in opened if path.endswith(".mo")), file=sys.stderr)
    Protocol._send = send
    send(self, message)

Protocol._send = tell
from zai_ls.cli.main import main
sys.exit(main(["serve"]))
"""
HEAVY = (
    "httpx",
    "tree_sitter",
    "sqlite3",
    "filelock",
    "keyring",
    "tomllib",
    "zai_ls.assistant",
    "zai_ls.catalogue",
    "zai_ls.config",
    "zai_ls.dispatch",
    "zai_ls.glm",
    "zai_ls.settings",
    "zai_ls.state",
)


def test_the_server_answers_initialize_before_it_loads_anything_heavy():
    """An editor that starts waits for lsprotocol, which is heavy enough, and for nothing else."""
    request = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "initialize",
        "params": {"capabilities": {}, "locale": "zh-cn"},
    }
    body = json.dumps(request).encode()

    done = subprocess.run(
        [sys.executable, "-c", SERVE],
        input=b"Content-Length: %d\r\n\r\n%b" % (len(body), body),
        capture_output=True,
        check=False,
        # A measured child would show what the measuring itself loads.
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
    )

    loaded = done.stderr.decode().splitlines()[0].split()
    assert b'"capabilities"' in done.stdout
    assert "zai_ls.lsp.server" in loaded
    assert [name for name in loaded if name.startswith(HEAVY)] == []
    assert [name for name in loaded if name.endswith(".mo")] == []
