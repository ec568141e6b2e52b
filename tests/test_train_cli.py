"""The terminal: a run from the first picture to a checkpoint, one that was interrupted, and what it refuses."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from vit_explorer import train
from vit_explorer.data import open_dataset
from vit_explorer.models import list_checkpoints, load_checkpoint
from vit_explorer.models.zoo import CHECKPOINT_FOLDER
from vit_explorer.training.engine import Trainer
from vit_explorer.training.events import Epoch, Failed, Finished, Snapshot, Started, Step
from vit_explorer.training.runs import RunFolder

SIZES = {"patch_size": 4, "d_model": 16, "n_heads": 2, "n_layers": 1, "d_ff": 24}
SMALL = [word for name, value in SIZES.items() for word in ("--set", f"{name}={value}")]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path_factory, monkeypatch) -> Path:
    """Nothing is written into the checkout."""
    folder = tmp_path_factory.mktemp("work")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("VIT_EXPLORER_DATA", raising=False)
    return folder


def arguments(data: Path, *more: object) -> list[str]:
    return ["--data", str(data), *SMALL, "--batch-size", "6", "--lr", "3e-3", *map(str, more)]


def without_times(text: str) -> list[str]:
    """The lines that say how a run went, less their seconds."""
    return [line.rsplit("  ", 1)[0] for line in text.splitlines() if line.startswith("epoch")]


def test_from_pictures_to_a_checkpoint(tiny_npz, tmp_path, capsys):
    before = list_checkpoints([CHECKPOINT_FOLDER])
    run, kept = tmp_path / "run", tmp_path / "kept"
    more = ("--epochs", 8, "--validation", 0.25, "--run", run, "--keep", "mine", "--keep-in", kept)
    assert train.main(arguments(tiny_npz, *more)) == 0
    shown = capsys.readouterr()
    assert shown.err == ""  # no bar where nobody looks
    assert f"run: {run}" in shown.out
    assert "18 training, 6 validation and 9 test pictures; step 0 of 24" in shown.out
    assert len(without_times(shown.out)) == 8
    assert f"kept: {kept / 'mine.pt'}" in shown.out

    loaded = load_checkpoint("mine", [kept])
    test = open_dataset(str(tiny_npz)).test
    with torch.no_grad():
        predicted = loaded.model(loaded.preprocess(test.x)).argmax(dim=1)
    accuracy = (predicted == test.y).float().mean().item()
    assert accuracy == pytest.approx(loaded.card["test_accuracy"])
    assert accuracy > 0.6
    assert f"test accuracy {accuracy:.2%}" in shown.out
    assert loaded.card["dataset"]["name"] == "tiny"
    assert loaded.class_names == ["dark", "grey", "light"]
    assert loaded.card["history"]["epoch"] == list(range(1, 9))
    assert list_checkpoints([CHECKPOINT_FOLDER]) == before

    events = RunFolder(run).events()
    assert not any(isinstance(event, Step) for event in events)
    assert [type(event) for event in events if not isinstance(event, Snapshot)] == [Started, *[Epoch] * 8, Finished]

    epochs, positions = loaded.position_snapshots()
    snapshots = [event for event in events if isinstance(event, Snapshot)]
    assert epochs == pytest.approx([event.epoch for event in snapshots], abs=1e-3)
    assert (epochs[0], epochs[-1]) == (0, 8)
    assert torch.equal(positions[-1:], loaded.model.pos_embedding)
    untrained = Trainer(RunFolder(run).recipe(), open_dataset(str(tiny_npz))).model.pos_embedding[0]
    assert (positions[0] - untrained).abs().max() < 1e-4


def test_half_precision_weights_are_kept_smaller(tiny_npz, tmp_path):
    common = ("--epochs", 2, "--keep-in", tmp_path)
    assert train.main(arguments(tiny_npz, *common, "--run", tmp_path / "a", "--keep", "whole")) == 0
    assert train.main(arguments(tiny_npz, *common, "--run", tmp_path / "b", "--keep", "half", "--half")) == 0
    whole, half = (load_checkpoint(name, [tmp_path]).model.state_dict() for name in ("whole", "half"))
    assert all(torch.equal(whole[name].half().float(), half[name]) for name in whole)
    assert (tmp_path / "half.pt").stat().st_size < (tmp_path / "whole.pt").stat().st_size


def test_the_accuracy_on_a_card_is_that_of_the_stored_weights(tiny_npz, tmp_path, monkeypatch):
    def accuracy(trainer, split):
        """1 for weights that float16 can hold, else 0."""
        return float(all(torch.equal(value, value.half().float()) for value in trainer.model.parameters()))

    monkeypatch.setattr(Trainer, "accuracy", accuracy)
    for name, *flags in (("whole",), ("half", "--half")):
        more = ("--epochs", 1, "--validation", 0.25, "--run", tmp_path / name, "--keep", name, "--keep-in", tmp_path)
        assert train.main(arguments(tiny_npz, *more, *flags)) == 0
        card = load_checkpoint(name, [tmp_path]).card
        assert card["test_accuracy"] == card["validation_accuracy"] == (1.0 if flags else 0.0)


def interrupt_after(count: int, monkeypatch) -> None:
    """The person presses Ctrl-C when ``count`` events have come."""
    events = Trainer.events

    def some(trainer):
        for number, event in enumerate(events(trainer)):
            if number == count:
                raise KeyboardInterrupt
            yield event

    monkeypatch.setattr(Trainer, "events", some)


@pytest.mark.parametrize(("count", "save_every"), [(1, 1e9), (5, 0.0), (8, 1e9), (13, 0.0), (24, 1e9)])
def test_an_interrupted_run_goes_on(tiny_npz, tmp_path, capsys, monkeypatch, count, save_every):
    recipe = ("--epochs", 3, "--augment", "crop-flip", "--schedule", "cosine", "--optimizer", "adamw")
    assert train.main(arguments(tiny_npz, *recipe, "--run", tmp_path / "whole", "--keep", "a", "--keep-in", ".")) == 0
    expected = without_times(capsys.readouterr().out)

    with monkeypatch.context() as patched:
        patched.setattr(train, "SAVE_EVERY", save_every)
        interrupt_after(count, patched)
        assert train.main(arguments(tiny_npz, *recipe, "--run", tmp_path / "cut")) == 130
    shown = capsys.readouterr()
    assert "Go on with --resume" in shown.err
    first = without_times(shown.out)

    assert train.main(["--resume", str(tmp_path / "cut"), "--keep", "b", "--keep-in", "."]) == 0
    assert first + without_times(capsys.readouterr().out) == expected
    whole, cut = (load_checkpoint(name, ["."]) for name in "ab")
    weights = cut.model.state_dict()
    assert all(torch.equal(value, weights[name]) for name, value in whole.model.state_dict().items())
    for key in ("train_loss", "train_accuracy", "test_accuracy"):
        assert cut.card["history"][key] == whole.card["history"][key]
    found = [type(event) for event in RunFolder(tmp_path / "cut").events() if not isinstance(event, Started)]
    assert found == [type(event) for event in RunFolder(tmp_path / "whole").events() if not isinstance(event, Started)]
    assert whole.position_snapshots()[0] == cut.position_snapshots()[0]


def test_a_finished_run_can_be_kept_later_and_says_its_end_once(tiny_npz, tmp_path, monkeypatch):
    monkeypatch.setattr(train, "SAVE_EVERY", 0.0)
    assert train.main(arguments(tiny_npz, "--epochs", 2, "--run", tmp_path / "run")) == 0
    for name in ("first", "second"):
        assert train.main(["--resume", str(tmp_path / "run"), "--keep", name, "--keep-in", str(tmp_path)]) == 0
    found = [type(event) for event in RunFolder(tmp_path / "run").events()]
    assert (found.count(Epoch), found.count(Finished)) == (2, 1)
    first, second = (load_checkpoint(name, [tmp_path]) for name in ("first", "second"))
    assert first.card["test_accuracy"] == second.card["test_accuracy"]
    assert first.card["history"] == second.card["history"]


def test_a_run_that_fails_says_why_and_can_be_taken_up_before_it(tiny_npz, tmp_path, capsys, monkeypatch):
    step = Trainer._train_step

    def spoiled(trainer):
        if trainer.step == 5:
            with torch.no_grad():
                trainer.model.head.weight[0, 0] = torch.nan
        return step(trainer)

    with monkeypatch.context() as patched:
        patched.setattr(train, "SAVE_EVERY", 0.0)
        patched.setattr(Trainer, "_train_step", spoiled)
        assert train.main(arguments(tiny_npz, "--epochs", 2, "--run", tmp_path / "run")) == 1
    assert "The loss became nan at step 6: try a lower learning rate." in capsys.readouterr().out
    assert isinstance(RunFolder(tmp_path / "run").events()[-1], Failed)
    assert train.main(["--resume", str(tmp_path / "run")]) == 0
    assert not any(isinstance(event, Failed) for event in RunFolder(tmp_path / "run").events())


def test_a_run_without_a_name_is_called_after_its_model_and_the_time(tiny_npz, elsewhere, monkeypatch):
    monkeypatch.setattr(time, "strftime", lambda form: "now")
    assert train.main(arguments(tiny_npz, "--epochs", 1)) == 0
    assert (elsewhere / "runs" / "vit-now" / "last.pt").is_file()


def test_every_field_of_the_recipe_can_be_said(tiny_npz, tmp_path):
    said = {
        "subset": 12,
        "validation": 0.25,
        "epochs": 1,
        "optimizer": "muon",
        "schedule": "linear",
        "warmup": 0.5,
        "weight_decay": 0.01,
        "augment": "crop-flip",
        "label_smoothing": 0.1,
        "seed": 9,
        "device": "cpu",
        "precision": "bfloat16",
    }
    words = [word for name, value in said.items() for word in (f"--{name.replace('_', '-')}", value)]
    words += ["--model", "vit-conv", "--test-at-end-only", "--run", tmp_path / "run"]
    assert train.main(arguments(tiny_npz, *words)) == 0
    assert json.loads((tmp_path / "run" / "recipe.json").read_text()) == said | {
        "model": "vit-conv",
        "overrides": SIZES,
        "data": str(tiny_npz),
        "batch_size": 6,
        "lr": 3e-3,
        "test_each_epoch": False,
    }


def refused(capsys, words: str, *given: object) -> None:
    assert train.main([str(word) for word in given]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("python -m vit_explorer.train: ")
    assert shown.err.count("\n") == 1
    assert words in shown.err
    assert shown.out == ""


def test_what_cannot_be_done_is_said_in_one_line_and_leaves_no_folder(tiny_npz, tmp_path, capsys, elsewhere):
    run = ("--run", tmp_path / "run")
    refused(capsys, "no dataset at 'nowhere'", "--data", "nowhere", *run)
    refused(capsys, "no file nowhere.npz", "--data", "nowhere.npz", *run)
    refused(capsys, "CIFAR-10 was not found in data", *run)
    refused(capsys, "CIFAR-10 was not found in here, data", "--root", "here", *run)
    refused(capsys, "epochs must lie between 1 and 10000, not 0", "--data", tiny_npz, "--epochs", 0, *run)
    refused(capsys, "lr must lie between", "--data", tiny_npz, "--lr", "nan", *run)
    refused(capsys, "subset of 100 pictures cannot be taken from 24", "--data", tiny_npz, "--subset", 100, *run)
    refused(capsys, "--set takes OPTION=VALUE, not 'd_model'", "--data", tiny_npz, "--set", "d_model", *run)
    refused(capsys, "3 heads cannot share 128", "--data", tiny_npz, "--set", "n_heads=3", *run)
    refused(capsys, "8 pixels cannot be cut into patches of 5", "--data", tiny_npz, "--set", "patch_size=5", *run)
    refused(capsys, "colour", "--data", tiny_npz, "--set", "colour=red", *run)
    refused(capsys, "-128", "--data", tiny_npz, "--set", "d_model=-128", *run)
    refused(capsys, "device 'nonsense' cannot be used here", "--data", tiny_npz, "--device", "nonsense", *run)
    refused(capsys, "recipe.json", "--resume", tmp_path / "none")
    refused(capsys, "cannot hold a run", *arguments(tiny_npz, "--run", tiny_npz / "below"))
    assert not (tmp_path / "run").exists()
    assert list(elsewhere.iterdir()) == []


def test_a_run_is_not_written_over(tiny_npz, tmp_path, capsys):
    assert train.main(arguments(tiny_npz, "--epochs", 1, "--run", tmp_path / "run")) == 0
    events = (tmp_path / "run" / "events.jsonl").read_bytes()
    capsys.readouterr()
    refused(capsys, "already holds a run", *arguments(tiny_npz, "--epochs", 1, "--run", tmp_path / "run"))
    assert (tmp_path / "run" / "events.jsonl").read_bytes() == events


def test_a_damaged_state_is_said(tiny_npz, tmp_path, capsys):
    assert train.main(arguments(tiny_npz, "--epochs", 1, "--run", tmp_path / "run")) == 0
    (tmp_path / "run" / "last.pt").write_bytes(b"")
    capsys.readouterr()
    refused(capsys, "last.pt is damaged", "--resume", tmp_path / "run")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("--model vgg", "invalid choice: 'vgg'"),
        ("--optimizer sgd", "invalid choice: 'sgd'"),
        ("--epochs few", "invalid int value: 'few'"),
        ("--colour red", "unrecognized arguments: --colour red"),
    ],
)
def test_what_argparse_refuses(capsys, words, sentence):
    with pytest.raises(SystemExit) as caught:
        train.main(words.split())
    assert caught.value.code == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("python -m vit_explorer.train: error: ")
    assert sentence in last


def test_help_shows_ranges_and_defaults(capsys):
    with pytest.raises(SystemExit) as caught:
        train.main(["--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "1e-07 to 10 (default: 0.001)" in text


def test_download_that_fails_is_said_in_one_line(capsys, monkeypatch):
    import socket

    from torchvision.datasets import CIFAR10

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setattr(CIFAR10, "url", f"http://127.0.0.1:{unused.getsockname()[1]}/cifar.tar.gz")
        refused(capsys, "CIFAR-10 could not be downloaded into data", "--download")


def test_options_of_a_model_are_read_as_numbers_where_they_are():
    assert train._option("d_ff=24") == ("d_ff", 24)
    assert train._option("share=0.5") == ("share", 0.5)
    assert train._option("pooling=mean") == ("pooling", "mean")
    assert train._option("name=a=b") == ("name", "a=b")


def test_kept_snapshots_are_small(tiny_npz, tmp_path):
    more = ("--epochs", 2, "--run", tmp_path / "run", "--keep", "mine", "--keep-in", tmp_path)
    assert train.main(arguments(tiny_npz, *more)) == 0
    with np.load(tmp_path / "mine.positions.npz") as kept:
        assert kept["positions"].dtype == np.float16
        assert kept["positions"].shape == (len(kept["epochs"]), 5, 16)
