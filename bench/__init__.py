"""The benchmark: what zai-ls adds, as ratios inside one run against plain httpx and an empty server on the same machine."""
