"""Tokens hidden for a model to predict: which, and what is in their places.

Devlin et al.: BERT, NAACL 2019, arXiv 1810.04805, section 3.1 and appendix A.1; whole words: the authors' code of 2019.
"""

import torch
from torch import Tensor

from probeline.core.batch import Batch, Views
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT, MASK, START, UNKNOWN
from probeline.data.text import tokenizer
from probeline.errors import BadData, NotApplicable
from probeline.methods._token_settings import MaskSettings
from probeline.methods._tokens import real_positions


def chosen_positions(
    x: Tensor, lengths: Tensor | None, settings: MaskSettings, rng: SampleRNG, word_starts: Tensor | None
) -> Tensor:
    """bool [B, T]: `share` of each row's tokens that are text, at least one where there is any.

    `word_starts`: bool [V], which tokens begin a word, where whole words are chosen; then up to one word more is.
    """
    text = ((x >= COUNT) | (x == UNKNOWN)) & real_positions(x, lengths)
    draws = rng.fold_in("chosen").uniform(x.shape[1])
    if word_starts is not None:
        word = (word_starts[x] | ~text).cumsum(1) - 1  # special tokens are words of their own
        draws = draws.gather(1, word.clamp(min=0))
    draws = draws.masked_fill(~text, 2.0)
    wanted = (settings.share * text.sum(1)).round().long().clamp(min=1)
    last = draws.sort(1).values.gather(1, wanted[:, None] - 1)
    return (draws <= last) & text


def word_starts(sample: SampleSpec) -> Tensor:
    """bool [V]: which tokens begin a word, in the tokeniser of these samples. Raises BadData where it is not there."""
    try:
        return torch.from_numpy(tokenizer.load(sample.tokenizer).word_starts())
    except NotApplicable as error:
        raise BadData(f"method.unit words: {error}") from error


def hidden(x: Tensor, chosen: Tensor, settings: MaskSettings, rng: SampleRNG, vocabulary: int) -> Tensor:
    """The tokens [B, T] with the chosen ones masked, replaced or left alone."""
    kind = rng.fold_in("kind").uniform(x.shape[1])
    other = rng.fold_in("other").integers(vocabulary - COUNT, x.shape[1]) + COUNT
    masked = torch.where(kind < settings.masked, MASK, torch.where(kind < settings.masked + settings.random, other, x))
    return torch.where(chosen, masked, x)


def hidden_views(batch: Batch, settings: MaskSettings, rng: SampleRNG, starts: Tensor | None, vocabulary: int) -> Views:
    """The batch with tokens hidden and [CLS] first; targets: [B, T], the hidden tokens, -1 for the others."""
    x = batch.inputs.clone()
    x[:, 0] = START
    chosen = chosen_positions(x, batch.lengths, settings, rng, starts)
    return Views(hidden(x, chosen, settings, rng, vocabulary), torch.where(chosen, x, -1), lengths=batch.lengths)
