"""Mistakes are counted where they belong."""

import math

import torch

from vit_explorer.explain.confusion import Confusion, confusion_matrix, most_confused, precision, recall

TRUTH = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2, 2])
ANSWERS = torch.tensor([0, 1, 1, 1, 0, 2, 0, 0, 0])


def test_rows_are_the_truth_and_columns_the_answers():
    assert confusion_matrix(TRUTH, ANSWERS, 4).tolist() == [[1, 2, 0, 0], [1, 1, 0, 0], [3, 0, 1, 0], [0, 0, 0, 0]]


def test_recall_goes_along_a_row_and_precision_down_a_column():
    matrix = confusion_matrix(TRUTH, ANSWERS, 4)
    assert recall(matrix)[:3].tolist() == [1 / 3, 1 / 2, 1 / 4] and math.isnan(recall(matrix)[3])
    assert precision(matrix)[:3].tolist() == [1 / 5, 1 / 3, 1.0] and math.isnan(precision(matrix)[3])
    counts = matrix.sum(dim=1)
    right = (TRUTH == ANSWERS).double().mean()
    assert torch.allclose((recall(matrix)[:3] * counts[:3]).sum() / counts.sum(), right)


def test_the_largest_mistakes_come_first_and_right_answers_are_none():
    matrix = confusion_matrix(TRUTH, ANSWERS, 4)
    assert most_confused(matrix, 2) == [Confusion(2, 0, 3), Confusion(0, 1, 2)]
    assert most_confused(matrix, 9) == [Confusion(2, 0, 3), Confusion(0, 1, 2), Confusion(1, 0, 1)]
    assert most_confused(torch.eye(3, dtype=torch.long), 5) == []
