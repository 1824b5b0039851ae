"""Data sets by component: decoded once per node, then opened from the cache or known from a memo.

A memo maps a fingerprint (what would be read: name, settings, versions, the source files' paths, sizes and times) to
what was read (content digest, sizes, classes). A warm `facts` is therefore a look at the files' stats and no more: it
imports neither torch nor PIL nor scikit-learn. Everything in the cache may be deleted at any time.
"""

import hashlib
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import version as package_version
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

from probeline.core.dataset import Dataset, DatasetInfo
from probeline.core.dataset_plugin import DatasetPlugin
from probeline.core.sample_spec import SampleSpec
from probeline.core.settings import components, listed
from probeline.data import cache
from probeline.data.busy import busy, silent
from probeline.data.memo import memo_of
from probeline.data.read_report import ReadReport, ReadSplits
from probeline.data.settings import DatasetSettings
from probeline.data.source_paths import reason, shown
from probeline.data.split import slices
from probeline.errors import FULL, BadData, UserError
from probeline.plugins import catalog
from probeline.storage import checksummed_json, file_lock
from probeline.storage.regular_files import open_regular

logger = logging.getLogger(__name__)

FORMAT = 3  # of the cache; a new number leaves old entries behind
ATTEMPTS = 3  # openings before giving up: someone may delete the cache while it is being opened


def facts(component: dict[str, Any]) -> DatasetInfo:
    """Digest, sizes, classes and kind of samples of a resolved data component; decodes and caches it the first time.

    Raises UserError for what the user can mend (no such path, a limit above the size), BadData for damaged files.
    """
    source = _source(component)
    memo = _memo(source) or _build(source)
    return _info(memo, source.config, slices(memo["sizes"], source.config))


def _info(memo: dict[str, Any], config: DatasetSettings, rows: Mapping[str, tuple[str, slice]]) -> DatasetInfo:
    """`rows`: which rows of which stored split each split is."""
    count = {split: taken.stop - taken.start for split, (_, taken) in rows.items()}
    return DatasetInfo(
        digest=memo["digest"],
        train_size=count["train"],
        validation_size=count["validation"],
        test_size=count["test"],
        classes=tuple(memo["classes"]),
        sample=SampleSpec.of(memo["sample"]),
        labelled=memo["labelled"],
        remarks=tuple(report.summary()) if (report := _report(memo)) else (),
        label_names=_tuples(memo["label_names"]),
        segment_names=_tuples(memo["segment_names"]),
        lists=tuple(memo["lists"]),
        window=_window(config, memo),
        train_values=_train_values(memo, count["train"]),
    )


def _train_values(memo: dict[str, Any], samples: int) -> int | None:
    """The values of so many of the stored training samples, as if these were of one length; None if not ragged."""
    values = memo.get("values", {}).get("train")  # memos of before have none
    return None if values is None else round(values * samples / memo["sizes"]["train"])


def _window(config: DatasetSettings, memo: dict[str, Any]) -> int | None:
    """The setting `window_s`, seconds, in values."""
    seconds, rate = getattr(config, "window_s", None), memo["sample"]["rate"]
    return max(1, round(seconds * rate)) if seconds and rate else None


