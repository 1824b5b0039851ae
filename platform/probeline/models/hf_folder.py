"""A folder in the format of the library `transformers`: its model, rate and special tokens, without any network."""

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from probeline.errors import UserError

CONFIG, WEIGHTS, PROCESSOR = "config.json", "model.safetensors", "preprocessor_config.json"


class HfFolder:
    """`path` has a config.json; weights are drawn where it has no model.safetensors."""

    def __init__(self, path: Path) -> None:
        """Raises UserError where there is no such folder."""
        self.path = path
        if not (path / CONFIG).is_file():
            raise UserError(f"encoder hf: {path} is no folder with a {CONFIG}; give one that a model was saved in")

    def model(self, transformers: Any) -> Any:
        """The model. Raises UserError for one that transformers does not read, or only with code of its own."""
        try:
            if (self.path / WEIGHTS).is_file():
                return transformers.AutoModel.from_pretrained(self.path, local_files_only=True, use_safetensors=True)
            config = transformers.AutoConfig.from_pretrained(self.path, local_files_only=True)
            return transformers.AutoModel.from_config(config)
        except Exception as error:  # the library raises what its parts raise
            reason = str(error).strip().partition("\n")[0][:200]
            raise UserError(f"encoder hf: {self.path} cannot be read as a model: {reason}") from error

    @cached_property
    def rate(self) -> int | None:
        """The sampling rate that the model was trained at; None where the folder does not say."""
        file = self.path / PROCESSOR
        return json.loads(file.read_text(encoding="utf-8")).get("sampling_rate") if file.is_file() else None

    def special_tokens(self, transformers: Any) -> tuple[int, int, int, int, int]:
        """The model's numbers of padding, unknown, start, separator and mask. Raises UserError without a tokeniser."""
        try:
            own = transformers.AutoTokenizer.from_pretrained(self.path, local_files_only=True)
        except Exception as error:  # the library raises what its parts raise
            reason = str(error).strip().partition("\n")[0][:200]
            raise UserError(f"encoder hf: {self.path} has no tokeniser that can be read: {reason}") from error
        start = _first(own.cls_token_id, own.bos_token_id, own.eos_token_id)
        end = _first(own.sep_token_id, own.eos_token_id)
        padding = _first(own.pad_token_id, own.eos_token_id)
        return padding, _first(own.unk_token_id, padding), start, end, _first(own.mask_token_id, padding)


def _first(*numbers: int | None) -> int:
    return next((number for number in numbers if number is not None), 0)
