"""Every speed claim of this project, measured here: ``python -m vit_explorer.bench``."""
