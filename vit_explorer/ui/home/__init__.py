"""The Home tab: the whole network in one picture, each part a door to the tab that explains it."""
