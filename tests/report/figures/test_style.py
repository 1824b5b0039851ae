import itertools

import numpy as np
import pytest
from probeline.report.figures import _style

# Machado, Oliveira, Fernandes 2009, severity 1
DEFICIENCIES = {
    "none": np.eye(3),
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}


def linear(colour):
    srgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    dark, light = sorted(linear(colour) @ [0.2126, 0.7152, 0.0722] for colour in (a, b))
    return (light + 0.05) / (dark + 0.05)


def lab(rgb):
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(np.maximum(to_xyz @ rgb / [0.9505, 1, 1.089], 1e-4))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("page", ["#ffffff", "#15181d"])
def test_every_colour_stands_out_from_the_page(page):
    assert min(contrast(colour, page) for colour in _style.PALETTE) >= 3


@pytest.mark.parametrize("matrix", DEFICIENCIES.values(), ids=DEFICIENCIES)
def test_colours_differ_for_every_eye(matrix):
    seen = [lab(np.clip(np.asarray(matrix) @ linear(colour), 0, 1)) for colour in _style.PALETTE]
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) > 15


def test_labels_past_the_palette_differ_by_their_symbol_and_their_hatch():
    looks = _style.style([f"m{i}" for i in range(20)])
    assert len({(look.colour, look.symbol) for look in looks.values()}) == 20
    assert len({(look.colour, look.hatch) for look in looks.values()}) == 20
    assert looks["m0"] == _style.style(["m0"])["m0"]


def test_markup_and_templates_in_a_name_are_inert():
    assert _style.text("<b>%{x}</b> & \"'") == "&lt;b&gt;%&#123;x}&lt;/b&gt; &amp; \"'"
    assert _style.text("a\u202eb\nc") == "ab c"


def test_right_to_left_names_are_isolated_and_long_ones_cut():
    assert _style.text("שלום") == "\u2068שלום\u2069"
    assert len(_style.text("x" * 500)) == 60


def test_a_long_name_is_wrapped_over_two_lines():
    assert _style.wrapped("simclr batch_size=128", 18) == "simclr<br>batch_size=128"
    assert _style.wrapped("", 18) == ""
