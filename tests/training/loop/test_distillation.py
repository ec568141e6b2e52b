"""Distillation: the losses by hand, whom gradients reach, and that the teacher is asked about the very pictures."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from tests.training.small import OVERRIDES, RECIPE
from vit_explorer.models import create_model, load_checkpoint, save_checkpoint
from vit_explorer.training.loop import start as start_module
from vit_explorer.training.loop.batches import BatchSource
from vit_explorer.training.loop.distillation import Teacher, distillation_loss, distilled_loss
from vit_explorer.training.loop.events import Finished
from vit_explorer.training.loop.trainer import Trainer

STUDENT = replace(RECIPE, model="deit", teacher="wise")


@pytest.fixture
def wise(tiny, tmp_path, monkeypatch):
    """A checkpoint for the pictures of "tiny", in the folder where teachers are looked for."""
    torch.manual_seed(0)
    options = {"img_size": tiny.img_size, "widths": (4, 8), "n_classes": len(tiny.names)}
    card = {
        "model": "cnn",
        "overrides": options,
        "dataset": {"name": "tiny", "classes": list(tiny.names)},
        "normalise": {"mean": [100.0, 110.0, 120.0], "std": [50.0, 60.0, 70.0]},
    }
    save_checkpoint(create_model("cnn", **options), card, "wise", tmp_path)
    monkeypatch.setattr(start_module, "MODEL_FOLDERS", (tmp_path,))
    return tmp_path


def test_hard_distillation_is_cross_entropy_with_the_teachers_answer():
    logits, taught = torch.randn(6, 4), torch.randn(6, 4)
    expected = -logits.log_softmax(1)[torch.arange(6), taught.argmax(1)].sum()
    assert torch.allclose(distillation_loss(logits, taught, STUDENT), expected)


def test_soft_distillation_is_the_divergence_at_a_temperature():
    logits, taught = torch.randn(6, 4), torch.randn(6, 4)
    recipe = replace(STUDENT, distillation="soft", temperature=2.0)
    there, here = (taught / 2).softmax(1), (logits / 2).softmax(1)
    expected = 4 * (there * (there.log() - here.log())).sum()
    assert torch.allclose(distillation_loss(logits, taught, recipe), expected, atol=1e-5)
    assert distillation_loss(taught, taught, recipe).abs() < 1e-5


def test_each_head_of_a_deit_learns_its_half():
    torch.manual_seed(0)
    network = create_model("deit", **OVERRIDES).train()
    inputs, labels, taught = torch.randn(5, 3, 32, 32), torch.tensor([0, 1, 2, 3, 4]), torch.randn(5, 10)
    loss, answer = distilled_loss(network, inputs, labels, taught, replace(STUDENT, label_smoothing=0.0))
    told, listened = network.heads(inputs)
    expected = F.cross_entropy(told, labels) + F.cross_entropy(listened, taught.argmax(1))  # means of five pictures
    assert torch.allclose(loss, 5 / 2 * expected, atol=1e-4) and torch.allclose(
        answer, (told + listened) / 2, atol=1e-5
    )
    (of_labels,) = torch.autograd.grad(loss, network.head.bias, retain_graph=True)
    (of_teacher,) = torch.autograd.grad(loss, network.distillation_head.bias)
    one_hot = F.one_hot(labels, 10).float()
    assert torch.allclose(of_labels, ((told.softmax(1) - one_hot) / 2).sum(0), atol=1e-5)
    assert torch.allclose(of_teacher, ((listened.softmax(1) - F.one_hot(taught.argmax(1), 10)) / 2).sum(0), atol=1e-5)


def test_a_network_of_one_head_learns_both_through_it():
    network = create_model("cnn", widths=(4, 8))
    inputs, labels, taught = torch.randn(5, 3, 32, 32), torch.tensor([0, 1, 2, 3, 4]), torch.randn(5, 10)
    loss, logits = distilled_loss(network, inputs, labels, taught, replace(STUDENT, label_smoothing=0.0))
    halves = F.cross_entropy(logits, labels) + F.cross_entropy(logits, taught.argmax(1))
    assert torch.allclose(loss, 5 / 2 * halves, atol=1e-5) and torch.equal(logits, network(inputs))


@pytest.mark.parametrize("augment", ["none", "crop-flip"])
def test_the_teacher_sees_the_pictures_of_the_batch(tiny, wise, augment):
    recipe = replace(STUDENT, augment=augment)
    source = BatchSource(tiny, recipe)
    teacher = Teacher(recipe, source, tiny.names)
    checkpoint = load_checkpoint("wise", [wise])
    for step in (0, 2):
        batch = source.batch(step)
        expected = checkpoint.model(checkpoint.preprocess(batch.images)).detach()
        assert torch.allclose(teacher.logits(batch, slice(0, len(batch.labels))), expected, atol=1e-4)
        assert torch.allclose(teacher.logits(batch, slice(1, 3)), expected[1:3], atol=1e-4)


def test_a_teacher_that_is_not_there_or_knows_something_else_is_refused(tiny, wise):
    source = BatchSource(tiny, STUDENT)
    with pytest.raises(ValueError, match="the teacher cannot be asked: There is no checkpoint 'nobody'"):
        Teacher(replace(STUDENT, teacher="nobody"), source, tiny.names)
    with pytest.raises(ValueError, match="trained for other classes"):
        Teacher(STUDENT, source, ("one", "two", "three"))


@pytest.mark.parametrize("distillation", ["hard", "soft"])
def test_a_student_trains_to_the_end_and_the_teacher_stays_as_it_was(tiny, wise, distillation):
    trainer = Trainer(replace(STUDENT, distillation=distillation), tiny)
    taught_by = trainer._stepper.teacher._network
    before = {name: value.clone() for name, value in taught_by.state_dict().items()}
    start = trainer.model.distillation_head.weight.detach().clone()
    assert isinstance([*trainer.events()][-1], Finished)
    assert not torch.equal(trainer.model.distillation_head.weight, start)
    assert all(
        torch.equal(before[name], value) for name, value in trainer._stepper.teacher._network.state_dict().items()
    )


def test_a_run_with_all_ingredients_goes_on_from_a_saved_state_as_if_nothing_had_happened(tiny, wise):
    recipe = replace(
        STUDENT, batch_size=6, rand_augment=9, erasing=0.25, mixup=0.8, cutmix=1.0, repeats=3,
        overrides=OVERRIDES | {"n_layers": 2, "stochastic_depth": 0.3},
    )  # fmt: skip
    whole, first = Trainer(recipe, tiny), Trainer(recipe, tiny)
    assert isinstance([*whole.events()][-1], Finished)
    for _ in zip(range(8), first.events(), strict=False):
        pass
    torch.manual_seed(99)  # what others draw is no business of the run
    second = Trainer(recipe, tiny, first.state())
    assert isinstance([*second.events()][-1], Finished)
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, second.model.state_dict()[name]), name
