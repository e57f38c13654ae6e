"""Pure decisions: values and `now` in, values out; no loop, no clock, no files, no network, no LSP."""
