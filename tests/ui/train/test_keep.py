"""A contender that has come to its end is kept while the rest of its race still trains, undisturbed by that."""

import pytest
import torch

from tests.training.racing import first_difference, written
from tests.ui.train.visits import MINE
from vit_explorer.data.sources import open_dataset
from vit_explorer.models.checkpoint import load_checkpoint
from vit_explorer.training.loop.events import Finished
from vit_explorer.training.runs.race import Race, owner_of
from vit_explorer.training.runs.runner import Runner


@pytest.fixture
def race(visit) -> Race:
    """The finished one once more, from its beginning."""
    return Race.create(visit.service.runs_folder, visit.race.recipes(), title="Again", owner=owner_of(MINE))


def test_who_has_finished_is_kept_while_another_trains(visit, race):
    with Runner(race, lambda recipe: open_dataset(recipe.data)) as runner:
        events = runner.events()
        ended = next(label for label, event in events if isinstance(event, Finished))
        (other,) = race.runs.keys() - {ended}
        assert race.ends()[other] is None and race.runs[other].busy()
        assert visit.ask("keep", race=race.name, label=ended, name="early") == {"model": "early"}
        for _ in events:
            pass
    assert race.finished()
    assert first_difference(race, written(visit.race)) is None
    weights = race.runs[ended].peek_state()["model"]
    kept = load_checkpoint("early", [visit.service.runs_folder / "exported"])
    for name, value in kept.model.state_dict().items():
        torch.testing.assert_close(value, weights[name])
    test_accuracy = race.runs[ended].events()[-1].test_accuracy
    assert kept.card["test_accuracy"] == pytest.approx(test_accuracy)
