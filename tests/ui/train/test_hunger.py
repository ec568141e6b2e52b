"""The hunger for data in the Train tab: what is shown of a sweep, a point of one's own, and what must not be mixed."""

from __future__ import annotations

import base64
import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ui.train.visits import MINE, QuietService
from vit_explorer.training.loop.events import Finished
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.race import Race, owner_of
from vit_explorer.training.studies.data_scaling import scaling_recipe
from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.train.hunger import describe_hunger, export_hunger
from vit_explorer.ui.train.tab import race_functions

UPDATES = 2  # of every run: so that an own point is trained in a blink
ACCURACIES = {("cnn", 50): (0.5, 0.7), ("cnn", 100): (0.8,), ("vit", 50): (0.4,)}


@dataclass(frozen=True)
class Visit:
    session: Session
    service: QuietService
    folder: Path  # of the checkpoints

    def ask(self, name: str, **request):
        curves = serve(self.session, self.service, hunger=describe_hunger, export=export_hunger)
        functions = [*curves, *race_functions(self.session, self.service)]
        return next(one for one in functions if one.__name__ == name)({"owner": MINE, **request})

    def results(self, data: str = "cifar10", runs: int = 4) -> None:
        """Let a checkpoint folder hold results."""
        points = [
            {
                "model": model, "size": size, "seed": seed, "images": 50 * UPDATES, "train_accuracy": 0.9,
                "test_accuracy": accuracy, "seconds": 10.0 * (seed + 1),
            }
            for (model, size), accuracies in ACCURACIES.items()
            for seed, accuracy in enumerate(accuracies)
        ]  # fmt: skip
        found = {"points": points, "runs": runs, "recipe": {"data": data}, "hardware": "a machine", "commit": "abc"}
        (self.folder / "sweeps").mkdir(parents=True)
        (self.folder / "sweeps" / "hunger.json").write_text(json.dumps(found))

    def race(self, recipe: Recipe, accuracy: float | None, preset: str | None = "hunger") -> Race:
        """A race of one, at its end where it has an accuracy."""
        race = Race.create(
            self.service.runs_folder, {"It": recipe}, title="A point", preset=preset, owner=owner_of(MINE)
        )
        if accuracy is not None:
            race.runs["It"].append(Finished(UPDATES, 50 * UPDATES, 1.5, None, accuracy))
        return race


@pytest.fixture
def visit(tmp_path: Path) -> Visit:
    session = Session(tmp_path, [tmp_path / "none", tmp_path / "weights"])  # no CIFAR-10 in it
    return Visit(session, QuietService(tmp_path / "runs"), tmp_path / "weights")


@pytest.fixture(autouse=True)
def no_cifar10(monkeypatch, tmp_path):
    monkeypatch.delenv("VIT_EXPLORER_DATA", raising=False)
    monkeypatch.chdir(tmp_path)


def point(model: str = "cnn", size: int = 50, seed: int = 5, **fields) -> Recipe:
    return scaling_recipe(model, size, seed, UPDATES, **fields)


def start(visit: Visit, **changes) -> dict:
    return visit.ask("run_point", **{"kind": "cnn", "data": "shapes", "size": 100, "seed": 3, **changes})


def words(visit: Visit) -> list[str]:
    return [one["words"] for one in visit.ask("hunger")["own"]]


# --- the curves ---


def test_curves_hold_means_spread_and_every_run(visit):
    visit.results()
    cnn, vit = visit.ask("hunger")["curves"]
    assert (cnn["kind"], cnn["label"], vit["label"]) == ("cnn", "CNN", "ViT")
    few, more = cnn["points"]
    assert (few["size"], few["passes"], few["seeds"], few["runs"]) == (50, 2, 2, [0.5, 0.7])
    assert few["mean"] == pytest.approx(0.6) and few["spread"] == pytest.approx(0.1414, abs=1e-4)
    assert few["seconds"] == 15 and (more["passes"], more["spread"], more["seeds"]) == (1, 0, 1)


def test_what_is_missing_is_said(visit):
    empty = visit.ask("hunger")
    assert "no results of the sweep here yet" in empty["told"] and empty["curves"] == [] and empty["made"] is None
    assert [one["agrees"] for one in empty["expectations"]] == [None] * 5
    assert empty["choice"]["updates"] == 1_000 and empty["choice"]["seed"] == 0
    visit.results(runs=35)
    part = visit.ask("hunger")
    assert part["told"].startswith("4 of the sweep's 35 runs") and part["made"].startswith(
        "4 of 35 runs so far on cifar10"
    )


