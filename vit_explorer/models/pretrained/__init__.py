"""Networks that others trained: their weights in our classes."""

from vit_explorer.models.pretrained.convert import from_state_dict
from vit_explorer.models.pretrained.report import FitReport, Preprocessing

__all__ = ["FitReport", "Preprocessing", "from_state_dict"]
