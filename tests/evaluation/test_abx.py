from dataclasses import replace

import numpy as np
import pytest
from helpers.speech import heard, speech
from helpers.subjects import protocol, values
from probeline.core.lists import Segments
from probeline.errors import NotApplicable
from probeline.evaluation._phone_triplets import Tokens, Triplets, draw, neighbours


def tokens(rows: list[tuple[int, int, int]]) -> Tokens:
    """Of (phone, context, speaker), one frame each."""
    phones, contexts, speakers = np.array(rows).T
    starts = np.arange(len(rows))
    return Tokens(phones, contexts, speakers, starts, starts + 1)


def evaluated(folder, data=None, **settings) -> dict:
    given = heard({"name": "log_mel"}, data).evaluation_data()
    return values(protocol("abx", speaker="speaker", **settings).evaluate(given, folder))


def test_the_error_is_the_mean_over_pairs_of_phones_and_a_tie_counts_half() -> None:
    triplets = Triplets(*np.zeros((3, 4), np.int64), pairs=np.array([0, 0, 0, 1]))
    to_a, to_b = np.array([1.0, 3.0, 2.0, 1.0]), np.array([2.0, 1.0, 2.0, 5.0])
    assert triplets.error(to_a, to_b) == pytest.approx(((0 + 1 + 0.5) / 3 + 0) / 2)


def test_within_a_speaker_x_is_another_token_of_a_s_phone_and_across_it_is_another_speaker_s() -> None:
    made = tokens([(0, 0, 0), (0, 0, 0), (1, 0, 0), (0, 0, 1), (1, 0, 2)])
    within, across = (draw(made.cells(), across, each=20, seed=0) for across in (False, True))
    assert {(a, b, x) for a, b, x in zip(within.a, within.b, within.x, strict=True)} == {(0, 2, 1), (1, 2, 0)}
    assert {(a, b, x) for a, b, x in zip(across.a, across.b, across.x, strict=True)} == {(0, 2, 3), (1, 2, 3)} | {
        (2, b, 4) for b in (0, 1)
    }


def test_tokens_of_another_context_or_without_a_frame_are_in_no_triplet() -> None:
    apart = tokens([(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0)])
    assert len(draw(apart.cells(), False, 5, 0).a) == 0
    made = tokens([(0, 0, 0), (0, 0, 0), (1, 0, 0)])
    assert len(draw(replace(made, stops=made.starts + np.array([1, 0, 1])).cells(), False, 5, 0).a) == 0


def test_neighbours_are_phones_of_the_same_clip_without_silence_or_a_gap() -> None:
    rows, labels = np.array([0, 0, 0, 0, 1, 1, 1]), np.array([2, 0, 1, 3, 0, 1, 0])
    starts = np.array([0, 1, 2, 3, 0, 1, 3])
    segments = Segments(rows, starts, starts + 1, labels)
    assert neighbours(segments, 4, silence=3).tolist() == [-1, 2 * 4 + 1, -1, -1, -1, -1, -1]


def test_tones_are_told_apart_by_log_mel_and_the_numbers_are_a_function_of_the_data(tmp_path) -> None:
    results = evaluated(tmp_path, context="any")
    assert results["within"] < 0.1 and results["across"] < 0.2
    assert results["within/pairs"] == 2 and results["within/triplets"] == 40
    assert results == evaluated(tmp_path, context="any")


def test_frames_of_noise_are_guessed(tmp_path) -> None:
    data = speech()
    noise = np.random.default_rng(0).integers(-3000, 3000, len(data.test.inputs.values), np.int16)
    loud = replace(data, test=replace(data.test, inputs=replace(data.test.inputs, values=noise)))
    assert evaluated(tmp_path, loud, context="any", triplets=200)["within"] == pytest.approx(0.5, abs=0.12)


def test_clips_without_equal_neighbours_say_what_to_set(tmp_path) -> None:
    with pytest.raises(NotApplicable, match="context 'triphone': set `context: any`"):
        evaluated(tmp_path, speech(4, 2, 1))


def test_data_without_speakers_are_refused(tmp_path) -> None:
    with pytest.raises(NotApplicable, match="label 'who': the data have speaker"):
        list(protocol("abx", speaker="who").evaluate(heard({"name": "log_mel"}).evaluation_data(), tmp_path))
