"""Everything that knows LSP, and nothing else."""
