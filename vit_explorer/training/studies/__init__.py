"""Presets, and many runs that answer one question."""
