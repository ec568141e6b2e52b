"""Training: deterministic by seed, clipped, measured under teacher forcing and in free running."""

from dataclasses import replace

import pytest
import torch

from vit_explorer.text import BOUNDARY, PAD, SequenceTask, TextRecipe, load_text_checkpoint, train_text
from vit_explorer.text.training import Accuracy, EpochDone, StepDone, accuracy, fresh_model, measure, token_loss

SMALL = TextRecipe(
    SequenceTask(n_symbols=4, min_length=2, max_length=5), n_train=100, n_test=40, epochs=2, batch_size=32
)


def test_the_defaults_are_the_recipe_of_the_shipped_network():
    recipe = TextRecipe()
    assert (recipe.n_train, recipe.n_test, recipe.epochs, recipe.batch_size) == (3000, 500, 30, 64)
    assert (recipe.lr, recipe.clip, recipe.task) == (1e-3, 5.0, SequenceTask("reverse", 18, 10, 10))


def test_the_events_of_a_training():
    events = list(train_text(SMALL))
    epochs = [event for event in events if isinstance(event, EpochDone)]
    steps = [event for event in events if isinstance(event, StepDone)]
    assert [(done.epoch, done.step) for done in epochs] == [(0, 0), (1, 4), (2, 8)]
    assert [(done.step, done.epoch) for done in steps] == [(n, 1 + (n > 4)) for n in range(1, 9)]
    assert {done.total_steps for done in steps} == {8}
    assert epochs[0].train_loss is None and epochs[0].seconds == 0 < epochs[1].seconds < epochs[2].seconds
    means = [
        sum(done.loss * size for done, size in zip(steps[at : at + 4], (32, 32, 32, 4), strict=True)) / 100
        for at in (0, 4)
    ]
    assert [done.train_loss for done in epochs[1:]] == pytest.approx(means)
    assert epochs[2].test.loss < epochs[0].test.loss


def test_the_same_seed_gives_the_same_weights_and_another_seed_others():
    state = torch.get_rng_state()
    torch.manual_seed(1)
    first = [event for event in train_text(SMALL) if isinstance(event, EpochDone)]
    torch.manual_seed(2)
    second = [event for event in train_text(SMALL) if isinstance(event, EpochDone)]
    assert all(torch.equal(first[-1].weights[key], second[-1].weights[key]) for key in first[-1].weights)
    assert [done.test for done in first] == [done.test for done in second]
    other = next(train_text(TextRecipe(SMALL.task, 100, 40, seed=1)))
    assert not torch.equal(first[0].weights["head.weight"], other.weights["head.weight"])
    torch.set_rng_state(state)
    fresh_model(SMALL)
    assert torch.equal(torch.get_rng_state(), state), "the caller's generator is left alone"


def test_gradients_are_clipped_to_the_norm_of_the_recipe():
    """Adam divides by the gradient's size plus 1e-8: a norm far below that stops the learning."""

    def moved(clip):
        epochs = [event for event in train_text(replace(SMALL, clip=clip)) if isinstance(event, EpochDone)]
        return max((epochs[2].weights[key] - first).abs().max() for key, first in epochs[0].weights.items())

    assert moved(5.0) > 1e-3 and moved(1e-12) < 1e-6


def test_weights_of_an_epoch_are_a_copy_and_make_the_measured_network():
    epochs = [event for event in train_text(SMALL) if isinstance(event, EpochDone)]
    assert not torch.equal(epochs[0].weights["head.weight"], epochs[1].weights["head.weight"])
    model = fresh_model(SMALL)
    assert torch.equal(model.head.weight, epochs[0].weights["head.weight"])
    model.load_state_dict(epochs[1].weights)
    assert measure(model, SMALL.task.draw(100, 40, 0)[1]) == epochs[1].test


def test_the_loss_is_the_mean_over_tokens_that_are_not_padding():
    logits = torch.randn(2, 3, 5, generator=torch.Generator().manual_seed(0))
    expected = torch.tensor([[2, 3, BOUNDARY], [4, BOUNDARY, PAD]])
    probabilities = logits.softmax(dim=2)
    by_hand = [-probabilities[0, 0, 2].log(), -probabilities[0, 1, 3].log(), -probabilities[0, 2, 1].log()]
    by_hand += [-probabilities[1, 0, 4].log(), -probabilities[1, 1, 1].log()]
    assert token_loss(logits, expected).item() == pytest.approx(sum(by_hand).item() / 5, rel=1e-5)


def test_accuracies_by_hand():
    expected = torch.tensor([[2, 3, 4, BOUNDARY], [2, 3, BOUNDARY, PAD], [5, 5, 5, BOUNDARY], [4, 4, BOUNDARY, PAD]])
    predicted = torch.tensor([[2, 3, 4, BOUNDARY], [2, 3, BOUNDARY, 7], [5, 6, 5, BOUNDARY], [4, 4, 4, BOUNDARY]])
    # The second row is right: behind the end nothing counts. The last one misses the end, which is no symbol.
    assert accuracy(predicted, expected) == Accuracy(tokens=pytest.approx(9 / 10), sequences=0.5)


def test_free_running_is_the_networks_own_output_and_an_early_end_misses_the_rest():
    task = SMALL.task
    model, pairs = fresh_model(SMALL), task.draw(100, 40, 0)[1]
    with torch.no_grad():
        model.head.bias[BOUNDARY] = 100
    found = measure(model, pairs)
    assert found.free_running == Accuracy(0.0, 0.0) and found.teacher_forced.sequences == 0


def test_whole_sequences_are_right_both_ways_or_neither():
    checkpoint = load_text_checkpoint()
    _, pairs = checkpoint.task.draw(3000, 500, 0)
    found = measure(checkpoint.snapshots()[3], pairs)
    assert 0.5 < found.teacher_forced.sequences < 0.95
    assert found.teacher_forced.sequences == found.free_running.sequences
    assert found.teacher_forced.tokens > found.free_running.tokens + 0.01


@pytest.mark.parametrize(
    ("numbers", "words"),
    [({"epochs": 0}, "epochs .* not 0"), ({"n_test": 0}, "n_test"), ({"lr": 0.0}, "lr"), ({"clip": 0.0}, "clip")],
)
def test_numbers_that_cannot_work_are_refused(numbers, words):
    with pytest.raises(ValueError, match=words):
        TextRecipe(**numbers)
