"""Completions: from the cursor to a proposal, with as few requests as will do."""
