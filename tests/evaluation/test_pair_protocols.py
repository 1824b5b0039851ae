"""Verification, one-shot classification, retrieval and clustering of features given by hand."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from helpers.speech import heard
from helpers.subjects import dataset, files, judged, of_features, protocol, trained, values
from probeline.core.lists import EpisodeList, PairList
from probeline.errors import NotApplicable
from probeline.evaluation import base
from probeline.evaluation._episodes import sampled_episodes
from probeline.evaluation.base import HeldOutLabels
from probeline.evaluation.clustering import pair_accuracies
from probeline.evaluation.one_shot import credit, mean_interval

LABELS = torch.arange(30) % 3
APART = torch.nn.functional.one_hot(LABELS, 3).float() + 0.01 * torch.arange(30)[:, None] / 30


def given(h=APART, labels=LABELS, lists=None):
    """Evidence in which all three splits have these features; `lists` are those of validation and test."""
    data = of_features((h, labels), (h, labels), (h, labels))
    splits = data.subject.dataset
    whole = dataset(30, 30, 30)
    hidden = {name: each.hidden() for name, each in (lists or {}).items()}
    splits = replace(
        splits,
        validation=replace(whole.validation, lists=lists or {}),
        test=replace(whole.test, lists=hidden),
    )
    answers = {None: labels, **(lists or {})}
    return replace(data, test=HeldOutLabels(h, answers.__getitem__), subject=replace(data.subject, dataset=splits))


def run(name, data, tmp_path, **settings):
    events = list(protocol(name, **settings).evaluate(data, tmp_path))
    return values(events), files(events)


def test_separated_classes_are_verified_without_error(tmp_path):
    numbers, (path,) = run("verification", given(), tmp_path, pairs=100)
    assert (numbers["eer"], numbers["auc"], numbers["accuracy"]) == (0, 1, 1)
    assert (numbers["equal"], numbers["unequal"]) == (50, 50)
    assert (numbers["fnmr/1pct"], numbers["fnmr/0.1pct"], numbers["detected/95.5pct"]) == (0, 0, 1)
    assert numbers["eer_low"] == numbers["eer_high"] == numbers["validation_eer"] == 0
    histogram = json.loads(path.read_text())
    assert sum(histogram["equal"]) == sum(histogram["unequal"]) == 50 and len(histogram["edges"]) == 51


def test_no_more_pairs_are_asked_for_than_there_are(tmp_path):
    numbers, _ = run("verification", given(), tmp_path)
    assert numbers["equal"] == numbers["unequal"] == 3 * 45


def test_several_references_of_a_claim_are_combined_by_a_stated_rule(tmp_path):
    # Claim (group 0, sample 4): distances 1 and 4; claim (group 1, sample 5): 2 and 2.5.
    h = torch.tensor([3.0, 0.0, 8.0, 8.5, 4.0, 6.0])[:, None]
    pairs = PairList(
        np.array([0, 1, 2, 3]), np.array([4, 4, 5, 5]), np.array([True, True, False, False]), np.array([0, 0, 1, 1])
    )
    for rule, error, count in (("each", 0.5, 2), ("min", 0.0, 1), ("mean", 1.0, 1)):
        data = given(h, torch.zeros(6, dtype=torch.int64), {"claims": pairs})
        numbers, _ = run("verification", data, tmp_path, list="claims", references=rule)
        assert (numbers["eer"], numbers["equal"]) == (error, count)
        assert "eer_per_group" not in numbers, "no group has both kinds"


def test_references_cannot_be_combined_without_groups_or_against_each_other(tmp_path):
    sides = np.array([0, 1]), np.array([2, 2])
    for groups, message in ((None, "combined by groups"), (np.array([0, 0]), "as equal and as unequal")):
        lists = {"claims": PairList(*sides, np.array([True, False]), groups)}
        with pytest.raises(NotApplicable, match=message):
            run("verification", given(lists=lists), tmp_path, list="claims", references="min")


def test_pairs_of_one_kind_are_not_applicable(tmp_path):
    with pytest.raises(NotApplicable, match="no pairs can be drawn"):
        run("verification", given(labels=torch.zeros(30, dtype=torch.int64)), tmp_path)
    with pytest.raises(NotApplicable, match="no pairs can be drawn"):
        run("verification", given(labels=torch.arange(30)), tmp_path)


def test_a_learned_comparison_is_the_methods_own(tmp_path):
    data = judged("siamese", dataset(24, 18, 18), loss={"name": "bce"})
    numbers, _ = run("verification", data, tmp_path, compare="learned", pairs=60)
    assert 0 <= numbers["eer"] <= 1
    with pytest.raises(NotApplicable, match="learned no comparison"):
        run("verification", judged("siamese", dataset(24, 18, 18)), tmp_path, compare="learned")
    with pytest.raises(NotApplicable, match="only series can be warped"):
        run("verification", judged("siamese", dataset(24, 18, 18)), tmp_path, compare="dtw")


def test_the_projection_is_judged_where_it_is_asked_for(tmp_path):
    data = judged("triplet", dataset(24, 18, 18), embedding_dim=2)
    spaces = [
        run("retrieval", judged("triplet", dataset(24, 18, 18), embedding_dim=2), tmp_path, space=s)[0] for s in "hz"
    ]
    assert spaces[0] != spaces[1] and data.test.z.shape == (18, 2)
    with pytest.raises(NotApplicable, match="no projector"):
        run("retrieval", judged("triplet", dataset(24, 18, 18)), tmp_path, space="z")


def test_a_trial_judged_on_validation_has_validation_numbers_alone(tmp_path):
    for name, metric in (("verification", "validation_eer"), ("retrieval", "validation_map_at_r")):
        data, events = trained("triplet", dataset(24, 18, 18), hidden=True).evaluation_data(), []
        with pytest.raises(base.TestHidden):
            for event in protocol(name).evaluate(data, tmp_path):
                events.append(event)
        assert metric in values(events) and not {"eer", "map_at_r"} & set(values(events))


def test_one_shot_questions_of_separated_classes_are_all_answered(tmp_path):
    numbers, _ = run("one_shot", given(), tmp_path, way=3, episodes=20, shot=2)
    assert (numbers["accuracy"], numbers["episodes"], numbers["chance"]) == (1, 20, 1 / 3)
    assert numbers["accuracy_low"] == numbers["accuracy_high"] == numbers["validation_accuracy"] == 1


def test_listed_episodes_are_answered_by_the_nearest_example(tmp_path):
    h = torch.tensor([0.0, 1.0, 0.2, 0.9, 0.45, 5.0])[:, None]
    lists = {
        "runs": EpisodeList(np.array([[[0], [1]]] * 3), np.array([2, 3, 4]), np.array([0, 1, 1]), np.array([0, 0, 1]))
    }
    numbers, _ = run("one_shot", given(h, torch.zeros(6, dtype=torch.int64), lists), tmp_path, list="runs")
    assert numbers["accuracy"] == pytest.approx(2 / 3) and numbers["chance"] == 0.5
    assert (numbers["accuracy_low"], numbers["accuracy_high"]) == (0, 1), "two runs: all right, or all wrong"


def test_a_list_of_the_test_alone_is_stood_for_by_validation_questions_of_as_many_classes_as_there_are(tmp_path):
    lists = {"runs": EpisodeList(np.arange(5)[None, :, None], np.array([5]), np.array([0]))}
    data = given(lists=lists)
    splits = data.subject.dataset
    alone = replace(splits, validation=replace(splits.validation, lists={}))
    numbers, _ = run("one_shot", replace(data, subject=replace(data.subject, dataset=alone)), tmp_path, list="runs")
    assert numbers["validation_accuracy"] == 1 and numbers["chance"] == 0.2, "3 classes, where the list has 5"


def test_classes_at_a_tie_share_the_credit_and_what_is_no_number_is_wrong():
    scores = torch.tensor([[1.0, 1.0, 0.0], [2.0, 1.0, 0.0], [1.0, 1.0, 1.0], [torch.nan] * 3, [torch.nan, 1, 0]])
    answers = torch.tensor([1, 1, 2, 0, 0])
    assert credit(scores, answers).tolist() == pytest.approx([0.5, 0, 1 / 3, 0, 0])


def test_several_examples_count_by_the_nearest_or_by_their_mean(tmp_path):
    h = torch.tensor([0.0, 9.0, 3.0, 3.5, 1.0])[:, None]
    lists = {"runs": EpisodeList(np.array([[[0, 1], [2, 3]]]), np.array([4]), np.array([0]))}
    for shots, right in (("nearest", 1), ("mean", 0)):
        data = given(h, torch.zeros(5, dtype=torch.int64), lists)
        assert run("one_shot", data, tmp_path, list="runs", shots=shots)[0]["accuracy"] == right


def test_sampled_episodes_have_classes_of_one_part_and_no_query_among_its_examples():
    labels, within = np.arange(60) % 12, np.arange(60) % 12 // 6
    episodes = sampled_episodes(labels, 5, 2, 40, within)
    classes = labels[episodes.support]
    assert (classes == classes[:, :, :1]).all() and all(len(set(row[:, 0])) == 5 for row in classes)
    assert all(len(set(within[row].flatten())) == 1 for row in episodes.support)
    assert (labels[episodes.query] == classes[np.arange(40), episodes.answer, 0]).all()
    assert all(query not in row for query, row in zip(episodes.query, episodes.support, strict=True))
    with pytest.raises(NotApplicable, match="7 classes with 2 samples or more are needed in one part; there are 6"):
        sampled_episodes(labels, 7, 1, 4, within)
    with pytest.raises(NotApplicable, match="there are 0"):
        sampled_episodes(np.arange(20), 5, 1, 4)


def test_the_interval_of_a_mean_is_over_groups():
    values = np.array([1.0, 1.0, 0.0, 0.0])
    assert mean_interval(values, np.array([0, 0, 1, 1]), 500) == (0, 1)
    low, high = mean_interval(np.arange(1000.0) % 2, None, 500)
    assert 0.46 < low < 0.49 and 0.51 < high < 0.54


def test_clusters_of_separated_classes_are_the_classes(tmp_path):
    numbers, _ = run("clustering", given(), tmp_path)
    assert all(numbers[name] == pytest.approx(1) for name in ("nmi", "ami", "pair_accuracy", "balanced_pair_accuracy"))
    assert numbers["clusters"] == 3
    with pytest.raises(NotApplicable, match="two classes or more"):
        run("clustering", given(labels=torch.zeros(30, dtype=torch.int64)), tmp_path)
    equal, _ = run("clustering", given(h=torch.ones(30, 4)), tmp_path)
    assert equal["nmi"] == 0 and "balanced_pair_accuracy" not in equal


def test_pair_accuracies_are_those_counted_pair_by_pair():
    random = np.random.default_rng(0)
    labels, clusters = random.integers(4, size=25), random.integers(3, size=25)
    agree = {True: [], False: []}
    for i in range(25):
        for j in range(i):
            together = clusters[i] == clusters[j]
            agree[bool(together)].append((labels[i] == labels[j]) == together)
    plain, balanced = pair_accuracies(labels, clusters)
    assert plain == pytest.approx(np.mean(agree[True] + agree[False]))
    assert balanced == pytest.approx((np.mean(agree[True]) + np.mean(agree[False])) / 2)


def test_plain_pair_accuracy_is_scikit_learns_rand_index():
    from sklearn.metrics import rand_score

    random = np.random.default_rng(1)
    labels, clusters = random.integers(5, size=40), random.integers(5, size=40)
    assert pair_accuracies(labels, clusters)[0] == pytest.approx(rand_score(labels, clusters))


def test_speakers_of_clips_are_verified_and_data_without_speakers_say_what_they_have(tmp_path):
    data = heard({"name": "mfcc"}).evaluation_data()
    results = values(protocol("verification", label="speaker", compare="cosine").evaluate(data, tmp_path))
    assert 0 <= results["eer"] <= 1 and 0 <= results["min_dcf"] <= 1
    with pytest.raises(NotApplicable, match="label 'who': the data have speaker"):
        list(protocol("verification", label="who").evaluate(data, tmp_path))
