"""The Recipe tab."""
