"""Trainings for the page: a queue, and workers in processes of their own."""
