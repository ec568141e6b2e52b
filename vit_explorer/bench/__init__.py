"""Measurements behind every speed claim: ``python -m vit_explorer.bench``."""
