"""The shipped network reverses sequences, and its card is true; damaged files are refused in a sentence."""

import json

import pytest
import torch

from vit_explorer import train_text as program
from vit_explorer.models import list_checkpoints
from vit_explorer.text import (
    KVCache,
    SequenceTask,
    Tape,
    TextCheckpointError,
    beam_search,
    greedy_decode,
    list_text_checkpoints,
    load_text_checkpoint,
)
from vit_explorer.text.checkpoint import TEXT_FOLDER, half
from vit_explorer.text.training import EpochDone, TextRecipe, measure, token_loss, train_text


@pytest.fixture(scope="module")
def shipped():
    return load_text_checkpoint()


def test_the_card_is_true_and_the_network_reverses(shipped):
    recipe, found = shipped.card["recipe"], shipped.card["test"]
    _, test = shipped.task.draw(recipe["n_train"], recipe["n_test"], recipe["seed"])
    measured = measure(shipped.model, test)
    for way in ("teacher_forced", "free_running"):
        for what in ("tokens", "sequences"):
            assert getattr(getattr(measured, way), what) == pytest.approx(found[way][what], abs=1e-3)
    assert measured.free_running.tokens >= 0.95
    assert shipped.card["parameters"] == sum(parameter.numel() for parameter in shipped.model.parameters())
    assert {"hardware", "versions", "commit", "seconds"} <= shipped.card.keys()
    assert [row["epoch"] for row in shipped.card["history"]] == list(range(31))


def test_a_typed_sequence_comes_back_reversed_by_every_way_of_decoding(shipped):
    source = torch.tensor([shipped.task.read("ABCDEFGHIJ")])
    assert shipped.task.write(greedy_decode(shipped.model, source).tokens[0].tolist()) == "JIHGFEDCBA"
    assert greedy_decode(shipped.model, source, cache=KVCache()).finished.all()
    (found,) = beam_search(shipped.model, source, width=4, cache=KVCache())
    assert shipped.task.write(found.best) == "JIHGFEDCBA"


@torch.no_grad()
def test_cross_attention_found_the_anti_diagonal_through_the_training(shipped):
    _, test = shipped.task.draw(3000, 100, 0)

    def on_the_anti_diagonal(model):
        tape = Tape()
        model(test.source, test.shown, tape)
        weights = torch.stack(tape.cross).mean(dim=1)[:, :, :10]  # (layers, heads, T, S), without the end
        return weights.flip(3).diagonal(dim1=2, dim2=3).mean(dim=2).max().item()  # of the best head

    snapshots = shipped.snapshots()
    assert list(snapshots) == [0, 1, 2, 3, 5, 8, 13, 20, 30] and snapshots[30] is shipped.model
    assert on_the_anti_diagonal(snapshots[0]) < 0.2  # 0.1 by chance
    assert on_the_anti_diagonal(shipped.model) > 0.6
    losses = [token_loss(model(test.source, test.shown), test.expected) for model in snapshots.values()]
    assert losses[0] > losses[1] > losses[2] > losses[3] > losses[-1]


def test_the_files_are_small_and_no_image_model():
    assert (TEXT_FOLDER / "reverse.pt").stat().st_size < 400_000
    assert (TEXT_FOLDER / "reverse.snapshots.pt").stat().st_size < 3_000_000
    assert "reverse" in list_text_checkpoints() and "reverse" not in list_checkpoints()


def test_the_program_writes_what_the_training_gives(tmp_path, capsys):
    flags = ["--task", "copy", "--min-length", "9", "--epochs", "2", "--n-train", "64", "--n-test", "10"]
    flags += ["--folder", str(tmp_path), "--name", "mine"]
    assert program.main(flags) == 0
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "mine.pt")
    made = load_text_checkpoint("mine", tmp_path)
    recipe = TextRecipe(SequenceTask("copy", min_length=9), 64, 10, epochs=2)
    epochs = [event for event in train_text(recipe) if isinstance(event, EpochDone)]
    assert made.task == recipe.task and list(made.snapshots()) == [0, 1, 2]
    for done, model in zip(epochs, made.snapshots().values(), strict=True):
        stored = half(done.weights)
        assert all(torch.equal(value, stored[key].float()) for key, value in model.state_dict().items())
    assert list_text_checkpoints(tmp_path) == ["mine"]


