"""What the Train tab asks the server for: the lobby, a start, what is new of a race, and what remains of it."""

from __future__ import annotations

import base64
import csv
import io
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tests.files import save_npz
from tests.training.small import RECIPE
from vit_explorer.data.sources import Dataset, open_dataset
from vit_explorer.explain.positions import cosine_similarity
from vit_explorer.models import create_model, load_checkpoint, save_checkpoint
from vit_explorer.training import Trainer
from vit_explorer.training.loop.events import Epoch, Snapshot, Step
from vit_explorer.training.runs.card import describe_hardware
from vit_explorer.training.runs.pace import FILE, MeasuredPace, note_pace
from vit_explorer.training.runs.race import Race, owner_of
from vit_explorer.training.runs.runner import Runner
from vit_explorer.training.service.service import TrainingService
from vit_explorer.training.studies.presets import PRESETS, preset_recipes
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.train.tab import race_functions

MINE, YOURS = "my secret", "your secret"
PLAIN = replace(RECIPE, lr_changes=(), test_subset=None, probe=4)


class QuietService(TrainingService):
    """A service whose races are handed in and never trained: no process is started."""

    def submit(self, race: Race, until: str = "end") -> None:
        self.handed_in = [*getattr(self, "handed_in", []), race.name]


@dataclass(frozen=True)
class Visit:
    session: Session
    service: QuietService
    race: Race

    def ask(self, name: str, /, owner: str = MINE, **request):
        function = next(one for one in race_functions(self.session, self.service) if one.__name__ == name)
        return function({"owner": owner, **request})


@pytest.fixture(scope="module")
def recorded(tiny: Dataset, tmp_path_factory) -> Race:
    """A finished race of two models on own data, which lie beside it as tiny.npz."""
    root = tmp_path_factory.mktemp("recorded")
    data = save_npz(tiny, root / "tiny.npz")
    recipes = {
        "ViT": replace(PLAIN, data=str(data)),
        "CNN": replace(PLAIN, model="cnn", overrides={"widths": (4, 8)}, data=str(data)),
    }
    race = Race.create(root, recipes, title="Two on tiny", owner=owner_of(MINE))
    with Runner(race, lambda recipe: open_dataset(recipe.data)) as runner:
        list(runner.events())
    return race


@pytest.fixture
def visit(tmp_path: Path, recorded: Race) -> Visit:
    """A page with those data, and on its shelf a copy of that race."""
    runs = tmp_path / "runs"
    session = Session(tmp_path, [tmp_path / "weights", runs / "exported"], [recorded.path.parent / "tiny.npz"])
    race = Race.at(shutil.copytree(recorded.path, runs / recorded.name))
    return Visit(session, QuietService(runs), race)


def unpack(packed: dict) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(packed["data"]), packed["dtype"]).reshape(packed["shape"])
    return values * packed["scale"]


def contenders(visit: Visit, data: str = "tiny", preset: str = "vit-cnn", **changes) -> list[dict]:
    """As the page sends them: planned by the server, with some fields changed."""
    planned = visit.ask("planned", data=data, preset=preset, subset=None, epochs=2)["contenders"]
    return [{"label": one["label"], **one["recipe"], **changes} for one in planned]


def start(visit: Visit, chosen: list[dict], data: str = "tiny", probe: int = 0, title: str = "A race") -> dict:
    return visit.ask("start", data=data, preset="vit-cnn", probe=probe, title=title, contenders=chosen)


# --- the lobby ---


def test_the_lobby_offers_presets_models_data_and_ranges(visit):
    lobby = visit.ask("lobby")
    assert [preset["name"] for preset in lobby["presets"]] == list(PRESETS)
    assert all(preset["teaches"] for preset in lobby["presets"])
    assert {"vit", "vit-conv", "cnn", "vit positions=none"} <= {model["key"] for model in lobby["models"]}
    assert lobby["limits"]["epochs"] == [1, 10_000] and "epochs" in lobby["counts"]
    assert lobby["choices"]["optimizer"] == ["adam", "adamw", "muon"]
    shapes, tiny = lobby["datasets"][-2:]
    assert (shapes["name"], shapes["n_train"], len(shapes["probes"])) == ("shapes", 10_000, 12)
    assert len({probe["label"] for probe in shapes["probes"]}) == 10  # all classes
    assert (tiny["name"], tiny["n_train"], tiny["n_test"]) == ("tiny", 24, 9)
    split, names = visit.session.test_split("tiny")
    for probe in tiny["probes"]:
        image = Image.open(io.BytesIO(base64.b64decode(probe["image"].partition(",")[2])))
        assert (np.asarray(image) == split.x[probe["index"]].permute(1, 2, 0).numpy()).all()
        assert probe["label"] == names[int(split.y[probe["index"]])]


