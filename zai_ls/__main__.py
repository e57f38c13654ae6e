"""`python -m zai_ls`, and the command `zai-ls`."""

from __future__ import annotations

import sys

from zai_ls.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
