"""Nearest vectors: by hand, by brute force, and without the image itself."""

from __future__ import annotations

import pytest
import torch

from vit_explorer.explain.neighbours import knn_accuracy, nearest, vote

VECTORS = torch.tensor([[1.0, 0.0], [10.0, 1.0], [0.0, 2.0], [-3.0, 0.0]])


def test_direction_counts_and_length_does_not():
    found, cosines = nearest(torch.tensor([5.0, 0.0]), VECTORS, 3)
    assert found.tolist() == [0, 1, 2]
    assert cosines.tolist() == pytest.approx([1, 10 / 101**0.5, 0])


def test_the_image_itself_is_left_out():
    assert nearest(VECTORS[0], VECTORS, 3, without=0)[0].tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="1 to 3, not 4"):
        nearest(VECTORS[0], VECTORS, 4, without=0)


def test_the_commonest_label_wins_and_of_equals_the_nearest():
    assert vote(torch.tensor([[1, 2, 2], [3, 1, 2], [0, 1, 1], [5, 4, 4]])).tolist() == [2, 3, 1, 4]
    assert vote(torch.tensor([[1, 2, 1, 2]])).tolist() == [1]


@pytest.mark.parametrize("k", [1, 4, 7])
def test_accuracy_is_that_of_asking_for_each_image_in_turn(k):
    generator = torch.Generator().manual_seed(0)
    vectors, labels = torch.randn(40, 5, generator=generator), torch.randint(0, 3, (40,), generator=generator)
    right = [
        int(vote(labels[nearest(vectors[i], vectors, k, without=i)[0]][None])[0]) == int(labels[i]) for i in range(40)
    ]
    assert knn_accuracy(vectors, labels, k) == pytest.approx(sum(right) / 40)
    with pytest.raises(ValueError, match="1 to 39, not 40"):
        knn_accuracy(vectors, labels, 40)
