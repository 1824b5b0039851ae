import numpy as np
import pytest
import torch
from helpers.datasets import dataset_of
from helpers.subjects import protocol, values
from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT, SEPARATOR, START
from probeline.errors import NotApplicable
from probeline.evaluation._fine_tuning import TunedModel, decayed, predicted
from probeline.experiment.components import resolve
from probeline.methods.floors import random_init
from probeline.methods.language import gpt
from probeline.models.build import build_encoder
from probeline.training.embeddings import evaluation_data

VOCABULARY = COUNT + 6
SAMPLE = SampleSpec("tokens", "int32", (None,), vocabulary=VOCABULARY, longest=12)
QUICK = {"fractions": [1.0], "epochs": [3], "least_steps": 0, "lr": [0.01], "batch_size": 8, "optimizer": "adamw"}


def texts(count, seed):
    """Texts of tokens of which the classes share none, 4 to 9 of them."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    words = [random.integers(COUNT + 3 * label, COUNT + 3 * label + 3, random.integers(4, 10)) for label in labels]
    return Split(Ragged.of([np.array([START, *each, SEPARATOR], np.int32) for each in words]), labels)


DATA = dataset_of(texts(32, 0), texts(12, 1), texts(16, 2), ("low", "high"), sample=SAMPLE)


def method(causal=True):
    torch.manual_seed(0)
    shape = {"name": "transformer", "width": 16, "depth": 2, "heads": 2, "causal": causal, "context": 12}
    encoder = build_encoder(shape | {"pool": "last"}, SAMPLE)
    if causal:
        return gpt.GPT(gpt.Config(), encoder, DATA.info)
    return random_init.RandomInit(random_init.Config(), encoder, DATA.info)


def tuned(start=None, **settings):
    data = evaluation_data(start or method(), DATA, torch.device("cpu"), 0)
    return values(protocol("fine_tune", **QUICK | settings).evaluate(data, None))


def test_text_is_learned_with_and_without_the_auxiliary_loss() -> None:
    without, with_loss = tuned(), tuned(auxiliary=0.5)
    assert without["100pct/top1"] == with_loss["100pct/top1"] == 1.0
    assert without["100pct/ece"] != with_loss["100pct/ece"]


def test_the_auxiliary_loss_is_that_of_the_language_model_on_the_same_texts() -> None:
    """The method reads a text without its last token; the encoder that is fine-tuned reads all of it."""
    model = TunedModel(method(), 2).eval()
    x = torch.from_numpy(np.stack([DATA.train.inputs.row(0)[:5], DATA.train.inputs.row(1)[:5]])).long()
    lengths = torch.tensor([5, 4])
    trained = model.method.loss(model.method(gpt.Views(x, lengths=lengths)), gpt.Views(x, lengths=lengths))["loss"]
    tuned_on = model.method.language_model_loss(model(x, lengths)[1], x, lengths)
    torch.testing.assert_close(tuned_on, trained)


def test_a_method_without_a_language_model_has_no_auxiliary_loss() -> None:
    with pytest.raises(NotApplicable, match="RandomInit predicts no next token"):
        tuned(method(causal=False), auxiliary=0.5)


def test_blocks_that_are_not_transferred_start_anew_and_the_others_stay() -> None:
    start = method()
    model = TunedModel(start, 2)
    model.transfer(1)
    before, after = start.encoder.state_dict(), model.method.encoder.state_dict()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed and all(name.startswith("trunk.blocks.1.") for name in changed)
    assert tuned(start, layers=2) == tuned(start) != tuned(start, layers=0)


def test_more_blocks_than_there_are_cannot_be_transferred() -> None:
    with pytest.raises(NotApplicable, match="layers 3: TokenTransformer has 2 blocks"):
        tuned(layers=3)


def test_the_rate_rises_and_falls_along_a_line() -> None:
    shares = [decayed(step, 10, 0.2, "linear") for step in range(11)]
    assert shares == pytest.approx([0.5, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125, 0.0])


def test_text_of_another_tokeniser_is_not_given_to_the_encoder(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "a.csv").write_text("text,label\n" + "one,x\ntwo,y\n" * 20)
    other = resolve("datasets", {"name": "text_table", "path": str(tmp_path / "a.csv")}).value
    data = evaluation_data(method(), DATA, torch.device("cpu"), 0)
    with pytest.raises(NotApplicable, match="text_table: its tokens are of another tokeniser"):
        list(protocol("transfer", data=[other]).evaluate(data, tmp_path))


def test_what_is_predicted_stands_in_the_order_of_the_rows_however_it_was_batched() -> None:
    subject = evaluation_data(method(), DATA, torch.device("cpu"), 0).subject
    model = TunedModel(subject.method, 2)
    torch.nn.init.normal_(model.head.weight)
    alike, in_order = (predicted(model, subject.batches("validation", 5, alike=each)) for each in (True, False))
    torch.testing.assert_close(alike, in_order, atol=1e-6, rtol=1e-5)
    order = torch.cat([batch.index for batch in subject.batches("validation", 5, alike=True)])
    assert order.tolist() != sorted(order.tolist())
