import pytest
from probeline.cli.catalog import listed_metrics
from probeline.errors import UserError


def test_every_metric_is_listed_with_its_direction_unit_and_title():
    lines = {line.split()[0]: line.split(maxsplit=3) for line in listed_metrics(None).text.splitlines()}
    assert lines["linear_probe/top1"][1:] == ["higher", "%", "linear probe top-1 accuracy"]
    assert lines["bits_per_dim/elbo"][1:] == ["lower", "bits", "bits per dim"]
    assert lines["knn/k"][1:] == ["none", "-", "neighbours of kNN"]
    assert {"train/loss", "train/kl_bits", "online_probe/top1", "cost/train_seconds", "fine_tune/<share>/top1"} <= set(
        lines
    )


def test_the_metrics_of_one_protocol_are_listed_alone():
    assert [line.split("/")[0] for line in listed_metrics("rankme").text.splitlines()] == ["rankme"] * 2
    assert listed_metrics("views").text == "views declares no metric"


def test_an_unknown_protocol_is_a_message_with_those_there_are():
    with pytest.raises(UserError, match="list metrics knnn: unknown; metrics are declared by abx, "):
        listed_metrics("knnn")
