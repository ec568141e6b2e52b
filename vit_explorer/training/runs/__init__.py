"""Trainings in folders: what is written, resumed and exported."""
