"""How 2D a table of positions is: planted tables whose answer is known."""

import math

import pytest
import torch

from vit_explorer.explain import nearest_pairs, position_similarity, position_structure
from vit_explorer.explain.positions import cosine_similarity, grid_distance
from vit_explorer.models import ConvNet, ViT

GRID = (8, 8)


def bumps(grid: tuple[int, int], width: float) -> torch.Tensor:
    """One row per cell: a Gaussian bump around its place on the grid, so that nearness is similarity."""
    return torch.exp(-(grid_distance(grid) ** 2) / (2 * width**2))


def along_the_list(n: int, width: float) -> torch.Tensor:
    """The same along the sequence alone."""
    index = torch.arange(n, dtype=torch.float32)
    return torch.exp(-((index[:, None] - index[None, :]) ** 2) / (2 * width**2))


def test_distances_on_the_grid_by_hand():
    found = grid_distance((2, 3))
    assert found[0].tolist() == pytest.approx([0, 1, 2, 1, math.sqrt(2), math.sqrt(5)])
    assert torch.equal(found, found.T)
    assert torch.equal(grid_distance((8, 8))[27, 27 + 9 * 3], torch.tensor(math.sqrt(18)))


@pytest.mark.parametrize("width", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("grid", [(8, 8), (14, 14), (4, 10)])
def test_a_table_planted_on_the_plane_is_found(grid, width):
    found = position_structure(cosine_similarity(bumps(grid, width)), grid)
    assert found.two_d > 0.85
    assert found.two_d == min(found.row, found.column)
    assert found.nearest_distance == 1


@pytest.mark.parametrize("width", [1.5, 4.0, 8.0, 20.0])
def test_a_table_planted_along_the_list_knows_rows_alone(width):
    found = position_structure(along_the_list(64, width), GRID)
    assert found.row > 0.9
    assert found.column < 0.1
    assert found.two_d < 0.1


def test_a_plane_on_its_side_swaps_row_and_column():
    order = torch.arange(64).reshape(8, 8).T.flatten()
    found = position_structure(along_the_list(64, 4.0)[order][:, order], GRID)
    assert found.column > 0.9
    assert found.row < 0.1


def test_random_tables_know_nothing():
    generator = torch.Generator().manual_seed(0)
    found = [position_structure(cosine_similarity(torch.randn(64, 128, generator=generator)), GRID) for _ in range(10)]
    assert sum(structure.two_d for structure in found) / 10 < 0.05
    assert max(max(structure.row, structure.column) for structure in found) < 0.3
    nearest = sum(structure.nearest_distance for structure in found) / 10
    assert nearest == pytest.approx(found[0].chance_distance, rel=0.1)


def test_a_reading_by_hand():
    # Two rows of one column each: to read the row from "other columns" there is nobody, so nothing can be read.
    assert position_structure(torch.eye(2), (2, 1)).row == 0
    # 2 x 2 cells, embeddings alike along rows (cosine 1) and unlike across (0). The row of a cell is read from the two
    # of the other column: K = identity, target -1/2 and 1/2, ridge 0.1, so the reading is 1/1.1 of the truth.
    same_row = torch.tensor([[1.0, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [0, 0, 1, 1]])
    found = position_structure(same_row, (2, 2))
    assert found.row == pytest.approx(1 - (1 - 1 / 1.1) ** 2)
    assert found.column == 0


def test_an_untrained_vit_knows_nothing():
    torch.manual_seed(0)
    model = ViT()
    similarity = position_similarity(model)
    assert similarity.shape == (65, 65)
    assert abs(position_structure(similarity, model.grid).two_d) < 0.1


def test_chance_distance_is_the_mean_over_all_pairs():
    # Of the 15 pairs on 2 x 3 cells, 7 are 1 apart, 4 the root of 2, 2 are 2 apart, 2 the root of 5.
    expected = (7 + 4 * math.sqrt(2) + 2 * 2 + 2 * math.sqrt(5)) / 15
    assert position_structure(torch.eye(6), (2, 3)).chance_distance == pytest.approx(expected)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("grid", "nearest", "chance"), [((1, 1), 0, 0), ((1, 2), 1, 1), ((2, 1), 1, 1)])
def test_the_smallest_grids_have_numbers_too(grid, nearest, chance):
    n = grid[0] * grid[1]
    found = position_structure(cosine_similarity(torch.eye(n + 1)), grid)
    assert (found.row, found.column, found.two_d) == (0, 0, 0)
    assert (found.nearest_distance, found.chance_distance) == (nearest, chance)


def test_cosines():
    vectors = torch.tensor([[3.0, 0.0], [5.0, 5.0], [-1.0, 0.0], [0.0, 0.0]])
    half = math.sqrt(0.5)
    expected = [[1, half, -1, 0], [half, 1, -half, 0], [-1, -half, 1, 0], [0, 0, 0, 0]]
    assert torch.allclose(cosine_similarity(vectors), torch.tensor(expected))
    wide = cosine_similarity(torch.randn(65, 128))
    assert torch.equal(wide, wide.T)
    assert torch.equal(wide.diagonal(), torch.ones(65))


def test_tables_of_zeros_give_no_nan():
    similarity = cosine_similarity(torch.zeros(16, 8))
    assert torch.equal(similarity, torch.zeros(16, 16))
    found = position_structure(similarity, (4, 4))
    assert (found.row, found.column) == (0, 0)
    assert math.isfinite(found.nearest_distance)
    assert all(pair.similarity == 0 for pair in nearest_pairs(similarity, (4, 4)))


def test_cls_is_left_out():
    table = bumps(GRID, 1.5)
    cls = table.mean(dim=0, keepdim=True)  # as similar to all as can be
    alone, beside = cosine_similarity(table), cosine_similarity(torch.cat([cls, cls, table]))
    assert beside[2:, 2:].equal(alone)
    assert position_structure(beside, GRID) == position_structure(alone, GRID)
    assert nearest_pairs(beside, GRID) == nearest_pairs(alone, GRID)


def test_similarity_of_a_model_is_that_of_its_table():
    torch.manual_seed(0)
    model = ViT(img_size=8, d_model=16, n_heads=2, n_layers=1, d_ff=8)
    found = position_similarity(model)
    table = model.pos_embedding.detach()[0]
    assert found.shape == (5, 5)
    for i in range(5):
        for j in range(5):
            cosine = table[i] @ table[j] / (table[i].norm() * table[j].norm())
            assert found[i, j].item() == pytest.approx(cosine.item(), abs=1e-6)
    assert not found.requires_grad


def test_a_model_without_positions_is_refused():
    with pytest.raises(ValueError, match="ConvNet has no learned position"):
        position_similarity(ConvNet())


def test_a_matrix_too_small_for_the_grid_is_refused():
    with pytest.raises(ValueError, match=r"63 x 63 .* 8 x 8"):
        position_structure(torch.eye(63), GRID)


def test_nearest_pairs_on_two_by_two():
    similarity = torch.tensor(
        [
            [1.0, 0.1, 0.9, 0.3],
            [0.1, 1.0, 0.5, 0.7],
            [0.9, 0.5, 1.0, -0.2],
            [0.3, 0.7, -0.2, 1.0],
        ]
    )
    found = [(pair.first, pair.second, round(pair.similarity, 6)) for pair in nearest_pairs(similarity, (2, 2))]
    assert found == [(0, 2, 0.9), (1, 3, 0.7), (1, 2, 0.5), (0, 3, 0.3), (0, 1, 0.1), (2, 3, -0.2)]
    distances = [pair.distance for pair in nearest_pairs(similarity, (2, 2))]
    assert distances == pytest.approx([1, 1, math.sqrt(2), math.sqrt(2), 1, 1])


def test_nearest_pairs_are_sorted_and_named_once():
    similarity = cosine_similarity(torch.randn(64, 16, generator=torch.Generator().manual_seed(0)))
    found = nearest_pairs(similarity, GRID, count=200)
    assert len(found) == 200
    assert all(pair.first < pair.second for pair in found)
    assert len({(pair.first, pair.second) for pair in found}) == 200
    values = [pair.similarity for pair in found]
    assert values == sorted(values, reverse=True)
    assert values[0] == similarity[~torch.eye(64, dtype=torch.bool)].max()
    assert values == pytest.approx([similarity[pair.first, pair.second].item() for pair in found])
    assert len(nearest_pairs(similarity, GRID)) == 10
