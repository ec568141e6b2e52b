"""The Windows tab."""
