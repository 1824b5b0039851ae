"""One artifact of a run, a file or a folder: where it lies on this machine, else through MLflow."""

import tempfile
from pathlib import Path

from probeline.storage.regular_files import read_regular
from probeline.tracking.reading.results import store_errors
from probeline.tracking.server.artifact_folders import run_folders
from probeline.tracking.server.client import connect, gone

MAX_BYTES = 256_000_000


def read_artifact(uri: str, run_id: str, name: str) -> bytes | None:
    """The content of a run's artifact; None where there is none. Raises what MLflow or the system raises."""
    folder = run_folders(uri, [run_id]).get(run_id)
    if folder is not None:
        path = folder / name
        return read_regular(path, MAX_BYTES) if path.is_file() else None
    client = connect(uri)
    if name not in {each.path for each in client.list_artifacts(run_id)}:
        return None
    with tempfile.TemporaryDirectory() as temporary:
        try:
            return Path(client.download_artifacts(run_id, name, temporary)).read_bytes()
        except Exception as error:
            if isinstance(error, OSError) or gone(error):  # deleted meanwhile
                return None
            raise


def fetched_folder(uri: str, run_id: str, name: str, target: Path) -> Path | None:
    """A copy below `target` of a folder of a run's artifacts; None where there is none. Raises UserError."""
    with store_errors(uri):
        client = connect(uri)
        if not any(each.path == name and each.is_dir for each in client.list_artifacts(run_id)):
            return None
        return Path(client.download_artifacts(run_id, name, str(target)))
