import gzip

import pytest
from probeline.data.text import reading
from probeline.data.text.documents import documents_in, documents_of
from probeline.data.text.reading import read_text, text_files
from probeline.data.text.tables import MAX_CELL, rows_of
from probeline.errors import BadData, UserError


def written(path, content):
    path.write_bytes(content)
    return path


def test_line_ends_and_a_byte_order_mark_do_not_matter(tmp_path):
    assert read_text(written(tmp_path / "a.txt", b"\xef\xbb\xbfone\r\ntwo\rthree\n")) == "one\ntwo\nthree\n"


def test_a_gzipped_file_is_read(tmp_path):
    assert read_text(written(tmp_path / "a.txt.gz", gzip.compress("é".encode()))) == "é"


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"one\ntwo\xff\n", "a.txt", r"a\.txt:2: byte 0xff is no UTF-8"),
        (b"one\n\ntw\0o\n", "a.txt", r"a\.txt:3: a NUL byte"),
        (b"no gzip", "a.txt.gz", "a damaged gzip file"),
        (gzip.compress(b"text" * 100, mtime=0)[:-9], "a.txt.gz", "a damaged gzip file"),
    ],
)
def test_damaged_files_are_one_message_with_file_and_line(tmp_path, content, name, message):
    with pytest.raises(BadData, match=message):
        read_text(written(tmp_path / name, content))


@pytest.mark.parametrize("division", ["blank_line", "line", "file"])
def test_documents_do_not_depend_on_where_a_file_is_cut(tmp_path, monkeypatch, division):
    text = "one\ntwo  \n \n\nthrée\n\t\n\nfour\n\n\n" * 3
    path = written(tmp_path / "a.txt", text.encode())
    for size in range(1, 40):
        monkeypatch.setattr(reading, "BLOCK", size)
        assert documents_in(path, division) == documents_of(text, division)
    with pytest.raises(BadData, match=r"a\.txt:4: byte 0xff"):
        documents_in(written(path, b"one\n\ntwo\n\xff"), division)


def test_a_missing_file_is_one_message(tmp_path):
    with pytest.raises(UserError, match="cannot be read: no such file"):
        read_text(tmp_path / "a.txt")


def test_a_folder_gives_its_texts_in_order_and_no_other_file(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("b/one.txt", "a.txt.gz", "c.txt", "notes.pdf"):
        written(tmp_path / name, b"")
    assert [path.name for path in text_files(tmp_path)] == ["a.txt.gz", "one.txt", "c.txt"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match="below this folder"):
        text_files(tmp_path / "empty")


def test_csv_tsv_and_json_lines_give_the_same_cells(tmp_path):
    csv = written(tmp_path / "a.csv", b'text,label\n"one, two",x\n"three\nfour",y\n')
    tsv = written(tmp_path / "a.tsv", b"text\tlabel\none, two\tx\n")
    jsonl = written(tmp_path / "a.jsonl", b'{"text": "one, two", "label": "x"}\n\n{"text": "three", "label": null}\n')
    first = {"text": "one, two", "label": "x"}
    assert [row.cells for row in rows_of(csv, header=True)] == [first, {"text": "three\nfour", "label": "y"}]
    assert [row.cells for row in rows_of(tsv, header=True)] == [first]
    assert [row.cells for row in rows_of(jsonl, header=True)] == [first, {"text": "three", "label": ""}]
    assert [row.line for row in rows_of(jsonl, header=True)] == [1, 3]


def test_columns_without_a_header_are_numbered(tmp_path):
    path = written(tmp_path / "a.tsv", b'he said "no\t1\n')
    assert [row.cells for row in rows_of(path, header=False, quoted=False)] == [{"1": 'he said "no', "2": "1"}]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"text,label\nonly one\n", "a.csv", r"a\.csv:2: 1 cells; the header has 2"),
        (b'text,label\n"' + b"x" * (MAX_CELL + 1), "a.csv", r"a\.csv:2: .*quotation mark without its partner"),
        (b'{"text": 1}\nnonsense\n', "a.jsonl", r"a\.jsonl:2: no JSON"),
        (b'{"text": 1}\n[1]\n', "a.jsonl", r"a\.jsonl:2: list; each line is one JSON object"),
    ],
)
def test_damaged_rows_are_one_message_with_file_and_line(tmp_path, content, name, message):
    with pytest.raises(BadData, match=message):
        rows_of(written(tmp_path / name, content), header=True)


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path):
    (row,) = rows_of(written(tmp_path / "a.csv", b"text,label\none,x\n"), header=True)
    with pytest.raises(UserError, match=r"a\.csv:2: no column body; it has text, label"):
        row.cell("body")