def _tuples(names: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    return {name: tuple(each) for name, each in names.items()}


def read_report(component: dict[str, Any]) -> ReadReport | None:
    """What was read of a folder or archive of images; None for other data sets. Raises as `facts` does."""
    source = _source(component)
    return _report(_memo(source) or _build(source))


def open_dataset(component: dict[str, Any], beat: Callable[[], None] = silent) -> Dataset:
    """The data set's splits, memory-mapped; a missing or damaged cache is built anew. Raises as `facts` does.

    `beat`: called about once a second while they are looked up and decoded, which may take hours, unless that hangs.
    """
    with busy(beat):
        return _opened(_source(component))


def _opened(source: "_Source") -> Dataset:
    memo = _memo(source)
    for _ in range(ATTEMPTS):
        stored = cache.load(memo["digest"]) if memo else None
        if memo is not None and stored is not None:
            rows = slices(memo["sizes"], source.config)
            splits = {split: stored[name][taken] for split, (name, taken) in rows.items()}
            return Dataset(**splits, info=_info(memo, source.config, rows))
        memo = _build(source)
    raise UserError(f"{cache.root()}: the cache was damaged {ATTEMPTS} times while being opened; is its disk sound?")


def digest_of_path(path: Path) -> str:
    """The digest of a file, or of the JSON and safetensors files of a folder by name. Raises UserError."""
    if not path.is_dir():
        return digest_of_file(path)
    files = sorted(file for file in path.iterdir() if file.suffix in (".json", ".safetensors"))
    digests = [[file.name, digest_of_file(file)] for file in files]
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()


def digest_of_file(path: Path) -> str:
    """sha256 of a file's bytes, remembered by its path, size and time. Raises UserError where it cannot be read."""
    try:
        with open_regular(path) as file:
            stat = os.fstat(file.fileno())
        described = json.dumps([str(path.resolve()), stat.st_size, stat.st_mtime_ns])
        memo_path = cache.root() / "files" / f"{hashlib.sha256(described.encode()).hexdigest()}.json"
        memo = checksummed_json.read(memo_path)
        if memo is None:
            with open_regular(path) as file:
                memo = {"digest": hashlib.file_digest(cast(BufferedReader, file), "sha256").hexdigest()}
            checksummed_json.write(memo_path, memo)
        return memo["digest"]
    except OSError as error:
        raise UserError(f"{shown(path)}: cannot be read: {reason(error)}") from error


Plugin = DatasetPlugin[DatasetSettings, ReadSplits]


@dataclass(frozen=True)
class _Source:
    name: str
    config: DatasetSettings
    module: Plugin
    fingerprint: str


def _source(component: dict[str, Any]) -> _Source:
    name = component["name"]
    config = cast(DatasetSettings, catalog.settings("datasets", component))
    module = cast(Plugin, catalog.module("datasets", name))
    return _Source(name, config, module, _fingerprint(name, config, module))


def _fingerprint(name: str, config: DatasetSettings, module: Plugin) -> str:
    later = set(DatasetSettings.model_fields) - config.while_reading()
    read_settings = config.model_dump(mode="json", exclude=later)
    stats = [(str(path), _stat(path)) for path in [*_files(name, config, module), Path(str(module.__file__))]]
    described = {
        "format": FORMAT,
        "name": name,
        "version": getattr(module, "VERSION", 1),
        "settings": read_settings,
        "pillow": package_version("pillow"),  # another JPEG decoder may give other pixels
        "files": sorted((path, stat.st_size, stat.st_mtime_ns) for path, stat in stats),
    }
    return hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()


def _files(name: str, config: DatasetSettings, module: Plugin) -> list[Path]:
    """The files that the data set and its parts are read from. Raises UserError for a path that cannot be looked up."""
    parts = [(kind, part) for field, kind in components(type(config)) for part in listed(getattr(config, field))]
    try:
        return [*module.files(config), *(file for kind, part in parts for file in catalog.files_of(kind, part))]
    except (OSError, ValueError, RuntimeError) as error:  # too long, a NUL, no permission, `~` of an unknown user
        if isinstance(error, OSError) and error.errno in FULL:
            raise
        path = getattr(error, "filename", None)
        where = f"{shown(path)}: " if path else ""
        raise UserError(f"data set {name}: {where}{reason(error)}; correct its path") from error


def _stat(path: Path) -> os.stat_result:
    """Of what the path leads to, or of the link where it leads nowhere. Raises UserError."""
    try:
        return path.stat() if path.exists() else path.lstat()
    except OSError as error:
        raise UserError(f"{shown(path)}: cannot be looked at: {reason(error)}") from error


def _memo_path(source: _Source) -> Path:
    return cache.root() / "datasets" / "memos" / f"{source.fingerprint}.json"


def _memo(source: _Source) -> dict[str, Any] | None:
    return checksummed_json.read(_memo_path(source))


def _build(source: _Source) -> dict[str, Any]:
    """Decode the source into the cache, or take what another process has built meanwhile; returns the memo."""
    with file_lock.held(cache.root() / "datasets" / "locks" / f"{source.fingerprint}.lock"):
        memo = _memo(source)
        if memo and cache.load(memo["digest"]) is not None:
            return memo
        started = time.monotonic()
        logger.info("decoding %s into %s", source.name, cache.root())
        read = source.module.read(source.config)
        if _fingerprint(source.name, source.config, source.module) != source.fingerprint:
            raise BadData(f"data set {source.name}: its files changed while they were read; run again")
        memo = memo_of(source.name, read if isinstance(read, ReadSplits) else ReadSplits(read, _class_names(source)))
        checksummed_json.write(_memo_path(source), memo)
        logger.info("decoded %s in %.1f s: %s", source.name, time.monotonic() - started, memo["sizes"])
        return memo


def _report(memo: dict[str, Any]) -> ReadReport | None:
    return ReadReport.from_dict(memo["report"]) if memo.get("report") else None


def _class_names(source: _Source) -> tuple[str, ...] | None:
    return getattr(source.module, "classes", lambda config: None)(source.config)