def test_whole_results_need_no_excuse(visit):
    visit.results(runs=4)
    shown = visit.ask("hunger")
    assert shown["told"] is None and shown["made"] == "4 runs on cifar10; a machine; commit abc."
    assert f"{UPDATES} updates of 50 pictures" in shown["settings"]
    assert shown["expectations"][0]["agrees"] is True and shown["expectations"][1]["agrees"] is None


def test_the_choice_is_bounded_by_the_data_and_the_updates(visit):
    visit.results()
    choice = visit.ask("hunger")["choice"]
    assert [one["kind"] for one in choice["kinds"]] == ["cnn", "vit", "vit-conv", "hybrid"]
    assert choice["data"] == [{"name": "shapes", "words": "the drawn shapes", "sizes": [50, 100]}]
    assert choice["seed"] == 2 and "DeiT has no point" in choice["without"]


# --- a point of one's own ---


def test_a_point_is_a_race_of_one_by_the_recipe_of_the_sweep(visit):
    visit.results()
    name = start(visit)["race"]
    assert visit.service.handed_in == [name]
    race = Race.open(visit.service.runs_folder, name)
    (recipe,) = race.recipes().values()
    wanted = scaling_recipe("cnn", 100, 3, UPDATES, data="shapes", device=recipe.device, precision=recipe.precision)
    assert recipe == wanted and race.preset == "hunger" and race.owned_by(MINE)
    assert list(race.runs) == ["CNN"] and race.title == "CNN on 100 of shapes, seed 3"
    (own,) = visit.ask("hunger")["own"]
    assert (own["accuracy"], own["drawn"], own["race"]) == (None, False, name) and "no result yet" in own["words"]


def test_without_results_a_point_makes_as_many_updates_as_the_sweep_would(visit):
    race = Race.open(visit.service.runs_folder, start(visit, size=500)["race"])
    assert race.recipes()["CNN"].epochs == 100


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"kind": "deit"}, "A point can be of cnn, vit, vit-conv, hybrid, not of 'deit'."),
        ({"size": 10_050}, "The number of pictures must be 50 to 10,000, not 10050."),
        ({"size": 150}, "2 updates are no whole epochs of 150 pictures: take a multiple of 3."),
        ({"seed": -1}, "The seed must be 0 to 2,147,483,647, not -1."),
        ({"seed": "1"}, "Seed must be a whole number, not 1."),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence(visit, wrong, said):
    visit.results()
    assert start(visit, **wrong) == {"error": said}
    assert visit.ask("hunger")["own"] == []


@pytest.mark.parametrize(
    ("size", "accuracy", "said"),
    [
        (
            50,
            0.65,
            "CNN, 50 pictures, seed 5: 65.0 % on the whole test split, 5.0 points above the curve there (60.0 %).",
        ),
        (
            100,
            0.79,
            "CNN, 100 pictures, seed 5: 79.0 % on the whole test split, 1.0 points below the curve there (80.0 %).",
        ),
        (100, 0.8001, "CNN, 100 pictures, seed 5: 80.0 % on the whole test split, as the curve there (80.0 %)."),
    ],
)
def test_a_finished_point_is_drawn_with_its_distance_to_the_curve(visit, size, accuracy, said):
    visit.results()
    visit.race(point(size=size), accuracy)
    (own,) = visit.ask("hunger")["own"]
    assert own["drawn"] and own["accuracy"] == accuracy and own["words"] == said


def test_a_point_beside_no_curve_is_drawn_and_says_so(visit):
    visit.results()
    visit.race(point("hybrid"), 0.5)
    (own,) = visit.ask("hunger")["own"]
    assert own["drawn"] and own["words"].endswith("The curve has no point there to compare it with.")


def test_a_point_on_other_pictures_is_not_drawn_and_shows_no_path(visit, tmp_path):
    visit.results()
    visit.race(point(data="shapes"), 0.99)
    visit.race(point(data=str(tmp_path / "mine.npz")), 0.9)
    own = visit.ask("hunger")["own"]
    assert not any(one["drawn"] for one in own) and str(tmp_path) not in str(own)
    assert words(visit) == [
        f"CNN, 50 pictures, seed 5: {share} % on the whole test split of {data}. Not drawn: the curves are of "
        "CIFAR-10, and accuracies on other pictures cannot be compared."
        for share, data in (("90.0", "mine"), ("99.0", "the drawn shapes"))
    ]


