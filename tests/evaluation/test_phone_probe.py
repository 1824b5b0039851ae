import pytest
from helpers.speech import PHONES, heard, speech
from helpers.subjects import judged, protocol, values
from probeline.core.events import Artifact
from probeline.errors import NotApplicable


def evaluated(folder, encoder: dict | None = None, **settings) -> dict:
    data = heard(encoder or {"name": "log_mel"}).evaluation_data()
    return values(protocol("phone_probe", **settings).evaluate(data, folder))


def test_log_mel_tells_tones_apart(tmp_path) -> None:
    results = evaluated(tmp_path, hidden=16)
    assert results["top1"] > 0.85
    assert results["mlp/top1"] > results["guess"] + 0.2
    assert {f"top1/{phone}" for phone in PHONES} <= set(results)
    assert 0.3 < results["guess"] < 0.6
    assert 0 < results["standard_error"] < 0.05 and 0 < results["mlp/standard_error"] < 0.1


def test_training_frames_are_as_many_as_asked_for(tmp_path) -> None:
    assert evaluated(tmp_path, frames=50)["frames"] == 50


def test_a_layer_can_be_judged_and_one_that_is_not_there_says_so(tmp_path) -> None:
    encoder = {"name": "wave_conv", "width": 8, "context_width": 4}
    assert 0 < evaluated(tmp_path, encoder, layer=0)["top1"] <= 1
    with pytest.raises(NotApplicable, match="layer 5: the encoder gives 2 layers, 0 to 1"):
        evaluated(tmp_path, encoder, layer=5)


def test_the_confusion_matrix_has_the_phones(tmp_path) -> None:
    data = heard({"name": "log_mel"}).evaluation_data()
    (artifact,) = [each for each in protocol("phone_probe").evaluate(data, tmp_path) if isinstance(each, Artifact)]
    assert artifact.path.read_text().splitlines()[0].endswith("AA,IY,SIL")


def test_the_test_phones_are_read_once(tmp_path) -> None:
    data = heard({"name": "log_mel"}).evaluation_data()
    assert data.segments("test", "phones").labels is None
    values(protocol("phone_probe").evaluate(data, tmp_path))
    with pytest.raises(RuntimeError, match="read already"):
        data.test.reveal("phones")


def test_data_without_phones_are_refused_with_what_there_is(tmp_path) -> None:
    with pytest.raises(NotApplicable, match="it needs segments 'phones'; the data have none"):
        list(protocol("phone_probe").evaluate(judged(), tmp_path))
    data = heard({"name": "log_mel"}, speech()).evaluation_data()
    with pytest.raises(NotApplicable, match="it needs segments 'words'; the data have phones"):
        list(protocol("phone_probe", segments="words").evaluate(data, tmp_path))
