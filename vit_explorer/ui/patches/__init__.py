"""The Patches tab."""
