import pytest
import torch
from helpers.tiny_methods import batch, encoder, facts, views
from probeline.core.batch import Outputs, Views
from probeline.errors import NotApplicable
from probeline.methods.contrastive.exemplar import Config, Exemplar
from torch.nn import functional as F


def test_its_loss_is_the_cross_entropy_over_the_samples():
    method = Exemplar(Config(), encoder(), facts(train_size=3))
    h, index = torch.ones(2, 6), torch.tensor([2, 0])
    logits = h @ method.instances.weight.T + method.instances.bias
    expected = (torch.logsumexp(logits, 1) - logits[torch.arange(2), index]).mean()
    terms = method.loss(Outputs(h, h), Views(h, index=index))
    torch.testing.assert_close(terms["loss"], expected)
    assert terms["top1"] == (logits.argmax(1) == index).float().mean()


def test_only_samples_of_the_batch_are_positives_and_a_step_raises_their_share():
    method = Exemplar(Config(), encoder(), facts(train_size=40))
    given = batch(index=torch.tensor([3, 9, 17, 20, 31, 39]))
    made = views(method, given)
    before = method.loss(method(made), made)["loss"]
    optimizer = torch.optim.SGD(method.parameters(), lr=0.1)
    before.backward()
    optimizer.step()
    after = method.loss(method(made), made)["loss"]
    assert after < before
    assert F.softmax(method.instances(method(made).h), 1)[torch.arange(6), given.index].mean() > 1 / 40


def test_a_sample_it_was_not_trained_on_has_no_loss():
    method = Exemplar(Config(), encoder(), facts(train_size=3)).eval()
    made = views(method, batch(b=4))
    with pytest.raises(NotApplicable, match="3 samples it was trained on; sample 3"):
        method.loss(method(made), made)
