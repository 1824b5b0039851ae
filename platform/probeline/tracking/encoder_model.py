"""A trial's encoder as an MLflow model: `mlflow.pyfunc.load_model("runs:/<run>/encoder")`, without pickle.

The run's artifact folder `encoder/` holds `encoder.safetensors` and `encoder.json`; a file `MLmodel` beside them makes
it a model of the flavour `python_function`, whose loader is this module. It is a page of text, so every trial has one.
"""

import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from probeline.core.sample_spec import SampleSpec, image
from probeline.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from probeline.core.encoder import Encoder

FOLDER, FACTS, WEIGHTS, MODEL = "encoder", "encoder.json", "encoder.safetensors", "MLmodel"
HISTORY = "mlflow.log-model.history"  # the tag by which MLflow's UI knows that a folder of artifacts is a model
BATCH = 512


def description(file: Path) -> str | None:
    """The text of `MLmodel` for the encoder that `file` (encoder.json) tells of; None where it tells too little."""
    try:
        facts = json.loads(file.read_text(encoding="utf-8"))
        sample = sample_of(facts)
        signature = {"inputs": _tensors(sample.dtype, sample.shape), "outputs": _tensors("float32", [facts["dim"]])}
        metadata = {"encoder_id": facts["encoder_id"]}
    except (ValueError, KeyError, TypeError):
        return None
    flavours = {"python_function": _flavour()}
    return yaml.safe_dump({"flavors": flavours, "metadata": metadata, "signature": signature}, sort_keys=False)


def history(run_id: str, created: str) -> str:
    """The value of the tag `HISTORY`; created: when, as ISO 8601."""
    flavours = {"python_function": _flavour()}
    entry = {"run_id": run_id, "artifact_path": FOLDER, "utc_time_created": created, "flavors": flavours}
    return json.dumps([entry])


class EncoderModel:
    """What `mlflow.pyfunc` calls: images in, representations out."""

    def __init__(self, encoder: "Encoder") -> None:
        self.encoder = encoder

    def predict(self, model_input: "np.ndarray", params: Mapping[str, Any] | None = None) -> "np.ndarray":
        """model_input: uint8 or uint16 [N, H, W, C] -> h, float32 [N, dim]: what protocols were given."""
        import numpy as np
        import torch

        from probeline.data.loader import as_inputs

        outputs = [np.empty((0, int(self.encoder.dim)), np.float32)]
        with torch.no_grad():
            for start in range(0, len(model_input), BATCH):
                pixels = torch.from_numpy(np.ascontiguousarray(model_input[start : start + BATCH]))
                outputs.append(self.encoder(as_inputs(pixels)).h.float().numpy())
        return np.concatenate(outputs)


def open_encoder(folder: Path) -> "Encoder":
    """The trained encoder of a folder with `encoder.safetensors` and `encoder.json`, on the CPU, in evaluation mode.

    Raises UserError where the files are not there, or are not of one encoder.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from probeline.models.build import build_encoder
    from probeline.models.metric_learning.mapped_encoder import MappedEncoder

    try:
        facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        component = {key: value for key, value in facts["recipe"]["encoder"].items() if key != "weights"}
        with torch.random.fork_rng(devices=[]):  # the initialisation that is thrown away leaves the caller's numbers
            encoder = build_encoder(component, sample_of(facts))
        state = load_file(folder / WEIGHTS)
        if "is_learned" in state:  # a metric was learned on its h
            encoder = MappedEncoder(encoder, facts["dim"])
        encoder.load_state_dict(state)
    except (OSError, ValueError, KeyError, RuntimeError, SafetensorError) as error:
        raise UserError(
            f"encoder {folder}: cannot be opened ({error}); it needs {WEIGHTS} and {FACTS} of one trial, and the "
            "version of Probeline that wrote them"
        ) from error
    return encoder.to(memory_format=torch.channels_last).requires_grad_(False).eval()


def sample_in(folder: Path) -> SampleSpec:
    """The kind of samples that the encoder of such a folder takes."""
    return sample_of(json.loads((folder / FACTS).read_text(encoding="utf-8")))


def sample_of(facts: Mapping[str, Any]) -> SampleSpec:
    """The kind of samples that an encoder takes, from its `encoder.json`; those of the first releases say a `shape`."""
    return SampleSpec.of(facts["sample"]) if "sample" in facts else image(*facts["shape"])


def _load_pyfunc(path: str) -> EncoderModel:
    # The name by which mlflow.pyfunc finds a loader.
    return EncoderModel(open_encoder(Path(path)))


def _flavour() -> dict[str, Any]:
    return {"loader_module": __name__, "python_version": platform.python_version()}


def _tensors(dtype: str, shape: Sequence[int | None]) -> str:
    return json.dumps(
        [
            {
                "type": "tensor",
                "tensor-spec": {"dtype": dtype, "shape": [-1, *(-1 if length is None else length for length in shape)]},
            }
        ]
    )
