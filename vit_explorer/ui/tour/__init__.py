"""The tour: acts on the real page, one after the other."""
