"""The small files that protocols left with their runs, read back: pictures, and what is known of them.

Beside an sqlite file they lie on this machine and are read as files, without the 2 s that loading MLflow takes.
"""

import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from probeline.storage.redaction import redacted
from probeline.tracking.reading.former_names import stored_names
from probeline.tracking.server.artifact_folders import run_folders
from probeline.tracking.server.client import connect

if TYPE_CHECKING:
    import pandas as pd
    from mlflow.tracking import MlflowClient

SUFFIXES = (".json", ".csv", ".png", ".jpg", ".wav")
MAX_BYTES = 1_000_000  # bytes of a file that is read
AT_ONCE = 8
File = tuple[str, str, bytes]
"""Trial id, `protocol/file`, content."""


@dataclass(frozen=True)
class ArtifactSource:
    """A trial's run, and the protocols whose files are wanted."""

    trial_id: str
    run_id: str
    protocols: Sequence[str]


def small_files(uri: str, sources: Sequence[ArtifactSource]) -> tuple["pd.DataFrame", str]:
    """A row a file: trial_id, name (`protocol/file`), content (bytes); and what went wrong, "" if all is well.

    Pictures are not worth a report that cannot be written, so what the store refuses is a sentence and no failure.
    """
    import pandas as pd

    rows: list[File] = []
    trouble = ""
    try:
        here = run_folders(uri, [source.run_id for source in sources])
        if all(source.run_id in here for source in sources):
            by_source = [list(_lying(here[source.run_id], source)) for source in sources]
        else:
            by_source = _fetched(uri, sources)
        rows = [row for some in by_source for row in some]
    except Exception as error:  # noqa: BLE001 (whatever MLflow, its artifact store or the network raises)
        trouble = redacted(str(error).strip().partition("\n")[0][:200]) or type(error).__name__
    return pd.DataFrame(rows, columns=["trial_id", "name", "content"]), trouble


def _lying(folder: Path, source: ArtifactSource) -> Iterator[File]:
    for protocol in source.protocols:
        stored = next((name for name in stored_names(protocol) if (folder / name).is_dir()), protocol)
        for file in sorted((folder / stored).glob("*")):
            if file.suffix in SUFFIXES and file.is_file() and file.stat().st_size <= MAX_BYTES:
                yield source.trial_id, f"{protocol}/{file.name}", file.read_bytes()


def _fetched(uri: str, sources: Sequence[ArtifactSource]) -> list[list[File]]:
    client = connect(uri)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda source: list(_asked(client, source, Path(folder))), sources))


def _asked(client: "MlflowClient", source: ArtifactSource, folder: Path) -> Iterator[File]:
    there = {each.path for each in client.list_artifacts(source.run_id) if each.is_dir}
    for protocol in source.protocols:
        stored = next((name for name in stored_names(protocol) if name in there), None)
        for each in client.list_artifacts(source.run_id, stored) if stored else ():
            if not each.is_dir and each.path.endswith(SUFFIXES) and (each.file_size or 0) <= MAX_BYTES:
                target = folder / source.run_id
                target.mkdir(exist_ok=True)
                content = Path(client.download_artifacts(source.run_id, each.path, str(target))).read_bytes()
                yield source.trial_id, f"{protocol}/{Path(each.path).name}", content
