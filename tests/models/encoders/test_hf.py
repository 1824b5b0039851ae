"""Models of the library `transformers` from a folder: the same vectors, ids by content, and what is refused."""

from pathlib import Path

import pytest
import torch
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT, PADDING, SEPARATOR, START
from probeline.data.store import digest_of_path
from probeline.errors import UserError
from probeline.experiment.canonical import canonical_component
from probeline.experiment.components import resolve
from probeline.experiment.identity import weights_key
from probeline.experiment.resolved import ResolvedComponent
from probeline.models.build import build_encoder
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast, Wav2Vec2Config, Wav2Vec2Model

SPECIAL = {"[UNK]": 0, "a": 1, "[PAD]": 2, "b": 3, "[SEP]": 4, "[CLS]": 5, "[MASK]": 6, "c": 7}
SIZE = len(SPECIAL)
TOKENS = SampleSpec("tokens", "int32", (None,), vocabulary=SIZE + COUNT, longest=12)
CLIPS = SampleSpec("waveform", "int16", (None,), rate=16000, longest=4000)
SMALL = {"num_hidden_layers": 2, "hidden_size": 16, "num_attention_heads": 2, "intermediate_size": 16}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A BERT with its tokeniser."""
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path / "cache"))
    torch.manual_seed(0)
    BertModel(BertConfig(vocab_size=SIZE, pad_token_id=2, **SMALL)).eval().save_pretrained(tmp_path / "bert")
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("unk", "pad", "sep", "cls", "mask")}
    inner = Tokenizer(WordPiece(SPECIAL, unk_token="[UNK]"))
    PreTrainedTokenizerFast(tokenizer_object=inner, **names).save_pretrained(tmp_path / "bert")
    return tmp_path / "bert"


@torch.no_grad()
def test_vectors_of_text_are_those_of_the_model_on_its_own_tokens(folder: Path) -> None:
    encoder = build_encoder({"name": "hf", "path": str(folder)}, TOKENS).eval()
    x = torch.tensor([[START, COUNT + 1, COUNT + 3, SEPARATOR], [START, COUNT + 7, SEPARATOR, PADDING]])
    encoded = encoder(x, torch.tensor([4, 3]))
    model = BertModel.from_pretrained(folder, local_files_only=True).eval()
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 1, 0]])
    theirs = model(input_ids=torch.tensor([[5, 1, 3, 4], [5, 7, 4, 2]]), attention_mask=mask).last_hidden_state
    torch.testing.assert_close(encoded.h, (theirs * mask[..., None]).sum(1) / mask.sum(1, keepdim=True))
    assert encoded.layers is not None and len(encoded.layers) == 3


def test_the_identity_holds_the_content_and_not_the_path(folder: Path) -> None:
    component = resolve("encoders", {"name": "hf", "path": str(folder)}).value
    assert component is not None and canonical_component("encoders", component) == {"name": "hf"}
    assert weights_key(ResolvedComponent.from_dict(component)) is not None
    before = digest_of_path(folder)
    moved = folder.rename(folder.with_name("elsewhere"))
    assert digest_of_path(moved) == before
    (moved / "model.safetensors").unlink()
    assert digest_of_path(moved) != before


@torch.no_grad()
def test_frames_of_a_clip_are_those_of_the_model_alone(tmp_path: Path) -> None:
    sizes = {"conv_dim": [8] * 7, "num_conv_pos_embeddings": 8, "num_conv_pos_embedding_groups": 2}
    torch.manual_seed(0)
    model = Wav2Vec2Model(Wav2Vec2Config(**SMALL, **sizes)).eval()
    model.save_pretrained(tmp_path)
    encoder = build_encoder({"name": "hf", "path": str(tmp_path), "scale": "none"}, CLIPS).eval()
    x = 0.1 * torch.randn(2, 4000, generator=torch.Generator().manual_seed(0))
    x[1, 3000:] = 0
    encoded = encoder(x, torch.tensor([4000, 3000]))
    for row, length in enumerate((4000, 3000)):
        theirs = model(x[row : row + 1, :length]).last_hidden_state[0]
        torch.testing.assert_close(encoded.frames[row, : len(theirs)], theirs)
        assert encoded.lengths is not None and int(encoded.lengths[row]) == len(theirs)
    assert encoder.frame_rate == 50 and encoder.first_frame == 200


def test_other_samples_vocabularies_and_folders_are_refused_with_a_remedy(folder: Path) -> None:
    with pytest.raises(UserError, match="bert reads no waveforms"):
        build_encoder({"name": "hf", "path": str(folder)}, CLIPS)
    other = SampleSpec("tokens", "int32", (None,), vocabulary=261, longest=12)
    with pytest.raises(UserError, match=r"has 8 tokens, the data's 261; data\.tokenizer: \{name: hf, path"):
        build_encoder({"name": "hf", "path": str(folder)}, other)
    with pytest.raises(UserError, match=r"is no folder with a config\.json"):
        build_encoder({"name": "hf", "path": str(folder / "none")}, TOKENS)
    for written, message in (({}, "give an architecture"), ({"path": "x", "options": {"a": 1}}, "options and weights")):
        ((_, refused),) = resolve("encoders", {"name": "hf", **written}).complaints
        assert message in refused
