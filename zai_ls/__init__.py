"""A language server that brings GLM models (Z.ai / BigModel) to every editor."""

__version__ = "0.1.0"
