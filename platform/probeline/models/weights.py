"""Weights for an encoder from a local checkpoint of Probeline's, timm's or torchvision's."""

import json
import pickle
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from probeline.core.sample_spec import SampleSpec
from probeline.errors import UserError
from probeline.storage.regular_files import open_regular, reason

PREFIXES = ("module.", "encoder.", "backbone.", "model.")


def load_weights(encoder: nn.Module, path: Path) -> None:
    """Fills `encoder` from `path` (`.safetensors`, else torch's own format, read without pickle).

    Wrapper prefixes such as `module.` are dropped, as are entries that the encoder does not have (a classifier).

    Raises:
        UserError: no such file, not a checkpoint, or an entry of the encoder is missing or has another shape.
    """
    tensors = {bare(name): tensor for name, tensor in read(path).items()}
    wanted = {bare(name): name for name in encoder.state_dict()}
    state = encoder.state_dict()
    wrong = [key for key, name in wanted.items() if key not in tensors or tensors[key].shape != state[name].shape]
    if wrong:
        raise UserError(
            f"weights {path}: {len(wrong)} of the encoder's {len(wanted)} entries are missing or have another shape, "
            f"first {', '.join(wrong[:3])}; give the file of the same architecture, width and stem"
        )
    encoder.load_state_dict({name: tensors[key] for key, name in wanted.items()})


def check_tokenizer(path: Path, sample: SampleSpec) -> None:
    """Raises UserError where the encoder.json beside a checkpoint of Probeline's names another tokeniser.

    Tables of vectors may have the same shape all the same: then every token would get another one's vector.
    """
    try:
        trained_on = json.loads(path.with_name("encoder.json").read_bytes())["sample"]["tokenizer"]
    except (OSError, ValueError, KeyError, TypeError):  # weights from elsewhere
        return
    if trained_on != sample.tokenizer:
        raise UserError(
            f"weights {path}: this encoder was trained on tokens of the tokeniser {str(trained_on)[:12]}; those of the "
            f"data are of {str(sample.tokenizer)[:12]}, which was learned from other text or has other settings: train "
            "the encoder on these data, or leave out encoder.weights"
        )


def bare(name: str) -> str:
    """An entry's name without the prefixes that wrappers put before it."""
    while name.startswith(PREFIXES):
        name = name.partition(".")[2]
    return name


def read(path: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint by name; a nested `state_dict` or `model` entry is looked into."""
    try:
        open_regular(path).close()
    except OSError as error:
        raise UserError(f"weights {path}: cannot be read: {reason(error)}") from None
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (SafetensorError, RuntimeError, ValueError, EOFError, KeyError, OSError, AttributeError) as error:
        raise UserError(f"weights {path}: not a checkpoint that can be read: {error}") from error
    except pickle.UnpicklingError as error:
        raise UserError(f"weights {path}: holds more than tensors, which Probeline does not unpickle") from error
    for key in ("state_dict", "model"):
        content = content.get(key, content) if isinstance(content, dict) else content
    if not isinstance(content, dict) or not all(isinstance(value, Tensor) for value in content.values()):
        raise UserError(f"weights {path}: holds no table of tensors")
    return content
