"""Figures share no state between requests: pyplot, which holds all of its figures, is not used."""

import subprocess
import sys

DRAW = """
import sys
import numpy as np
from vit_explorer.figures.frame import figure_bytes
from vit_explorer.figures.positions import positions_figure

for format in ("png", "svg", "pdf"):
    figure_bytes(positions_figure(np.eye(17), (4, 4), 1, 0.5, "t", "c"), format)
assert "matplotlib.figure" in sys.modules and "matplotlib.pyplot" not in sys.modules
"""


def test_drawing_and_writing_figures_loads_no_pyplot():
    subprocess.run([sys.executable, "-c", DRAW], check=True)
