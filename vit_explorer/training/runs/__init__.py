"""Trainings in folders: what is written, resumed, kept and exported."""
