"""The flags and the lines of ``python -m vit_explorer.train``."""
