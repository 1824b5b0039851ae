"""Tokens as a picture: the beginning of their text, in lines."""

import textwrap

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from probeline.data.text import tokenizer as tokenizers

WIDTH, LINES, LINE, COLUMNS = 180, 5, 13, 30
"""Pixels of a picture's width, lines of text, pixels of a line's height, characters of a line at most."""

MAX_TOKENS = LINES * COLUMNS
"""Of a sample that are decoded: every token but special ones is a character at least."""


def render(tokens: Tensor, digest: str) -> Tensor:
    """tokens: int64 [T] without padding, of the tokeniser `digest` -> [1, H, W] in [0, 1], black on white.

    Raises NotApplicable where the cache has lost the tokeniser.
    """
    text = tokenizers.load(digest).decode(tokens[:MAX_TOKENS].tolist())
    lines = textwrap.wrap(text, COLUMNS, max_lines=LINES, placeholder=" ...")
    paper = Image.new("L", (WIDTH, LINES * LINE), 255)
    ImageDraw.Draw(paper).multiline_text((1, 0), "\n".join(lines), 0, ImageFont.load_default(), spacing=2)
    return torch.from_numpy(np.array(paper)).float().div_(255)[None]