def test_the_lobby_lists_races_with_their_latest_accuracies(visit):
    (line,) = visit.ask("lobby")["races"]
    assert (line["name"], line["title"], line["state"], line["mine"]) == (
        visit.race.name,
        "Two on tiny",
        "finished",
        True,
    )
    for one in line["contenders"]:
        assert one["test_accuracy"] == visit.race.runs[one["label"]].events()[-1].test_accuracy
    assert visit.ask("lobby", owner=YOURS)["races"][0]["mine"] is False


def test_no_path_of_the_server_reaches_the_page(visit, tmp_path):
    answers = [visit.ask("lobby"), visit.ask("follow", race=visit.race.name, cursors={})]
    assert str(tmp_path.parent) not in str([{**answer, "problems": []} for answer in answers])


# --- a start ---


@pytest.mark.parametrize("preset", PRESETS)
def test_a_planned_preset_starts_as_the_preset_is(visit, preset):
    planned = visit.ask("planned", data="shapes", preset=preset, subset=None, epochs=None)["contenders"]
    chosen = [{"label": one["label"], **one["recipe"]} for one in planned]
    race = Race.open(visit.service.runs_folder, start(visit, chosen, data="shapes", probe=7)["race"])
    assert visit.service.handed_in == [race.name]
    expected = preset_recipes(preset, "shapes", subset=10_000, n_train=10_000, n_test=2_000, probe=7)
    assert race.recipes() == expected and list(race.runs) == list(expected)
    assert race.owned_by(MINE) and not race.owned_by(YOURS)


def test_changed_fields_are_in_the_recipe(visit):
    of_deit = {"rand_augment": 9, "erasing": 0.25, "mixup": 0.8, "cutmix": 1.0, "repeats": 3}
    chosen = contenders(visit, lr=0.01, augment="crop-flip", seed=5, batch_size=3, subset=12, **of_deit)
    race = Race.open(visit.service.runs_folder, start(visit, chosen, probe=8)["race"])
    recipe = race.recipes()["ViT"]
    assert (recipe.lr, recipe.augment, recipe.seed, recipe.batch_size, recipe.subset) == (0.01, "crop-flip", 5, 3, 12)
    assert (Path(recipe.data).name, recipe.probe, recipe.epochs) == ("tiny.npz", 8, 2)
    assert {field: getattr(recipe, field) for field in of_deit} == of_deit


def test_before_play_a_race_is_estimated_roughly_or_by_what_this_machine_measured(visit):
    asked = {"data": "tiny", "preset": "vit-cnn", "probe": 0, "title": "A race", "contenders": contenders(visit)}
    (visit.race.path / FILE).unlink()  # what its own training left
    rough = visit.ask("estimate", **asked)
    assert (rough["basis"], rough["at"]) == ("rough", None)
    assert min(rough["start"], rough["training"], rough["looks"]) > 0
    pace = MeasuredPace("vit", "cpu", describe_hardware("cpu"), 1e9, 0.5, 0.2, 1.0, 3.0, at=1_000.0)
    note_pace(visit.race.path, "ViT", pace)
    other = visit.ask("estimate", **asked)
    assert (other["basis"], other["at"], other["start"]) == ("other", 1_000.0, 6.0)  # the CNN's is not known
    note_pace(visit.race.path, "CNN", replace(pace, model="cnn", at=2_000.0))
    known = visit.ask("estimate", **asked)
    assert (known["basis"], known["at"]) == ("measured", 1_000.0)
    twice = [{**one, "epochs": 4} for one in asked["contenders"]]
    longer = visit.ask("estimate", **{**asked, "contenders": twice})
    assert longer["training"] == pytest.approx(2 * known["training"]) and longer["looks"] > known["looks"]
    assert "no model" in visit.ask("estimate", **{**asked, "contenders": [{**twice[0], "model": "?"}]})["error"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"epochs": 0}, "Epochs must lie between 1 and 10000, not 0."),
        ({"lr": 50}, "Lr must lie between 1e-07 and 10, not 50."),
        ({"lr": "fast"}, "Lr must lie between 1e-07 and 10, not fast."),
        ({"optimizer": "magic"}, "Optimizer must be one of adam, adamw, muon, not 'magic'."),
        ({"subset": 25}, "the training pictures must be 2 to 24 of tiny, not 25."),
        ({"subset": 1}, "the training pictures must be 2 to 24 of tiny, not 1."),
        ({"model": "vit d_model=9999"}, "There is no model 'vit d_model=9999'"),
        ({"repeats": 5}, "Repeats must divide the batch size 128"),
        ({"teacher": "cnn-cifar10"}, "CNN: there is no teacher 'cnn-cifar10' for tiny."),
        ({"teacher": "../secret"}, "CNN: there is no teacher '../secret' for tiny."),
        ({"start": "cnn-cifar10"}, "CNN: there is no model 'cnn-cifar10' of this kind and size"),
        ({"start": "../secret"}, "CNN: there is no model '../secret' of this kind and size"),
        ({"device": "cuda:7"}, "CNN: there is no device 'cuda:7' here: choose cpu."),
        ({"label": "../up"}, "cannot be the name of a contender"),
        ({"label": "ViT"}, "Two contenders are called 'ViT'"),
    ],
)
def test_what_cannot_be_is_refused_with_its_range(visit, changes, sentence):
    first, second = contenders(visit)
    answer = start(visit, [first, {**second, **changes}])
    assert sentence in answer["error"]
    assert len(visit.ask("lobby")["races"]) == 1


