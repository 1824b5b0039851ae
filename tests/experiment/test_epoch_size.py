import pytest
from probeline.data.samplers import Windows
from probeline.data.store import open_dataset
from probeline.errors import UserError
from probeline.execution.planning.plan import make
from probeline.execution.planning.training_budget import of_plan, text
from probeline.experiment.epoch_size import EpochSize, TrainSize, epoch_size
from probeline.experiment.load import load
from probeline.experiment.resolved import ResolvedComponent

TEXT = """
name: texts
question: "?"
base:
  data: {{name: text, path: {path}, documents: file, tokenizer: bytes}}
  encoder: {{name: transformer, width: 16, depth: 1, heads: 2, context: 8, causal: true}}
  method: {{name: gpt, windows: {windows}}}
  training: {{epochs: 3, batch_size: 8}}
  evaluation: [perplexity]
"""


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ({"name": "simclr"}, EpochSize(100)),
        ({"name": "siamese", "pairs": 30, "list": None}, EpochSize(30)),
        ({"name": "siamese", "pairs": None, "list": None}, EpochSize(100)),
        ({"name": "siamese", "pairs": None, "list": "skilled"}, None),
        ({"name": "gpt", "windows": "documents", "context": None}, EpochSize(100)),
        ({"name": "gpt", "windows": "packed", "context": None}, EpochSize(500, exact=False)),
        ({"name": "gpt", "windows": "packed", "context": 20}, EpochSize(200, exact=False)),
    ],
)
def test_an_epoch_is_of_samples_pairs_or_windows(method, expected):
    encoder = ResolvedComponent("transformer", {"context": 8})
    assert epoch_size(ResolvedComponent.from_dict(method), encoder, TrainSize(100, 4000)) == expected


def test_windows_of_an_encoder_whose_own_files_hold_its_context_are_not_guessed():
    gpt = ResolvedComponent("gpt", {"windows": "packed", "context": None})
    assert epoch_size(gpt, ResolvedComponent("hf", {}), TrainSize(100, 4000)) is None


def test_a_few_long_texts_fill_batches_of_windows(tmp_path, uri):
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.txt").write_text("To be, or not to be, that is the question. " * 40)
    spec = tmp_path / "spec.yaml"
    spec.write_text(TEXT.format(path=tmp_path, windows="packed"))
    plan = make(load(spec), uri)
    (budget,) = of_plan(plan, [])
    (trial,) = plan.trials
    assert plan.train_size(trial) < 8
    data = open_dataset(trial.cell.recipe.data.as_dict())
    length = trial.cell.recipe.encoder.parameters["context"] + 1  # gpt's windows hold the token that is predicted last
    steps = 3 * Windows(data.train.inputs.lengths, length).steps(8)
    assert steps <= budget.updates <= 1.2 * steps
    assert (budget.samples, budget.exact) == (8 * budget.updates, False)
    assert f"about {budget.updates:,} updates, {budget.samples:,} windows" in text([budget])[1]


def test_documents_one_a_window_are_too_few_for_a_batch(tmp_path, uri):
    for name in ("a", "b", "c", "d"):
        (tmp_path / f"{name}.txt").write_text("To be, or not to be, that is the question. " * 40)
    spec = tmp_path / "spec.yaml"
    spec.write_text(TEXT.format(path=tmp_path, windows="documents"))
    with pytest.raises(UserError, match=r"spec.yaml:8 base.training.batch_size: got 8; the training set of text has"):
        make(load(spec), uri)


def test_a_siamese_epoch_counts_pairs(tmp_path, uri):
    spec = tmp_path / "spec.yaml"
    spec.write_text(
        'name: pairs\nquestion: "?"\nbase: {data: digits, encoder: convnet, method: {name: siamese, pairs: 64},\n'
        "  training: {epochs: 3, batch_size: 32}, evaluation: [verification]}\n"
    )
    (budget,) = of_plan(make(load(spec), uri), [])
    assert (budget.updates, budget.samples) == (6, 192)
    spec.write_text(spec.read_text().replace("pairs: 64", "pairs: 16"))
    with pytest.raises(UserError, match=r"an epoch of siamese has 16 pairs; allowed: at most 16"):
        make(load(spec), uri)
