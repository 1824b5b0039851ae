import pytest
import torch
from helpers.training_loops import Stop, trainer, values, weights
from probeline.core.events import Note, Record
from probeline.errors import Diverged
from probeline.training.checkpoints import Checkpoint


def test_the_same_seed_gives_the_same_numbers_to_the_bit(tmp_path):
    first, second = trainer(), trainer()
    assert values(first.run(Checkpoint(tmp_path / "a"))) == values(second.run(Checkpoint(tmp_path / "b")))
    assert torch.equal(weights(first), weights(second))
    assert not torch.equal(weights(first), weights(trainer(seed=1)))


@pytest.mark.parametrize("stop", [1, 4, 5, 6, 11])
@pytest.mark.parametrize("optimizer", ["sgd", "lars", "adamw"])
def test_a_resumed_training_gives_the_numbers_of_an_uninterrupted_one(tmp_path, monkeypatch, stop, optimizer):
    """Stopped within an update, after every possible kind of position; every step had saved."""
    whole = trainer(optimizer=optimizer)
    expected = values(whole.run(Checkpoint(tmp_path / "whole")))

    broken, steps = trainer(optimizer=optimizer), 0
    update = broken._update

    def update_until_stop(batch):
        nonlocal steps
        if steps == stop:
            raise Stop
        steps += 1
        return update(batch)

    monkeypatch.setattr(broken, "_update", update_until_stop)
    with pytest.raises(Stop):
        list(broken.run(Checkpoint(tmp_path / "a", seconds=0)))

    torch.manual_seed(123)
    resumed = trainer(optimizer=optimizer)
    note, *records = resumed.run(Checkpoint(tmp_path / "a", seconds=0))
    assert note == Note("resumed", f"after {stop / 5:g} of 3 epochs")
    assert values(records) == expected
    assert torch.equal(weights(resumed), weights(whole))
    assert resumed.progress.samples == 3 * 40


def test_one_that_is_closed_between_epochs_keeps_what_is_done(tmp_path):
    run = trainer().run(Checkpoint(tmp_path / "a"))
    first = next(run)
    run.close()
    facts = Checkpoint(tmp_path / "a").load()[1]
    assert facts["epoch"] == 1
    assert facts["records"][0] == first.as_dict()


def test_a_training_says_each_time_that_it_was_resumed_and_nothing_of_it_when_it_starts_over(tmp_path):
    for epochs in (1, 2):
        run = trainer().run(Checkpoint(tmp_path / "a"))
        next(said for said in run if isinstance(said, Record) and said.step == epochs)
        run.close()
    last = trainer()
    first, *_ = last.run(Checkpoint(tmp_path / "a"))
    assert [first] == last.remarks() == [Note("resumed", "after 1, 2 of 3 epochs")]
    Checkpoint(tmp_path / "a").remove()
    over = trainer()
    assert not [said for said in over.run(Checkpoint(tmp_path / "a")) if isinstance(said, Note)] + over.remarks()


def test_the_online_probe_learns_and_never_touches_the_encoder(tmp_path):
    with_probe, without = trainer(), trainer(online_probe=False)
    seen = [record.name for record in with_probe.run(Checkpoint(tmp_path / "a"))]
    list(without.run(Checkpoint(tmp_path / "b")))
    assert "online_probe/top1" in seen
    assert torch.equal(weights(with_probe), weights(without))


def test_a_loss_that_is_not_finite_ends_the_training_by_name(tmp_path):
    exploding = trainer(lr=1e30, warmup_epochs=0)
    with pytest.raises(Diverged, match="not finite at epoch 1, step 5"):
        list(exploding.run(Checkpoint(tmp_path / "a")))


def test_an_epoch_says_its_mean_loss_and_last_rate(tmp_path):
    said = list(trainer(schedule="constant").run(Checkpoint(tmp_path / "a")))
    assert [record.step for record in said if record.name == "train/loss"] == [1, 2, 3]
    assert [record.value for record in said if record.name == "train/lr"] == [0.1, 0.1, 0.1]


def test_bfloat16_rounds_the_loss_and_no_more(tmp_path):
    """At rate 0, as eight samples and batch norm make what follows an update chaotic."""
    said = list(trainer(precision="bf16", lr=0).run(Checkpoint(tmp_path / "a")))
    full = list(trainer(lr=0).run(Checkpoint(tmp_path / "b")))
    assert said[0].name == "train/loss"
    assert said[0].value == pytest.approx(full[0].value, rel=0.03)
    assert said[0].value != full[0].value