def test_results_of_other_pictures_have_their_own_points(visit):
    visit.results(data="shapes")
    visit.race(point(data="shapes"), 0.6)
    visit.race(point(data="cifar10"), 0.6)
    assert sorted(one["drawn"] for one in visit.ask("hunger")["own"]) == [False, True]


def test_a_point_whose_recipe_was_changed_is_not_drawn(visit):
    visit.results()
    race = visit.race(point(), 0.6)
    race.runs["It"].save_recipe(point().with_lr_change(1, 0.5))
    (own,) = visit.ask("hunger")["own"]
    assert not own["drawn"] and "its learning rate are not those of the sweep" in own["words"]


def test_races_of_another_kind_are_no_points(visit):
    visit.results()
    visit.race(point(), 0.6, preset="vit-cnn")
    visit.race(point(), 0.6, preset=None)
    assert visit.ask("hunger")["own"] == []


# --- files ---


def test_the_csv_holds_every_run_of_the_sweep_and_ones_own(visit):
    visit.results()
    visit.race(point(), 0.65)
    visit.race(point(size=100), None)
    answer = visit.ask("export", format="csv")
    assert (answer["filename"], answer["mime"]) == ("hunger.csv", "text/csv")
    rows = list(csv.DictReader(io.StringIO(base64.b64decode(answer["data"]).decode("utf-8-sig"))))
    assert [(row["of"], row["model"], row["pictures"], row["test_accuracy"]) for row in rows] == [
        ("sweep", "cnn", "50", "0.5"),
        ("sweep", "cnn", "50", "0.7"),
        ("sweep", "cnn", "100", "0.8"),
        ("sweep", "vit", "50", "0.4"),
        ("own", "cnn", "50", "0.65"),
    ]
    assert {row["data"] for row in rows} == {"cifar10"} and rows[4]["seed"] == "5" and rows[1]["seconds"] == "20.0"
    assert {row["drawn"] for row in rows} == {"yes"}


def test_the_csv_marks_runs_that_do_not_compare(visit):
    visit.results(data="shapes")
    visit.race(point(), 0.65)
    rows = list(
        csv.DictReader(io.StringIO(base64.b64decode(visit.ask("export", format="csv")["data"]).decode("utf-8-sig")))
    )
    assert [row["drawn"] for row in rows] == [*["yes"] * 4, "no"]


@pytest.mark.parametrize(("format", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_the_figure_is_what_its_name_says(visit, format, magic):
    assert visit.ask("export", format=format) == {"error": "There is no run to draw yet."}
    visit.race(scaling_recipe("vit", 500), 0.2)
    assert base64.b64decode(visit.ask("export", format=format)["data"]).startswith(magic)  # of one's own point alone
    visit.results()
    assert base64.b64decode(visit.ask("export", format=format)["data"]).startswith(magic)


def test_other_files_there_are_none(visit):
    assert "not 'exe'" in visit.ask("export", format="exe")["error"]


@pytest.mark.parametrize("text", ["{", '{"note": 1}', "[1]", '{"points": [{"model": 3}]}', None])
def test_damaged_results_are_a_sentence_and_the_rest_works(visit, text):
    path = visit.folder / "sweeps" / "hunger.json"
    path.parent.mkdir(parents=True)
    path.mkdir() if text is None else path.write_text(text)
    view = visit.ask("hunger")
    assert str(path) in view["told"] and "cannot be read" in view["told"] and "\n" not in view["told"]
    assert view["curves"] == [] and view["choice"]["data"]


def test_a_point_with_a_damaged_run_leaves_the_others(visit):
    visit.results()
    for seed in (3, 4):
        visit.ask("run_point", kind="vit", data="shapes", size=50, seed=seed)
    races = [Race.open(visit.service.runs_folder, name) for name in visit.service.handed_in]
    (run,) = races[0].runs.values()
    (run.path / "events.jsonl").write_text("{}\n")
    own = {point["seed"]: point["words"] for point in visit.ask("hunger")["own"]}
    assert str(run.path / "events.jsonl") in own[3] and "is damaged" in own[3] and "no result yet" in own[4]