def test_other_refusals_of_a_start(visit):
    chosen = contenders(visit)
    assert "0 to 8, not 9" in start(visit, chosen, probe=9)["error"]
    assert "1 to 4 contenders, not 5" in start(visit, [{**chosen[0], "label": str(i)} for i in range(5)])["error"]
    assert "1 to 4 contenders, not 0" in start(visit, [])["error"]
    assert "A title has 1 to 80 characters" in start(visit, chosen, title=" ")["error"]
    assert "not of '/etc'" in start(visit, chosen, data="/etc")["error"]
    assert "needs at least" in visit.ask("planned", data="tiny", preset="data", subset=None, epochs=None)["error"]


def test_neither_paths_nor_sizes_are_a_visitors_choice(visit):
    sly = {"data": "/etc", "overrides": {"d_model": 8_192}, "snapshots": 200}
    chosen = [{**one, **sly} for one in contenders(visit)]
    recipe = Race.open(visit.service.runs_folder, start(visit, chosen)["race"]).recipes()["ViT"]
    plain = Race.open(visit.service.runs_folder, start(visit, contenders(visit))["race"]).recipes()["ViT"]
    assert recipe == plain


# --- following ---


def test_a_followed_race_is_told_once_and_whole(visit):
    whole = visit.ask("follow", race=visit.race.name, cursors={})
    assert (whole["state"], whole["title"], whole["mine"]) == ("finished", "Two on tiny", True)
    assert whole["setting"]["classes"] == ["dark", "grey", "light"]
    assert whole["setting"]["probe"]["index"] == 4
    for part in whole["contenders"]:
        events = visit.race.runs[part["label"]].events()
        steps = [event for event in events if isinstance(event, Step)]
        told = unpack(part["steps"])
        assert told[:, 0].tolist() == [step.step for step in steps]
        assert told[:, 4] == pytest.approx([step.running_accuracy for step in steps])
        looks = {e.step: e.test_accuracy for e in events if isinstance(e, Epoch | Snapshot)}
        assert {one["step"]: one["accuracy"] for one in part["tests"]} == looks
        assert part["anew"] and part["info"]["n_test"] == 9
        assert part["finished"]["test_accuracy"] == events[-1].test_accuracy
        assert part["words"].endswith(".")
    again = visit.ask("follow", race=visit.race.name, cursors={p["label"]: p["cursor"] for p in whole["contenders"]})
    assert again["setting"] is None
    for part in again["contenders"]:
        assert not part["anew"] and part["steps"] is None and part["tests"] == part["snapshots"] == []


def test_snapshots_hold_what_the_model_was(visit):
    vit, cnn = visit.ask("follow", race=visit.race.name, cursors={})["contenders"]
    events = [event for event in visit.race.runs["ViT"].events() if isinstance(event, Snapshot)]
    assert len(vit["snapshots"]) == len(events) == 5
    for told, event in zip(vit["snapshots"], events, strict=True):
        similarity = cosine_similarity(event.positions)[1:, 1:]  # without CLS
        assert unpack(told["positions"]["maps"]) == pytest.approx(similarity.reshape(2, 2, 2, 2).numpy(), abs=0.004)
        assert unpack(told["map"]) == pytest.approx(event.probe_map.numpy(), abs=float(event.probe_map.max()) / 500)
        assert (told["answer"], told["probability"]) == (event.probe_answer, event.probe_probability)
    assert all(told["positions"] is None for told in cnn["snapshots"])


