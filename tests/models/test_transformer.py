import pytest
import torch
import transformers
from helpers.transformers_weights import bert, gpt2, wav2vec2
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT, SEPARATOR
from probeline.models.encoders.transformer import Config, TokenTransformer, build
from probeline.models.positions import Rotary, turned
from probeline.models.transformer import Transformer
from probeline.models.transformer_settings import TransformerSettings
from pydantic import ValidationError
from transformers.models.wav2vec2.modeling_wav2vec2 import Wav2Vec2Encoder

VOCABULARY, LENGTH = 50, 12
SAMPLE = SampleSpec("tokens", "int32", (None,), vocabulary=VOCABULARY, longest=LENGTH)
SMALL = {"width": 32, "depth": 2, "heads": 4, "context": 16}
KINDS = [
    pytest.param({"causal": True}, id="causal"),
    pytest.param({"norm": "post"}, id="post-norm"),
    pytest.param({"positions": "sinusoidal"}, id="sinusoidal"),
    pytest.param({"positions": "relative_convolution", "norm": "post"}, id="convolution"),
    pytest.param({"positions": "none", "causal": True, "documents": "apart"}, id="documents apart"),
    pytest.param({"positions": "rotary", "causal": True, "documents": "apart"}, id="rotary"),
    pytest.param({"embedding": 8, "types": 2}, id="factorised embeddings"),
    pytest.param({"context": 5}, id="longer than the context"),
    pytest.param({"pool": "last", "causal": True}, id="last token"),
    pytest.param({"pool": "first"}, id="first token"),
]


def encoder(**settings: object) -> TokenTransformer:
    torch.manual_seed(0)
    built = build(Config.model_validate(SMALL | settings), SAMPLE).eval()
    for weight in built.parameters():
        torch.nn.init.normal_(weight, std=0.3)  # far from the start, where much is nearly zero
    return built


def tokens(rows: int = 3, length: int = LENGTH, seed: int = 0) -> torch.Tensor:
    return torch.randint(COUNT, VOCABULARY, (rows, length), generator=torch.Generator().manual_seed(seed))


def test_gpt2_on_the_same_weights_gives_the_same_logits_and_layers() -> None:
    torch.manual_seed(0)
    settings = {"vocab_size": VOCABULARY, "n_positions": 16, "n_embd": 32, "n_layer": 2, "n_head": 4}
    oracle = transformers.GPT2LMHeadModel(transformers.GPT2Config(**settings)).eval()
    ours = encoder(causal=True, activation="gelu_tanh")
    ours.load_state_dict(gpt2(oracle))
    x = tokens()
    wanted = oracle(x, output_hidden_states=True)
    encoded = ours(x)
    torch.testing.assert_close(encoded.frames @ ours.tokens.weight.T, wanted.logits, atol=1e-5, rtol=0)
    torch.testing.assert_close(encoded.layers[0], wanted.hidden_states[1], atol=1e-5, rtol=0)


def test_rotary_scores_depend_on_distances_alone() -> None:
    query, key = torch.randn(2, 1, 1, 1, 8).expand(2, 1, 1, 20, 8)
    turn = Rotary(8)(torch.zeros(1, 20, 8), None)
    scores = turned(query, turn) @ turned(key, turn).transpose(2, 3)
    torch.testing.assert_close(scores[0, 0, :10, :10], scores[0, 0, 10:, 10:])
    torch.testing.assert_close(turned(query, turn)[..., 0, :], query[..., 0, :])


@pytest.mark.parametrize("padded", [False, True])
def test_bert_on_the_same_weights_gives_the_same_vectors(padded: bool) -> None:
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    config = transformers.BertConfig(vocab_size=VOCABULARY, max_position_embeddings=16, **shape)
    oracle = transformers.BertModel(config).eval()
    ours = encoder(norm="post", feedforward=64, epsilon=1e-12, types=2)
    ours.load_state_dict(bert(oracle, ""))
    x, lengths = tokens(), torch.tensor([12, 5, 9]) if padded else torch.tensor([12, 12, 12])
    x[:, 3] = SEPARATOR
    real = torch.arange(LENGTH) < lengths[:, None]
    types = (torch.arange(LENGTH) > 3).long().expand(3, -1)
    wanted = oracle(x, attention_mask=real.long(), token_type_ids=types).last_hidden_state
    frames = ours(x, lengths if padded else None).frames
    torch.testing.assert_close(frames[real], wanted[real], atol=1e-5, rtol=0)


