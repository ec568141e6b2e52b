"""The two tokens of a DeiT: their heads make the answer, their maps are rows of its attention, and counts add up."""

import pytest
import torch
import torch.nn.functional as F

from vit_explorer.explain.distillation import Answers, answers_of, joined, two_tokens
from vit_explorer.explain.rollout import rollout
from vit_explorer.explain.trace import trace
from vit_explorer.models import create_model


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    made = create_model("deit", d_model=16, n_heads=2, n_layers=3, d_ff=24).eval()
    torch.nn.init.normal_(made.distillation_token)  # so that the two tokens differ from the start
    return made


@pytest.fixture(scope="module")
def inputs():
    return torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(1))


def test_the_mean_of_the_heads_is_the_answer(model, inputs):
    seen = two_tokens(model, inputs)
    assert torch.allclose(seen.heads.mean(dim=1), seen.logits, atol=1e-6)
    assert torch.allclose(seen.logits, model(inputs), atol=1e-5)
    for one, other in zip(seen.heads.unbind(dim=1), model.heads(inputs), strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_the_maps_are_rows_of_the_attention_and_of_the_rollout(model, inputs):
    seen, traced = two_tokens(model, inputs), trace(model, inputs)
    for found, weights in zip(seen.attention, traced.attention, strict=True):
        assert torch.equal(found[:, :, 0], weights[:, :, 0, 2:]) and torch.equal(found[:, :, 1], weights[:, :, 1, 2:])
    assert torch.equal(seen.rollout[:, 1], rollout(traced.attention, n_prefix=2)[:, 1, 2:])


def test_the_similarity_is_the_cosine_of_the_tokens_after_each_block(model, inputs):
    seen, traced = two_tokens(model, inputs), trace(model, inputs)
    assert seen.similarity.shape == (3, 4)
    for layer, hidden in enumerate(traced.hidden):
        assert torch.allclose(seen.similarity[:, layer], F.cosine_similarity(hidden[:, 0], hidden[:, 1]), atol=1e-6)


def test_one_picture_of_several_is_as_that_picture_alone(model, inputs):
    together, alone = two_tokens(model, inputs), two_tokens(model, inputs[1:2])
    assert torch.allclose(together.rollout[1], alone.rollout[0], atol=1e-6)
    assert torch.allclose(together.similarity[1], alone.similarity[0], atol=1e-6)


def test_a_model_without_the_token_is_refused(inputs):
    with pytest.raises(ValueError, match="a ViT has no distillation token"):
        two_tokens(create_model("vit"), inputs)


def test_answers_are_those_of_the_model_and_parts_are_joined_in_order(model, inputs):
    truth, taught = torch.tensor([0, 1, 2]), torch.randn(3, 10)
    whole = answers_of(model, inputs, truth, taught)
    cls, distillation = model.heads(inputs)
    assert torch.equal(whole.cls, cls.argmax(1)) and torch.equal(whole.distillation, distillation.argmax(1))
    assert torch.equal(whole.mean, model(inputs).argmax(1)) and torch.equal(whole.teacher, taught.argmax(1))
    parts = [answers_of(model, inputs[part], truth[part], taught[part]) for part in (slice(0, 2), slice(2, 3))]
    for name, given in joined(parts).given().items():
        assert torch.equal(given, whole.given()[name])
    assert joined([answers_of(model, inputs, truth, None)]).teacher is None


def test_counts_and_kinds_by_hand():
    #                        all right, CLS right, dist. right, both wrong apart, same mistake, teacher wrong
    told = Answers(
        truth=torch.tensor([0, 1, 2, 3, 4, 5]),
        cls=torch.tensor([0, 1, 0, 0, 9, 5]),
        distillation=torch.tensor([0, 0, 2, 1, 9, 5]),
        mean=torch.tensor([0, 0, 2, 1, 9, 5]),
        teacher=torch.tensor([0, 1, 2, 1, 9, 0]),
    )
    assert told.right() == {"cls": 3, "distillation": 3, "mean": 3, "teacher": 3}
    assert told.agree("cls", "distillation") == 3 and told.agree("distillation", "teacher") == 4
    assert told.agree("cls", "teacher") == 3
    assert {kind: found.nonzero().flatten().tolist() for kind, found in told.kinds().items()} == {
        "cls right": [1], "distillation right": [2], "neither right": [3],
        "teacher right": [1], "teacher wrong": [5], "same mistake": [3, 4],
    }  # fmt: skip
    alone = Answers(told.truth, told.cls, told.distillation, told.mean)
    assert set(alone.kinds()) == {"cls right", "distillation right", "neither right"} and "teacher" not in alone.right()
