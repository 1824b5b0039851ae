import math

import numpy as np
import pytest
import torch
from helpers.speech import heard, speech
from helpers.subjects import protocol, values
from probeline.core.lists import Segments
from probeline.errors import NotApplicable
from probeline.evaluation._edit_distance import edit_distance, error_rate
from probeline.evaluation.ctc import ctc_loss, greedy, spelt, words


@pytest.mark.parametrize(
    ("one", "other", "edits"),
    [("kitten", "sitting", 3), ("", "abc", 3), ("flaw", "lawn", 2), ("same", "same", 0), ("intention", "execution", 5)],
)
def test_edit_distances_are_the_known_ones(one: str, other: str, edits: int) -> None:
    assert edit_distance(one, other) == edit_distance(other, one) == edits


def test_the_error_rate_is_of_all_references_together_and_may_be_above_1() -> None:
    assert error_rate(["ab", "cdef"], ["ab", "cd"]) == pytest.approx(2 / 6)
    assert error_rate(["a"], ["xyz"]) == 3
    with pytest.raises(ValueError, match="no symbols"):
        error_rate([""], ["a"])


def test_greedy_decoding_drops_repetitions_blanks_and_padding() -> None:
    best = torch.tensor([[1, 1, 0, 1, 2, 2, 3], [0, 2, 2, 0, 0, 3, 3]])
    logits = torch.nn.functional.one_hot(best, 4).float()
    assert greedy(logits, torch.tensor([7, 4])) == [[1, 1, 2, 3], [2]]


def test_the_loss_of_two_frames_and_one_character_is_that_by_hand() -> None:
    share = torch.tensor([[0.4, 0.6], [0.7, 0.3]])
    probability = 0.6 * 0.3 + 0.6 * 0.7 + 0.4 * 0.3  # aa, a-, -a
    loss = ctc_loss(share.log()[None], torch.tensor([2]), [[1]])
    assert float(loss) == pytest.approx(-math.log(probability), rel=1e-5)


def test_characters_are_read_in_their_order_and_words_end_at_boundaries() -> None:
    rows, starts = np.array([2, 0, 0, 2, 2]), np.zeros(5, np.int64)
    assert spelt(Segments(rows, starts, starts + 9, np.array([4, 1, 0, 3, 2]))) == {0: [2, 1], 2: [5, 4, 3]}
    assert words([5, 1, 2, 3, 1, 1, 4], boundary=1) == [(5,), (2, 3), (4,)]


def test_tones_are_spelt_better_with_more_transcripts_and_the_rate_is_chosen_on_validation(tmp_path) -> None:
    data = heard({"name": "log_mel"}, speech(24, 6, 8)).evaluation_data()
    settings = {"fractions": [0.05, 1.0], "epochs": [1, 30], "least_steps": 2, "lr": [0.00001, 0.1]}
    results = values(protocol("ctc", segments="phones", **settings).evaluate(data, tmp_path))
    assert results["100pct/cer"] < 0.6 < results["5pct/cer"]
    assert (results["5pct/transcripts"], results["100pct/transcripts"]) == (1, 24)
    assert results["100pct/lr"] == 0.1 and "100pct/wer" not in results
    assert data.subject.method.encoder.training is False


def test_only_the_chosen_rates_model_reads_the_test_split(tmp_path) -> None:
    data, judged_clips = heard({"name": "log_mel"}, speech(8, 6, 7)).evaluation_data(), []
    data.subject.frames("validation")  # is kept

    def note(encoder, inputs) -> None:
        if not encoder.training:
            judged_clips.append(len(inputs[0]))

    data.subject.method.encoder.register_forward_pre_hook(note)  # copies of the encoder have it too
    settings = {"fractions": [0.5, 1.0], "epochs": [1, 1], "least_steps": 1, "lr": [0.00001, 0.01, 0.1]}
    list(protocol("ctc", segments="phones", **settings).evaluate(data, tmp_path))
    assert judged_clips == [6, 6, 6, 7] * 2, "of each fraction: validation for every rate, then the test once"


def test_data_without_transcripts_are_refused(tmp_path) -> None:
    with pytest.raises(NotApplicable, match="it needs segments 'characters'; the data have phones"):
        list(protocol("ctc").evaluate(heard({"name": "log_mel"}, speech(4, 2, 2)).evaluation_data(), tmp_path))
