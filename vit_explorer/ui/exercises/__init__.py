"""The Exercises tab: three exercises on the page's own views, whose answers the page checks."""
