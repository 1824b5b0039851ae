import json
import pickle

import pytest
import torch
from probeline.core.sample_spec import SampleSpec, image
from probeline.errors import UserError
from probeline.models.build import build_encoder
from probeline.models.weights import load_weights
from safetensors.torch import save_file

SHAPE = (32, 32, 3)


def encoder(seed, **options):
    torch.manual_seed(seed)
    return build_encoder({"name": "resnet", "width": 4, **options}, image(*SHAPE))


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


@pytest.mark.parametrize("prefix", ["", "module.", "module.encoder."])
def test_a_wrapped_torch_checkpoint_with_a_head_loads(tmp_path, prefix):
    source = encoder(1)
    entries = {prefix + key: value for key, value in source.state_dict().items()}
    torch.save({"state_dict": entries | {"fc.weight": torch.zeros(10, 32)}}, tmp_path / "a.pth")
    assert same(encoder(2, weights=str(tmp_path / "a.pth")), source)


def test_safetensors_load(tmp_path):
    source = encoder(1)
    save_file(source.state_dict(), tmp_path / "a.safetensors")
    assert same(encoder(2, weights=str(tmp_path / "a.safetensors")), source)


def test_torchvisions_own_checkpoint_loads_into_our_resnet(tmp_path):
    models = pytest.importorskip("torchvision.models")
    torch.save(models.resnet18(weights=None).state_dict(), tmp_path / "resnet18.pth")
    build_encoder({"name": "resnet", "stem": "imagenet", "weights": str(tmp_path / "resnet18.pth")}, image(*SHAPE))


def test_timms_own_checkpoint_loads_into_a_timm_encoder(tmp_path):
    timm = pytest.importorskip("timm")
    save_file(timm.create_model("resnet10t").state_dict(), tmp_path / "t.safetensors")
    build_encoder({"name": "timm/resnet10t", "weights": str(tmp_path / "t.safetensors")}, image(*SHAPE))


def test_another_width_is_refused_by_name(tmp_path):
    save_file(encoder(1).state_dict(), tmp_path / "a.safetensors")
    with pytest.raises(UserError, match=r"missing or have another shape, first conv1\.weight"):
        build_encoder({"name": "resnet", "width": 8, "weights": str(tmp_path / "a.safetensors")}, image(*SHAPE))


class Planted:
    def __reduce__(self):
        return (print, ("run",))


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", pickle.dumps(Planted()), pickle.dumps({"a": 1})])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_what_is_no_checkpoint_is_refused_and_never_run(tmp_path, content, suffix, capsys):
    path = tmp_path / f"a{suffix}"
    path.write_bytes(content)
    with pytest.raises(UserError, match=str(path)):
        load_weights(torch.nn.Linear(2, 2), path)
    assert capsys.readouterr().out == ""


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match="cannot be read: No such file"):
        load_weights(torch.nn.Linear(2, 2), tmp_path / "none.pth")


def test_weights_for_tokens_of_another_tokeniser_are_refused(tmp_path):
    """Their tables of vectors have one shape."""
    shape = {"name": "transformer", "width": 8, "depth": 1, "heads": 2, "context": 8}
    here, there = (SampleSpec("tokens", "int32", (None,), vocabulary=9, longest=8, tokenizer=name) for name in "ab")
    path = tmp_path / "encoder.safetensors"
    save_file(build_encoder(shape, here).state_dict(), path)
    assert build_encoder(shape | {"weights": str(path)}, there).dim == 8, "nothing says what they were trained on"
    (tmp_path / "encoder.json").write_text(json.dumps({"sample": here.as_dict()}))
    assert build_encoder(shape | {"weights": str(path)}, here).dim == 8
    with pytest.raises(UserError, match="trained on tokens of the tokeniser a; those of the data are of b"):
        build_encoder(shape | {"weights": str(path)}, there)
