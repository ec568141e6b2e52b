"""The measure of decoding sets counted beside measured, from outputs of the length that it names."""

import pytest

from vit_explorer.bench import decode
from vit_explorer.text import step_cost


@pytest.mark.parametrize("cached", [False, True])
def test_an_output_has_the_length_and_the_batch_that_are_measured(cached):
    decoded = decode.decoding(decode.endless_network(), 3, 25, cached)()
    assert decoded.tokens.shape == (3, 25) and not decoded.finished.any()


def test_theory_stands_beside_what_was_measured(monkeypatch):
    for name, value in {"ROUNDS": 1, "LENGTHS": (3, 50, 60), "BATCHES": (2,)}.items():
        monkeypatch.setattr(decode, name, value)
    monkeypatch.setattr("vit_explorer.bench.throughput.WARM_UP", 0)
    result = decode.measure_decode()
    model = decode.endless_network()
    totals = [sum(step_cost(model, 10, step, cached).total for step in range(50)) for cached in (False, True)]
    assert result["B=2, 50 tokens, counted: without / with cache"] == pytest.approx(totals[0] / totals[1])
    assert totals[0] / totals[1] == pytest.approx(23.67, abs=0.01)
    ratio = result["B=2, 50 tokens, measured: without / with cache"]
    assert ratio > 0
    assert result["B=2, 10 to 25 x at 50 tokens, as often quoted"] == decode.verdict(ratio)
    head, line, *rows = result["table"].splitlines()
    assert {row.count("|") for row in (head, line, *rows)} == {9}
    assert [row.split("|")[2].strip() for row in rows] == ["3", "50", "60"]
    assert [row.split("|")[6].strip() for row in rows][1] == "23.7 x"


@pytest.mark.parametrize(("ratio", "word"), [(9.9, "NOT"), (10, "found"), (25, "found"), (25.1, "NOT")])
def test_the_quoted_range(ratio, word):
    assert decode.verdict(ratio).startswith(word)


def test_the_power_by_which_a_cost_grows():
    assert decode.power((50, 200), [1.0, 4.0]) == pytest.approx(1)
    assert decode.power((50, 200), [1.0, 16.0]) == pytest.approx(2)
