"""Every shipped plug-in whose contract is functions has them, with the parameters that `core/` states."""

from inspect import Parameter, signature
from typing import Any

import pytest
from probeline.core.augmentation import Augmentation, PaddedAugmentation
from probeline.core.dataset_plugin import DatasetPlugin
from probeline.core.encoder import EncoderPlugin
from probeline.plugins import catalog


def parameters(function: Any) -> list[str]:
    """The names of a function's parameters, `self` aside."""
    return [name for name in signature(function).parameters if name != "self"]


@pytest.mark.parametrize("name", catalog.names("datasets"))
def test_a_data_set_lists_its_files_and_reads_them(name: str) -> None:
    module = catalog.module("datasets", name)
    for function in ("files", "read"):
        assert len(parameters(getattr(module, function))) == len(parameters(getattr(DatasetPlugin, function)))


@pytest.mark.parametrize("name", catalog.names("encoders"))
def test_an_encoder_is_built_for_samples_of_a_kind(name: str) -> None:
    assert parameters(catalog.module("encoders", name).build) == parameters(EncoderPlugin.build)


@pytest.mark.parametrize("name", catalog.names("augmentations"))
def test_an_augmentation_takes_samples_its_config_and_what_is_random(name: str) -> None:
    given = parameters(catalog.plugin_function("augmentations", name))[1:]
    assert given in (parameters(Augmentation.__call__)[1:], parameters(PaddedAugmentation.__call__)[1:])


@pytest.mark.parametrize("name", catalog.names("losses"))
def test_the_parameters_of_a_losss_config_are_its_keywords(name: str) -> None:
    function = catalog.plugin_function("losses", name)
    keywords = {key for key, each in signature(function).parameters.items() if each.kind is not Parameter.VAR_KEYWORD}
    assert set(catalog.any_config("losses", name).model_fields) - {"variant"} <= keywords
