"""Explanations: the inner workings of a model on an image."""

from vit_explorer.explain.ablation import Ablation, trace_ablated
from vit_explorer.explain.costs import head_costs, patch_costs
from vit_explorer.explain.distance import attention_entropy, mean_attention_distance
from vit_explorer.explain.explanations import explanation_maps, methods_for
from vit_explorer.explain.faithfulness import Curve, deletion_curve, insertion_curve
from vit_explorer.explain.features import feature_colours, feature_similarity, token_norms
from vit_explorer.explain.gradients import gradient_rollout
from vit_explorer.explain.lens import logit_lens
from vit_explorer.explain.positions import nearest_pairs, position_similarity, position_structure
from vit_explorer.explain.rewindow import unmasked
from vit_explorer.explain.rollout import rollout
from vit_explorer.explain.trace import Trace, trace

__all__ = [
    "Ablation",
    "Curve",
    "Trace",
    "attention_entropy",
    "deletion_curve",
    "explanation_maps",
    "feature_colours",
    "feature_similarity",
    "gradient_rollout",
    "head_costs",
    "insertion_curve",
    "logit_lens",
    "mean_attention_distance",
    "methods_for",
    "nearest_pairs",
    "patch_costs",
    "position_similarity",
    "position_structure",
    "rollout",
    "token_norms",
    "trace",
    "trace_ablated",
    "unmasked",
]