def test_what_was_cut_back_comes_anew(visit):
    """As when a killed run goes on from its last state: the file is shorter than what was told of it."""
    whole = visit.ask("follow", race=visit.race.name, cursors={})
    path = visit.race.runs["ViT"].path / "events.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:9]))
    cursors = {part["label"]: part["cursor"] for part in whole["contenders"]}
    vit, cnn = visit.ask("follow", race=visit.race.name, cursors=cursors)["contenders"]
    assert vit["anew"] and not cnn["anew"]
    assert vit["cursor"] == path.stat().st_size


def test_a_large_grid_is_told_in_64_maps(visit):
    from vit_explorer.ui.train.payload import similarity_maps, snapshot_payload

    positions = torch.randn(1 + 20 * 12, 16, generator=torch.Generator().manual_seed(0))
    snapshot = Snapshot(1, 0.1, 1, 1.0, None, positions, torch.full((20, 12), 1 / 240), 0, 0.5)
    told = snapshot_payload(snapshot)["positions"]
    assert told["maps"]["shape"] == [8, 8, 20, 12] and told["of"] == 240
    similarity = cosine_similarity(positions)[1:, 1:]
    maps = similarity_maps(similarity, (20, 12))
    assert torch.equal(maps[0, 0].flatten(), similarity[0]) and torch.equal(maps[7, 7].flatten(), similarity[239])


def test_unknown_and_damaged_races_are_sentences(visit):
    assert "There is no race" in visit.ask("follow", race="../weights", cursors={})["error"]
    (visit.race.runs["CNN"].path / "events.jsonl").write_text("{}\n")
    assert "is damaged" in visit.ask("follow", race=visit.race.name, cursors={})["error"]
    (visit.race.path / "race.json").write_text("{")
    lobby = visit.ask("lobby")
    assert lobby["races"] == [] and "race.json cannot be read" in lobby["problems"][-1]


# --- the last word ---


def test_the_outcome_is_made_of_the_final_numbers(visit):
    outcome = visit.ask("follow", race=visit.race.name, cursors={})["outcome"]
    accuracies = {label: run.events()[-1].test_accuracy for label, run in visit.race.runs.items()}
    for label, accuracy in accuracies.items():
        assert f"{label} {100 * accuracy:.1f} %" in outcome["headline"]
    assert outcome["detail"].startswith("On 9 test pictures after 3 epochs on 18 pictures")


# --- commands and what remains ---


def test_only_the_starter_commands_renames_and_deletes(visit):
    name = visit.race.name
    for request in (
        lambda: visit.ask("command", owner=YOURS, race=name, do="stop"),
        lambda: visit.ask("rename", owner=YOURS, race=name, title="Mine now"),
        lambda: visit.ask("remove", owner=YOURS, race=name),
        lambda: visit.ask("keep", owner=YOURS, race=name, label="ViT", name="stolen"),
    ):
        assert "Only who started this race" in request()["error"]
    assert visit.ask("rename", race=name, title=" A  better name ") == {"title": "A better name"}
    assert visit.ask("lobby")["races"][0]["title"] == "A better name"
    assert visit.ask("remove", race=name) == {}
    assert visit.ask("lobby")["races"] == []


def test_commands_are_checked(visit):
    race = start(visit, contenders(visit))["race"]
    assert "between 0.01 and 100" in visit.ask("command", race=race, do="lr", factor=1e9)["error"]
    assert "not 'explode'" in visit.ask("command", race=race, do="explode")["error"]
    assert visit.ask("command", race=race, do="lr", factor=0.5)["state"] == "paused"  # submitted, never trained
    told = visit.ask("follow", race=race, cursors={})
    assert [part["lr_changes"] for part in told["contenders"]] == [[[0, 0.5]], [[0, 0.5]]]


