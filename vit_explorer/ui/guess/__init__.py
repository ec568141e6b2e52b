"""Questions that a visitor answers before a view shows the answer."""
