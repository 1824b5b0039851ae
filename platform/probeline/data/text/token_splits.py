"""Texts to the splits of a data set: the tokeniser is learned from the training texts, then all are encoded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from probeline.core.columns import Ragged
from probeline.core.dataset import Split
from probeline.core.lists import SampleList
from probeline.core.special_tokens import SEPARATOR, START
from probeline.data.read_report import ReadSplits, report_of
from probeline.data.text import tokenizer as tokenizers
from probeline.data.text.blocks import blocks
from probeline.data.text.settings import TextSettings
from probeline.data.text.tokenizer import Tokenizer
from probeline.errors import BadData
from probeline.plugins import catalog

CHARACTERS_AT_ONCE = 2**22


@dataclass
class Texts:
    """The texts of one split: each sample has one, or two that are a pair.

    `labels`: int64 [N] by name, the main one first; `further`: numbers [N] that are no classes; `lists`: pairs of
    samples by name.
    """

    samples: Sequence[tuple[str, ...]]
    labels: dict[str, np.ndarray] = field(default_factory=dict)
    further: dict[str, np.ndarray] = field(default_factory=dict)
    lists: dict[str, SampleList] = field(default_factory=dict)


def running_text(documents: Mapping[str, Sequence[str]], config: TextSettings, remarks: Sequence[str]) -> ReadSplits:
    """Splits of running text, by name: each document's tokens and [SEP]; joined and cut where `config.chunk` says so.

    Raises BadData for a split without text, UserError as learning the tokeniser does.
    """
    texts = {name: Texts([(document,) for document in some]) for name, some in documents.items()}
    return _read(texts, config, {}, remarks, start=False)


def sentences(
    texts: Mapping[str, Texts], config: TextSettings, names: Mapping[str, tuple[str, ...]], remarks: Sequence[str]
) -> ReadSplits:
    """Splits of single texts or pairs: [CLS] text [SEP], or [CLS] text [SEP] other [SEP]. Raises as `running_text`.

    `names`: the classes of each label.
    """
    return _read(texts, config, names, remarks, start=True)


def _read(
    texts: Mapping[str, Texts],
    config: TextSettings,
    names: Mapping[str, tuple[str, ...]],
    remarks: Sequence[str],
    start: bool,
) -> ReadSplits:
    empty = [name for name, some in texts.items() if not some.samples]
    if empty:
        raise BadData(f"no text in the {' and the '.join(empty)} split; give files that hold some")
    component = config.tokenizer
    tokenizer = tokenizers.trained(component, [text for sample in texts["train"].samples for text in sample])
    splits = {name: _split(some, tokenizer, start, getattr(config, "chunk", None)) for name, some in texts.items()}
    digest = tokenizers.store(component["name"], tokenizer)
    classes = next(iter(names.values()), ())
    report = report_of([Path(str(getattr(config, "path", None) or "PROBELINE_DATA"))], splits, classes, "texts", "")
    return ReadSplits(
        splits,
        next(iter(names.values()), None),
        replace(report, remarks=[*remarks, _remark(splits, tokenizer)]),
        label_names={**(names or {"class": ()}), **dict.fromkeys(splits["train"].extra_labels, ()), **names},
        vocabulary=tokenizer.size,
        tokenizer=digest,
        beside=digest if catalog.files_of("tokenizers", component) else None,
    )


def _split(texts: Texts, tokenizer: Tokenizer, start: bool, chunk: int | None) -> Split:
    # What the encoding of a block takes on the way is freed after it.
    in_blocks = blocks(texts.samples, lambda sample: sum(map(len, sample)), CHARACTERS_AT_ONCE)
    column = Ragged.of([_joined(parts, start) for some in in_blocks for parts in _encoded(some, tokenizer)])
    counts = {
        "bytes": np.array([sum(len(text.encode()) for text in sample) for sample in texts.samples], np.int64),
        "characters": np.array([sum(map(len, sample)) for sample in texts.samples], np.int64),
    }
    if chunk is not None:
        ends = np.append(np.arange(0, len(column.values), chunk), len(column.values)).astype(np.int64)
        counts = {name: _shared(count, column.offsets, ends) for name, count in counts.items()}
        column = Ragged(column.values, ends)
    labels = dict(texts.labels)
    main = labels.pop(next(iter(labels), ""), np.full(len(column), -1, np.int64))
    return Split(column, main, labels | texts.further | counts, lists=texts.lists)


def _encoded(samples: Sequence[tuple[str, ...]], tokenizer: Tokenizer) -> list[list[np.ndarray]]:
    tokens = iter(tokenizer.encode([text for sample in samples for text in sample]))
    return [[next(tokens) for _ in sample] for sample in samples]


def _joined(parts: Sequence[np.ndarray], start: bool) -> np.ndarray:
    """int32 [T]: [CLS] where `start` says so, and each part with its [SEP]."""
    end = np.array([SEPARATOR], np.int32)
    ended = [piece for part in parts for piece in (part, end)]
    return np.concatenate([np.array([START], np.int32), *ended] if start else ended)


def _shared(counts: np.ndarray, offsets: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The counts of documents, [N] at `offsets` [N + 1], for the pieces at `ends`: in proportion to the tokens.

    Whole numbers whose sum is that of the documents'.
    """
    total = np.concatenate([[0], np.cumsum(counts)])
    return np.diff(np.rint(np.interp(ends, offsets, total)).astype(np.int64))


def _remark(splits: Mapping[str, Split], tokenizer: Tokenizer) -> str:
    tokens = ", ".join(f"{split} {_tokens(some):,}" for split, some in splits.items())
    return f"tokens: {tokens}; vocabulary {tokenizer.size:,}"


def _tokens(split: Split) -> int:
    return len(split.inputs.values) if isinstance(split.inputs, Ragged) else split.inputs.size
