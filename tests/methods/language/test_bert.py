from dataclasses import replace

import pytest
import torch
import transformers
from helpers.transformers_weights import bert
from probeline.core.batch import Batch, Views
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.core.special_tokens import COUNT, MASK, SEPARATOR, START
from probeline.data.text.tokenizer import store, trained
from probeline.errors import BadData
from probeline.methods.language.bert import BERT, Config, text_pairs
from probeline.models.build import build_encoder
from pydantic import ValidationError

VOCABULARY = 1000
SAMPLE = SampleSpec("tokens", "int32", (None,), vocabulary=VOCABULARY, longest=100)
INFO = DatasetInfo("-", 1, 1, 1, (), SAMPLE)
SMALL = {"name": "transformer", "width": 32, "depth": 2, "heads": 4, "context": 64, "norm": "post", "epsilon": 1e-12}


def method(causal=False, info=INFO, **settings) -> BERT:
    torch.manual_seed(0)
    return BERT(Config(**settings), build_encoder(SMALL | {"causal": causal, "types": 2}, info.sample), info).eval()


def tokens(rows=200, length=60, seed=0) -> torch.Tensor:
    return torch.randint(COUNT, VOCABULARY, (rows, length), generator=torch.Generator().manual_seed(seed))


def views(made: BERT, x: torch.Tensor, lengths: torch.Tensor | None = None) -> Views:
    index = torch.arange(len(x))
    return made.views(Batch(x, torch.full_like(index, -1), index, lengths), SampleRNG(0, 0, index))


def test_on_the_weights_of_bert_the_loss_is_its() -> None:
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    config = transformers.BertConfig(vocab_size=VOCABULARY, max_position_embeddings=64, **shape)
    oracle = transformers.BertForMaskedLM(config).eval()
    made, x = method(), tokens(4)
    made.encoder.load_state_dict(bert(oracle))
    head = oracle.cls.predictions
    made.scores.dense.load_state_dict(head.transform.dense.state_dict())
    made.scores.norm.load_state_dict(head.transform.LayerNorm.state_dict())
    made.scores.bias.data.copy_(head.bias)
    seen = views(made, x)
    labels = torch.where(seen.targets >= 0, seen.targets, -100)
    wanted = oracle(seen.inputs, labels=labels).loss
    torch.testing.assert_close(made.loss(made(seen), seen)["loss"], wanted, atol=1e-5, rtol=0)


def test_the_shares_of_chosen_masked_random_and_unchanged_tokens_are_the_papers() -> None:
    x = tokens(2000)
    seen = views(method(), x)
    chosen = seen.targets >= 0
    assert (chosen.sum(1) == round(0.15 * 59)).all()
    masked, same = (seen.inputs == MASK) & chosen, (seen.inputs == seen.targets) & chosen
    shares = [float(part.sum() / chosen.sum()) for part in (masked, same, chosen & ~masked & ~same)]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.02)
    assert torch.equal(seen.inputs[~chosen][1:], torch.where(torch.arange(60) == 0, START, x)[~chosen][1:])
    assert torch.equal(seen.targets[chosen], x[chosen])


def test_special_tokens_and_padding_are_never_chosen() -> None:
    x, lengths = tokens(), torch.arange(200) % 50 + 10
    x[:, 7] = SEPARATOR
    seen = views(method(share=0.9), x, lengths)
    chosen = seen.targets >= 0
    assert not chosen[:, [0, 7]].any()
    assert not (chosen & (torch.arange(60) >= lengths[:, None])).any()
    assert chosen.any(1).all()


@pytest.mark.parametrize("settings", [{"masked": 1.0, "random": 0.0}, {"masked": 0.0, "random": 0.0}])
def test_all_may_be_masked_and_all_may_stay(settings: dict) -> None:
    seen = views(method(**settings), tokens())
    chosen = seen.targets >= 0
    wanted = torch.full_like(seen.targets, MASK) if settings["masked"] else seen.targets
    assert torch.equal(seen.inputs[chosen], wanted[chosen])


def test_whole_words_are_chosen_together(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PROBELINE_CACHE", str(tmp_path))
    text = "some words of a sentence that is long enough to choose from them and more"
    tokenizer = trained({"name": "characters", "vocabulary": None}, [text])
    sample = replace(SAMPLE, vocabulary=tokenizer.size, tokenizer=store("characters", tokenizer))
    made = method(info=replace(INFO, sample=sample), unit="words")
    x = torch.from_numpy(tokenizer.encode([" " + text])[0]).long()[:60].expand(100, -1).contiguous()
    chosen = views(made, x).targets >= 0
    word = torch.from_numpy(tokenizer.word_starts())[x[0]].cumsum(0)
    for row in chosen:
        for number in word[1:].unique():
            assert row[1:][word[1:] == number].unique().numel() == 1
    assert 0.1 < chosen.float().mean() < 0.3


def test_whole_words_need_the_tokeniser() -> None:
    with pytest.raises(BadData, match=r"method\.unit words: the data have no tokeniser"):
        method(unit="words")


def test_a_causal_encoder_is_refused_with_the_remedy() -> None:
    with pytest.raises(BadData, match=r"set encoder\.causal to false"):
        method(causal=True)


def test_shares_that_are_more_than_all_are_refused() -> None:
    with pytest.raises(ValidationError, match="together at most 1"):
        Config(masked=0.8, random=0.3)


def test_half_of_the_second_texts_follow_and_the_others_are_from_further_on() -> None:
    x = torch.arange(COUNT, COUNT + 128).expand(400, -1)
    pairs, follows = text_pairs(x, 64, SampleRNG(0, 0, torch.arange(400)))
    assert pairs.shape == (400, 64) and float(follows.float().mean()) == pytest.approx(0.5, abs=0.1)
    assert (pairs[:, 0] == START).all() and (pairs[:, -1] == SEPARATOR).all() and (pairs[:, 31] == SEPARATOR).all()
    first = x[:, :30]
    assert torch.equal(pairs[:, 1:31], first)
    gap = pairs[:, 32] - pairs[:, 30]
    assert (gap[follows == 1] == 1).all() and (gap[follows == 0] > 64).all()


def test_on_the_weights_of_bert_both_losses_are_its() -> None:
    torch.manual_seed(0)
    shape = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 128}
    config = transformers.BertConfig(vocab_size=VOCABULARY, max_position_embeddings=64, **shape)
    oracle = transformers.BertForPreTraining(config).eval()
    made = method(next_sentence=True)
    made.encoder.load_state_dict(bert(oracle))
    head = oracle.cls.predictions
    made.scores.dense.load_state_dict(head.transform.dense.state_dict())
    made.scores.norm.load_state_dict(head.transform.LayerNorm.state_dict())
    made.scores.bias.data.copy_(head.bias)
    made.follows[0].load_state_dict(oracle.bert.pooler.dense.state_dict())
    made.follows[2].load_state_dict(oracle.cls.seq_relationship.state_dict())
    assert made.window == 128
    seen = views(made, tokens(6, 128))
    labels = torch.where(seen.targets >= 0, seen.targets, -100)
    labels[:, 0] = -100
    types = (torch.arange(64) > 31).long().expand(6, -1)
    wanted = oracle(seen.inputs, token_type_ids=types, labels=labels, next_sentence_label=seen.targets[:, 0]).loss
    torch.testing.assert_close(made.loss(made(seen), seen)["loss"], wanted, atol=1e-5, rtol=0)


def test_next_sentences_need_windows_over_the_whole_text() -> None:
    with pytest.raises(BadData, match=r"set method\.windows to packed"):
        method(next_sentence=True, windows="documents")
