"""The measure of throughput compares networks of one size, gives everybody as many turns, and says what it counted."""

from collections import Counter

import pytest
from torch import nn

from vit_explorer.bench import throughput
from vit_explorer.bench.missing import NotMeasured
from vit_explorer.models.zoo import MODELS, create_model


def test_turns_are_equal_and_everybody_is_first_as_often():
    order: list[str] = []
    jobs = {name: (lambda name=name: order.append(name)) for name in "abc"}
    seconds = throughput.in_turns(jobs, 9 - throughput.WARM_UP)
    assert Counter(order) == {"a": 9, "b": 9, "c": 9}
    assert Counter(order[::3]) == {"a": 3, "b": 3, "c": 3}
    assert {name: len(taken) for name, taken in seconds.items()} == dict.fromkeys("abc", 9 - throughput.WARM_UP)
    assert min(min(taken) for taken in seconds.values()) >= 0


def test_the_three_vits_are_of_one_size_and_another_is_no_fair_comparison():
    networks = {"ViT": create_model("vit")} | throughput._rivals()
    throughput._check_sizes(networks)
    assert {throughput._count(network) for network in networks.values()} == {809_354, 808_170}
    with pytest.raises(AssertionError, match=r"deeper has .* no fair comparison"):
        throughput._check_sizes(networks | {"deeper": create_model("vit", n_layers=5)})
    with pytest.raises(AssertionError, match="head has"):
        throughput._check_sizes(networks | {"head": nn.Linear(128, 10)})


def test_what_is_missing_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "vit_pytorch", None)
    with pytest.raises(NotMeasured, match=r"vit_pytorch.* requirements-dev\.txt"):
        throughput.measure_throughput()


def test_every_network_is_measured_in_both_precisions(monkeypatch):
    for name, value in {"BATCH": 2, "ROUNDS": 1, "WARM_UP": 0, "N_PICTURES": 400}.items():
        monkeypatch.setattr(throughput, name, value)
    result = throughput.measure_throughput()
    assert result["ViT: parameters"] == MODELS["vit"].parameters
    for precision in ("float32", "bfloat16"):
        for name in ("ViT", "timm", "vit-pytorch", "cnn", "vit-conv"):
            assert result[f"{name}, {precision}: images/s"] > 0
        for name in throughput.THEIRS:
            ratio = result[f"{precision}: our ViT's images/s as a multiple of {name}'s (median)"]
            ours, theirs = (result[f"{who}, {precision}: images/s"] for who in ("ViT", name))
            assert ratio == pytest.approx(ours / theirs)  # of one round
    shares = [value for name, value in result.items() if name.endswith("share of the data pipeline in a step, %")]
    assert len(shares) == 2 and all(0 < share < 100 for share in shares)
