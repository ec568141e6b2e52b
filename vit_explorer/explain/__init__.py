"""What a model did with a picture."""

from vit_explorer.explain.positions import nearest_pairs, position_similarity, position_structure
from vit_explorer.explain.trace import Trace, trace

__all__ = ["Trace", "nearest_pairs", "position_similarity", "position_structure", "trace"]
