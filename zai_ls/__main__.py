"""`python -m zai_ls`, and the command `zai-ls`."""

from __future__ import annotations

import sys

if __name__ == "__main__" and sys.path[:1] and not sys.flags.safe_path:
    # `python -m` looks for modules in the current folder first, which may be anybody's workspace.
    del sys.path[0]

from zai_ls.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