@pytest.mark.parametrize("lengths", [None, torch.tensor([150, 70])], ids=["whole", "padded"])
def test_the_encoder_of_wav2vec2_on_the_same_weights_gives_the_same_vectors(lengths: torch.Tensor | None) -> None:
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
    oracle = Wav2Vec2Encoder(transformers.Wav2Vec2Config(**shape, attn_implementation="sdpa")).eval()
    kind = {"norm": "post", "positions": "relative_convolution", "feedforward": 64}
    ours = Transformer(TransformerSettings(width=32, depth=2, heads=4, **kind)).eval()
    ours.load_state_dict(wav2vec2(oracle))
    x = torch.randn(2, 150, 32)
    real = torch.ones(2, 150, dtype=torch.bool) if lengths is None else torch.arange(150) < lengths[:, None]
    wanted = oracle(x.clone(), real).last_hidden_state
    torch.testing.assert_close(ours(x, lengths).last[real], wanted[real], atol=1e-5, rtol=0)


def test_a_later_token_changes_no_earlier_vector_of_a_causal_trunk() -> None:
    ours, x = encoder(causal=True), tokens()
    other = x.clone()
    other[:, 7:] = tokens(seed=1)[:, 7:]
    torch.testing.assert_close(ours(other).frames[:, :7], ours(x).frames[:, :7])
    assert not torch.allclose(ours(other).frames[:, 7:], ours(x).frames[:, 7:])
    assert not torch.allclose(encoder()(other).frames[:, :7], encoder()(x).frames[:, :7])


@pytest.mark.parametrize("settings", KINDS)
def test_padding_changes_no_h(settings: dict) -> None:
    ours, x, lengths = encoder(**settings), tokens(), torch.tensor([12, 3, 7])
    encoded = ours(x, lengths)
    for row, length in enumerate(lengths.tolist()):
        alone = ours(x[row : row + 1, :length])
        torch.testing.assert_close(encoded.h[row : row + 1], alone.h, atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(encoded.frames[row, :length], alone.frames[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("causal", [False, True])
def test_documents_packed_apart_have_the_vectors_that_they_have_alone(causal: bool) -> None:
    ours = encoder(causal=causal, documents="apart")
    x = tokens(1)
    x[0, [3, 8]] = SEPARATOR
    frames = ours(x).frames
    for part in (slice(0, 4), slice(4, 9), slice(9, 12)):
        torch.testing.assert_close(frames[:, part], ours(x[:, part]).frames, atol=1e-5, rtol=1e-5)
    assert not torch.allclose(encoder(causal=causal)(x).frames[:, 9:], frames[:, 9:])


def test_recomputed_activations_give_the_same_gradient() -> None:
    gradients = []
    for checkpointing in (False, True):
        ours = encoder(checkpointing=checkpointing, dropout=0.2).train()
        torch.manual_seed(1)
        ours(tokens()).h.square().sum().backward()
        gradients.append([weight.grad for weight in ours.parameters()])
    for plain, recomputed in zip(*gradients, strict=True):
        torch.testing.assert_close(recomputed, plain)


def test_a_block_that_is_dropped_gives_its_input() -> None:
    ours = encoder(layer_drop=0.999, dropout=0.0).train()
    layers = ours(tokens()).layers
    assert torch.equal(layers[0], layers[1])
    layers = ours.eval()(tokens()).layers
    assert not torch.equal(layers[0], layers[1])


def test_there_is_no_dropout_in_evaluation() -> None:
    ours = encoder(dropout=0.5)
    assert torch.equal(ours(tokens()).h, ours(tokens()).h)
    ours.train()
    assert not torch.equal(ours(tokens()).h, ours(tokens()).h)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"heads": 5}, "heads is 5: it must divide width"),
        ({"causal": True, "positions": "relative_convolution"}, "looks ahead"),
        ({"width": 12, "heads": 4, "positions": "rotary"}, "even count"),
        ({"width": 9, "heads": 3, "positions": "sinusoidal"}, "need an even one"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(settings: dict, problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        Config.model_validate(SMALL | settings)
