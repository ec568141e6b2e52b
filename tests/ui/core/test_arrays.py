"""Arrays as bytes: what the browser unpacks is what was packed, within the error that is stated."""

import base64

import numpy as np
import pytest
import torch

from vit_explorer.ui.core.arrays import SMALLEST_LOG2, ZERO, pack, pack_shares

RELATIVE_ERROR = 0.00017  # as pack_shares states it


def unpack_shares(packed: dict) -> np.ndarray:
    """As vx.decode does it: value = 2 ** -(code * scale), the last code is 0."""
    assert packed["dtype"] == "log2"
    codes = np.frombuffer(base64.b64decode(packed["data"]), "<u2").astype(np.float64)
    return np.where(codes == ZERO, 0, 2 ** -(codes * packed["scale"])).reshape(packed["shape"])


def test_shares_of_any_size_keep_three_digits():
    shares = torch.logspace(-9.6, 0, 50_001, dtype=torch.float64)
    assert shares.min() >= 2**SMALLEST_LOG2
    unpacked = unpack_shares(pack_shares(shares))
    error = np.abs(unpacked / shares.numpy() - 1)
    assert error.max() <= RELATIVE_ERROR
    assert error.max() > RELATIVE_ERROR / 2  # the stated error is the true one, not a loose bound


def test_zero_and_one_are_exact_and_tiny_shares_become_zero():
    unpacked = unpack_shares(pack_shares(torch.tensor([0.0, 1.0, 1e-12, 2.0**-33, 1.0000001])))
    assert unpacked.tolist() == [0.0, 1.0, 0.0, 0.0, 1.0]


def test_the_smallest_share_that_is_kept_is_not_zero():
    unpacked = unpack_shares(pack_shares(torch.tensor([2.0 ** (SMALLEST_LOG2 + 0.001)], dtype=torch.float64)))
    assert unpacked[0] == pytest.approx(2.0**SMALLEST_LOG2, rel=1e-3)


def test_rows_of_attention_still_sum_to_one():
    rows = torch.randn(3, 65, generator=torch.Generator().manual_seed(0)).mul(4).softmax(dim=-1)
    unpacked = unpack_shares(pack_shares(rows))
    assert unpacked.shape == (3, 65)
    assert unpacked.sum(axis=1) == pytest.approx(1, abs=RELATIVE_ERROR)


def test_integers_are_rounded_to_their_scale():
    packed = pack(np.array([0.26, -0.24, 1.0]), "int8", 0.5)
    assert np.frombuffer(base64.b64decode(packed["data"]), "<i1").tolist() == [1, 0, 2]
