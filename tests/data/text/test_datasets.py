import json

import numpy as np
import pytest
from probeline.core.columns import Ragged
from probeline.core.special_tokens import COUNT, SEPARATOR, START
from probeline.data import store
from probeline.data.text.tokenizer import load, trained
from probeline.errors import BadData, UserError
from probeline.experiment.canonical import canonical_component
from probeline.experiment.components import resolve


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "cache"))


def opened(name, **parameters):
    resolved = resolve("datasets", {"name": name, **parameters})
    assert resolved.value, resolved.complaints
    return store.open_dataset(resolved.value)


def texts(split, info):
    tokenizer = load(info.sample.tokenizer)
    return [tokenizer.decode(split.inputs.row(number).tolist()) for number in range(len(split))]


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def poems(count, length=30):
    return "\n\n".join(f"poem {number} " + "x" * length for number in range(count))


def test_documents_are_samples_that_end_with_a_separator(tmp_path):
    data = opened("text", path=written(tmp_path / "a.txt", "one\ntwo\n\n\n \nthree\n\n" + poems(8)), chunk=None)
    assert isinstance(data.train.inputs, Ragged) and data.train.inputs.dtype == np.int32
    everything = [text for split in (data.train, data.validation, data.test) for text in texts(split, data.info)]
    assert {"one\ntwo", "three"} < set(everything) and len(everything) == 10
    assert all(data.train.inputs.row(row)[-1] == SEPARATOR for row in range(len(data.train)))
    assert [len(data.validation), len(data.test)] == [1, 1]


def test_joined_documents_are_cut_into_equal_samples_whose_bytes_add_up(tmp_path):
    data = opened("text", path=written(tmp_path / "a.txt", poems(20)), documents="blank_line", chunk=64)
    lengths = data.train.inputs.lengths
    assert sorted(lengths)[1:] == [64] * (len(lengths) - 1)
    assert data.train.extra_labels["bytes"].sum() == (data.train.inputs.values >= COUNT).sum()


def test_lines_and_files_can_be_documents(tmp_path):
    for number in range(10):
        written(tmp_path / "texts" / f"{number}.txt", f"file {number}\nline two")
    by_file = opened("text", path=str(tmp_path / "texts"), documents="file", chunk=None)
    by_line = opened("text", path=str(tmp_path / "texts"), documents="line", chunk=None)
    count = [sum(len(split) for split in (data.train, data.validation, data.test)) for data in (by_file, by_line)]
    assert count == [10, 20]


def test_the_tokeniser_is_learned_from_the_training_split_alone(tmp_path):
    train, test = written(tmp_path / "a.txt", poems(9)), written(tmp_path / "b.txt", "Ω in the test\n\nand more")
    data = opened("text", path=train, test_path=test, tokenizer={"name": "characters"})
    assert "Ω" not in load(data.info.sample.tokenizer).characters


def test_the_tokeniser_decides_the_digest(tmp_path):
    path = written(tmp_path / "a.txt", poems(9))
    digests = {opened("text", path=path, tokenizer={"name": name}).digest for name in ("bytes", "characters")}
    assert len(digests) == 2


def test_a_tokeniser_that_changes_under_its_path_gives_other_data(tmp_path):
    """Also one that cuts these texts as the one before did: its vocabulary is the encoder's."""
    text, file = tmp_path / "a.txt", tmp_path / "model" / "tokenizer.json"
    written(text, poems(20))
    of_poems, of_prose = (
        trained({"name": "wordpiece", "vocabulary": size}, [some]).content()
        for some, size in ((poems(9), 40), ("poems of letters", 34))
    )
    more = json.loads(of_poems)
    more["model"]["vocab"]["\N{SNOWMAN}"] = 40
    opened_as = []
    for content in (of_poems, of_prose, json.dumps(more), of_poems):
        written(file, content)
        data = opened("text", path=str(text), tokenizer={"name": "hf", "path": str(file.parent)})
        opened_as.append((data.info.digest, data.train.inputs.values.tolist(), data.info.sample.vocabulary))
    (digest, tokens, size), prose, larger, again = opened_as
    assert prose[0] != digest and prose[1] != tokens
    assert larger[0] != digest and larger[1:] == (tokens, size + 1)
    assert again == (digest, tokens, size)


def test_a_models_folder_is_in_ids_by_its_content_alone():
    text = {"name": "text", "path": "a.txt"}
    named = [resolve("datasets", {**text, "tokenizer": {"name": "hf", "path": path}}).value for path in ("a", "b")]
    first, second = (canonical_component("datasets", each) for each in named)
    assert first == second and first["tokenizer"] == {"name": "hf"}


@pytest.mark.parametrize(
    ("text", "parameters", "message"),
    [
        ("", {}, "0 document"),
        ("one document", {}, r"1 document\(s\), too few to hold out a test split"),
        ("one\n\ntwo\n\nthree\n\nfour", {"tokenizer": {"name": "bpe", "vocabulary": 4096}}, "allows .* at most"),
    ],
)
def test_too_little_text_is_one_message(tmp_path, text, parameters, message):
    with pytest.raises((BadData, UserError), match=message):
        opened("text", path=written(tmp_path / "a.txt", text), **parameters)


def rows(count, header="text,label,topic\n"):
    return header + "".join(f"text {n},{['no', 'yes'][n % 2]},{n % 5 + 8}\n" for n in range(count))


