"""The last word on a race says what its numbers earn."""

import math

import pytest

from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.ui.train.outcome import Result, counting_error, outcome


def result(label: str, accuracy: float, n_test: int = 10_000, n_train: int = 5_000, **values) -> Result:
    return Result(label, accuracy, n_test, n_train, Recipe(**values))


def test_a_clear_lead():
    told = outcome([result("ViT", 0.583), result("CNN", 0.712)])
    assert told.headline == "CNN leads by 12.9 points: CNN 71.2 %, ViT 58.3 %"
    # 0.129 / sqrt((0.583 * 0.417 + 0.712 * 0.288) / 10000) = 19.2
    assert told.detail.startswith("On 10,000 test pictures after 20 epochs on 5,000 pictures")
    assert "19 standard errors" in told.detail and "seed" in told.detail


def test_a_difference_within_counting_is_no_lead():
    told = outcome([result("A", 0.600, n_test=1_000), result("B", 0.610, n_test=1_000)])
    assert told.headline == "B 61.0 %, A 60.0 %"
    assert "1.0 points between the first two, 0.5 standard errors" in told.detail
    assert "no difference between the first two, 0.0" in outcome([result("A", 0.5), result("B", 0.5)]).detail


def test_several_contenders_are_ranked():
    told = outcome([result("a", 0.2), result("b", 0.5), result("c", 0.4)], n_failed=1)
    assert told.headline == "b leads by 10.0 points: b 50.0 %, c 40.0 %, a 20.0 %"
    assert told.detail.endswith("1 contender failed.")


def test_settings_are_named_where_they_are_shared():
    different = outcome([result("a", 0.2, n_train=500, epochs=64), result("b", 0.5, n_train=2_000, epochs=16)])
    assert different.detail.startswith("On 10,000 test pictures; the lead")
    same_data = outcome([result("a", 0.2, epochs=1), result("b", 0.5, epochs=2)])
    assert same_data.detail.startswith("On 10,000 test pictures, trained on 5,000 pictures; the lead")
    alone = outcome([result("a", 0.2, epochs=1)])
    assert (alone.headline, alone.detail) == ("a 20.0 %", "On 10,000 test pictures after 1 epoch on 5,000 pictures.")


def test_nothing_is_said_of_nothing():
    assert outcome([]) is None
    assert outcome([], n_failed=2) is None


def test_where_nothing_could_vary():
    assert "over 100 standard errors" in outcome([result("a", 1.0), result("b", 0.0)]).detail
    assert "too close to call" in outcome([result("a", 1.0), result("b", 1.0)]).detail


def test_the_standard_error_is_that_of_two_counted_shares():
    error = counting_error(result("a", 0.5, n_test=100), result("b", 0.2, n_test=400))
    assert error == pytest.approx(math.sqrt(0.25 / 100 + 0.16 / 400))


def test_printed_numbers_agree_with_the_page_and_with_each_other():
    told = outcome([result("a", 0.1025, n_test=2_000), result("b", 0.3, n_test=2_000)])  # 10.25 % is 10.3 in a browser
    assert told.headline == "b leads by 19.7 points: b 30.0 %, a 10.3 %"
