"""Figures a person can save: numpy arrays in, matplotlib files out."""