def test_a_table_has_texts_classes_and_further_labels(tmp_path):
    data = opened("text_table", path=written(tmp_path / "a.csv", rows(40)), labels=["label", "topic"])
    assert data.classes == ("no", "yes")
    assert data.info.label_names["topic"] == ("8", "9", "10", "11", "12")
    text = texts(data.test, data.info)
    assert [int(t.split()[1]) % 2 for t in text] == data.test.labels.tolist()
    assert [int(t.split()[1]) % 5 for t in text] == data.test.extra_labels["topic"].tolist()
    assert data.test.inputs.row(0)[0] == START
    assert len(data.test) == 8 and sorted(data.test.labels) == [0] * 4 + [1] * 4


def test_a_pair_of_texts_is_one_sample_with_two_separators(tmp_path):
    path = written(tmp_path / "a.csv", rows(20))
    data = opened("text_table", path=path, text=["text"], pair=["topic"])
    assert all((data.train.inputs.row(row) == SEPARATOR).sum() == 2 for row in range(len(data.train)))


def test_a_row_without_a_label_has_none(tmp_path):
    path = written(tmp_path / "a.csv", "text,label\n" + "one,\ntwo,x\n" * 10)
    data = opened("text_table", path=path)
    assert set(np.unique(data.train.labels)) == {-1, 0}


@pytest.mark.parametrize(
    ("text", "parameters", "message"),
    [
        (rows(0), {}, "no row in the table of the train split"),
        (rows(9), {"labels": ["mood"]}, r"a\.csv:2: no column mood; it has text, label, topic"),
        ("text,label\n" + "one,\n" * 9, {}, "column label has 0 different labels"),
        ("text,label\n" + "one,x\n,y\n" * 9, {}, r"a\.csv:3: an empty text"),
    ],
)
def test_a_table_that_does_not_fit_is_one_message(tmp_path, text, parameters, message):
    with pytest.raises((BadData, UserError), match=message):
        opened("text_table", path=written(tmp_path / "a.csv", text), **parameters)


def test_tiny_shakespeare_is_split_in_order(tmp_path):
    text = "".join(chr(97 + n % 26) for n in range(10_000))
    written(tmp_path / "tinyshakespeare" / "input.txt", text)
    data = opened("tinyshakespeare", path=str(tmp_path), chunk=None)
    parts = [texts(split, data.info) for split in (data.train, data.validation, data.test)]
    assert [len(part) for part in parts] == [1, 1, 1]
    assert "".join(part[0] for part in parts) == text
    assert len(parts[2][0]) == 1000


ARTICLES = "\n = First = \n\n some text \n\n = = Section = = \n\n more \n = Second = \n\n other \n" * 5


def test_wikitext_without_its_training_file_says_what_stands_for_it(tmp_path):
    for name in ("valid.txt", "test.txt"):
        written(tmp_path / "wikitext2" / name, ARTICLES)
    data = opened("wikitext2", path=str(tmp_path), chunk=None)
    assert [len(data.train), len(data.validation), len(data.test)] == [9, 1, 10]
    assert any("no training file" in remark for remark in data.info.remarks)
    written(tmp_path / "wikitext2" / "train.txt", ARTICLES)
    data = opened("wikitext2", path=str(tmp_path), chunk=None)
    assert [len(data.train), len(data.validation), len(data.test)] == [10, 10, 10]


def test_sst2_is_read_as_published(tmp_path):
    for name, count in (("train.tsv", 8), ("dev.tsv", 4), ("test.tsv", 2)):
        written(tmp_path / name, 'a "good film\t1\na bad film\t0\n' * (count // 2))
    data = opened("sst2", path=str(tmp_path))
    assert [len(data.train), len(data.validation), len(data.test)] == [8, 4, 2]
    assert data.classes == ("negative", "positive")


def test_ag_news_without_its_training_file_says_what_stands_for_it(tmp_path):
    lines = "".join(f'"{n % 4 + 1}","title {n}","text, {n}"\n' for n in range(40))
    written(tmp_path / "test.csv", lines)
    data = opened("ag_news", path=str(tmp_path))
    assert data.classes == ("World", "Sports", "Business", "Sci/Tech") and len(data.test) == 10
    assert any("no train.csv" in remark for remark in data.info.remarks)


def test_the_sentences_of_stsb_keep_their_pairs_and_scores(tmp_path):
    line = "genre\tfile\t2014\t{n}\t{score}\tfirst {n}\tsecond {n}\n"
    for name in ("sts-train.csv", "sts-dev.csv"):
        written(tmp_path / name, "".join(line.format(n=n, score=n % 6) for n in range(20)))
    data = opened("stsb", path=str(tmp_path))
    for split, count in ((data.train, 18), (data.validation, 2), (data.test, 20)):
        pairs, text = split.lists["sts"], texts(split, data.info)
        assert len(pairs) == count and len(split) == 2 * count
        for first, second, same in zip(pairs.first, pairs.second, pairs.same, strict=True):
            number = int(text[first].split()[1])
            assert (text[first], text[second]) == (f"first {number}", f"second {number}")
            assert split.extra_labels["score"][first] == split.extra_labels["score"][second] == 1000 * (number % 6)
            assert same == (number % 6 >= 4)


def test_a_named_data_set_without_its_files_says_where_they_are_to_be_had(tmp_path, monkeypatch):
    monkeypatch.delenv("PROBELINE_DATA", raising=False)
    with pytest.raises(UserError, match=r"no file input\.txt in .*github\.com/karpathy"):
        opened("tinyshakespeare", path=str(tmp_path))
    with pytest.raises(UserError, match=r"data\.path or PROBELINE_DATA"):
        opened("tinyshakespeare")
