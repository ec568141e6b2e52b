"""The measure of decoding sets counted beside measured, from outputs of the length that it names."""

import pytest

from vit_explorer.bench import decode
from vit_explorer.text import step_cost


@pytest.mark.parametrize("cached", [False, True])
def test_an_output_has_the_length_and_the_batch_that_are_measured(cached):
    decoded = decode._job(decode._network(), 3, 25, cached)()
    assert decoded.tokens.shape == (3, 25) and not decoded.finished.any()


def test_theory_stands_beside_what_was_measured(monkeypatch):
    for name, value in {"ROUNDS": 1, "LENGTHS": (3, 50, 60), "BATCHES": (2,)}.items():
        monkeypatch.setattr(decode, name, value)
    monkeypatch.setattr("vit_explorer.bench.throughput.WARM_UP", 0)
    result = decode.measure_decode()
    model = decode._network()
    totals = [sum(step_cost(model, 10, step, cached).total for step in range(50)) for cached in (False, True)]
    assert result["B=2, 50 tokens, counted: without / with cache"] == pytest.approx(totals[0] / totals[1])
    assert totals[0] / totals[1] == pytest.approx(23.67, abs=0.01)
    assert result["B=2, 50 tokens, measured: without / with cache"] > 0
    assert len(result["table"].splitlines()) == 2 + 3
    ratio = result["B=2, 50 tokens, measured: without / with cache"]
    assert result["B=2, quoted 10 to 25 x at 50 tokens"].startswith("found") == (10 <= ratio <= 25)


def test_the_power_by_which_a_cost_grows():
    assert decode._power((50, 200), [1.0, 4.0]) == pytest.approx(1)
    assert decode._power((50, 200), [1.0, 16.0]) == pytest.approx(2)