def test_a_kept_model_is_one_of_the_page(visit):
    answer = visit.ask("keep", race=visit.race.name, label="ViT", name="my-tiny")
    assert answer == {"model": "my-tiny"}
    checkpoint = visit.session.checkpoint("my-tiny")
    assert checkpoint.card["test_accuracy"] == visit.race.runs["ViT"].events()[-1].test_accuracy
    assert checkpoint.class_names == ["dark", "grey", "light"]
    assert len(checkpoint.position_snapshots()[0]) == 5
    assert "my-tiny" in [one.name for one in visit.session.checkpoints()[0]]
    loaded = load_checkpoint("my-tiny", [visit.service.runs_folder / "exported"])
    state = visit.race.runs["ViT"].peek_state()
    assert torch.equal(loaded.model.pos_embedding, state["model"]["pos_embedding"])
    assert "already" in visit.ask("keep", race=visit.race.name, label="CNN", name="my-tiny")["error"]
    assert "small letters" in visit.ask("keep", race=visit.race.name, label="CNN", name="../out")["error"]


def test_a_model_of_the_page_is_a_start_for_its_own_kind(visit):
    options = {"img_size": 8, "n_classes": 3}
    names = {"name": "tiny", "classes": ["dark", "grey", "light"]}
    statistics = {"mean": [100.0] * 3, "std": [50.0] * 3}
    card = {"model": "cnn", "overrides": options, "dataset": names, "normalise": statistics}
    folder = visit.service.runs_folder / "exported"
    save_checkpoint(create_model("cnn", **options), card, "my-cnn", folder)
    found = {one["name"]: one["starts"] for one in visit.ask("lobby")["datasets"]}
    assert (found["tiny"], found["shapes"]) == ({"cnn": ("", "my-cnn")}, {})
    vit, cnn = contenders(visit)
    assert "no model 'my-cnn' of this kind" in start(visit, [{**vit, "start": "my-cnn"}])["error"]
    name = start(visit, [{**cnn, "start": "my-cnn"}])["race"]
    begun = Race.open(visit.service.runs_folder, name).recipes()["CNN"]
    assert Trainer(begun, open_dataset(begun.data)).start.facts["name"] == "my-cnn"
    (told,) = visit.ask("follow", race=name, cursors={})["contenders"]
    assert told["recipe"]["start"] == "my-cnn"  # without the folder


def test_damaged_cards_leave_the_lobby_whole(visit):
    folder = visit.service.runs_folder / "exported"
    folder.mkdir()
    for name, text in {"cut": "{", "other": '{"note": 1}', "list": "[1]", "._cut": "\x00\x05\x16\x07"}.items():
        (folder / f"{name}.json").write_text(text)
    (folder / "folder.json").mkdir()
    lobby = visit.ask("lobby")
    assert [one["name"] for one in lobby["races"]] == [visit.race.name]
    for name in ("cut", "other", "list", "folder"):
        assert sum(str(folder / f"{name}.json") in problem for problem in lobby["problems"]) == 1
    assert "._cut" not in str(lobby["problems"])
    assert start(visit, contenders(visit))["race"]


def test_a_race_whose_events_are_a_folder_is_a_sentence(visit):
    other = Race.at(shutil.copytree(visit.race.path, visit.service.runs_folder / "other"))
    path = visit.race.runs["CNN"].path / "events.jsonl"
    path.unlink()
    path.mkdir()
    lobby = visit.ask("lobby")
    assert [one["name"] for one in lobby["races"]] == [other.name]
    assert [str(path) in problem for problem in lobby["problems"]].count(True) == 1
    assert str(path) in visit.ask("follow", race=visit.race.name, cursors={})["error"]


def test_curves_are_exported_as_table_and_figure(visit):
    file = visit.ask("export", race=visit.race.name, format="csv", axis="epochs", **{"with": []})
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(file["data"]).decode("utf-8-sig"))))
    assert file["filename"] == f"{visit.race.name}.csv" and {row["run"] for row in rows} == {"ViT", "CNN"}
    for format, magic in (("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")):
        request = {"format": format, "axis": "seconds", "with": [visit.race.name]}
        assert base64.b64decode(visit.ask("export", race=visit.race.name, **request)["data"]).startswith(magic)
    refused = visit.ask("export", race=visit.race.name, format="exe", axis="epochs", **{"with": []})["error"]
    assert "csv, png, svg, pdf" in refused and "'exe'" in refused


def test_the_commands_repeat_the_runs(visit):
    from vit_explorer.training.runs.export import command_line

    told = visit.ask("commands", race=visit.race.name)["commands"]
    assert {one["label"]: one["command"] for one in told} == {
        label: command_line(recipe) for label, recipe in visit.race.recipes().items()
    }
