"""Completions as pure decisions: where one would go, whether to ask, when, for how much, and what a reply makes."""
