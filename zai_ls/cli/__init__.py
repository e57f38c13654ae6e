"""The command line: verbs, and the one place where everything is wired together."""