def test_a_checkpoint_without_snapshots_leaves_none_of_the_one_before(tmp_path, capsys):
    flags = ["--epochs", "1", "--n-train", "64", "--n-test", "10", "--folder", str(tmp_path)]
    assert program.main(flags) == 0 and list(load_text_checkpoint("reverse", tmp_path).snapshots()) == [0, 1]
    assert program.main([*flags, "--snapshots"]) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reverse.json", "reverse.pt"]
    assert list(load_text_checkpoint("reverse", tmp_path).snapshots()) == [1]


@pytest.mark.parametrize("name", ["reverse-halves", "sort"])
def test_networks_of_other_tasks_ship_and_their_cards_are_true(name):
    shipped = load_text_checkpoint(name)
    assert shipped.task == SequenceTask(name) and list(shipped.snapshots()) == [0, 1, 2, 3, 8, 30]
    _, test = shipped.task.draw(3000, 500, shipped.card["recipe"]["seed"])
    measured = measure(shipped.model, test)
    assert measured.free_running.tokens == pytest.approx(shipped.card["test"]["free_running"]["tokens"], abs=1e-3)
    assert measured.free_running.sequences >= 0.99


@pytest.mark.parametrize("length", [3, 6, 10])
def test_a_second_network_reverses_every_length_that_it_was_trained_on(length):
    shipped = load_text_checkpoint("reverse-3-to-10")
    assert (shipped.task.min_length, shipped.task.max_length) == (3, 10)
    _, test = SequenceTask(min_length=length, max_length=length).draw(1, 100, seed=1)
    assert measure(shipped.model, test).free_running.sequences >= 0.95


def test_impossible_flags_are_refused(capsys):
    with pytest.raises(SystemExit):
        program.main(["--min-length", "11"])
    assert "11 to 10" in capsys.readouterr().err


@pytest.fixture
def copied(tmp_path):
    for path in TEXT_FOLDER.glob("reverse*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def damaged_card(folder, **changes):
    card = json.loads((folder / "reverse.json").read_text(encoding="utf-8"))
    (folder / "reverse.json").write_text(json.dumps(card | changes), encoding="utf-8")


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "reverse.json").unlink(), "no text checkpoint 'reverse'"),
        (lambda folder: (folder / "reverse.json").write_text("{"), "card .* damaged"),
        (lambda folder: (folder / "reverse.json").write_text("[]"), "card .* damaged"),
        (lambda folder: damaged_card(folder, task={"name": "rotate"}), "card .* damaged: .*'rotate'"),
        (lambda folder: damaged_card(folder, recipe={}), "card .* damaged"),
        (lambda folder: damaged_card(folder, model={"d_model": 32}), r"reverse\.pt do not fit"),
        (lambda folder: damaged_card(folder, model={"depth": 3}), r"reverse\.pt do not fit"),
        (lambda folder: (folder / "reverse.pt").unlink(), r"reverse\.pt are missing"),
        (lambda folder: (folder / "reverse.pt").write_bytes(b"PK"), r"reverse\.pt are damaged"),
        (lambda folder: torch.save([1], folder / "reverse.pt"), r"reverse\.pt are damaged"),
        (lambda folder: torch.save({"a": torch.ones(1)}, folder / "reverse.pt"), r"reverse\.pt do not fit"),
        (lambda folder: (folder / "reverse.snapshots.pt").write_bytes(b""), r"snapshots\.pt are damaged"),
        (lambda folder: torch.save({0: 1}, folder / "reverse.snapshots.pt"), r"snapshots\.pt do not fit"),
    ],
)
def test_damaged_files_are_refused_in_a_sentence(copied, damage, words):
    damage(copied)
    with pytest.raises(TextCheckpointError, match=words):
        load_text_checkpoint("reverse", copied).snapshots()


def test_without_snapshots_there_is_the_trained_network_alone(copied):
    (copied / "reverse.snapshots.pt").unlink()
    assert list(load_text_checkpoint("reverse", copied).snapshots()) == [30]
