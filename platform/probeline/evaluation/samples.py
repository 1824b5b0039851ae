"""Continuations of test texts, drawn token by token from a method that predicts the next one.

The artifact continuations.json has them as text. No label is read.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from pydantic import Field
from torch import Tensor

from probeline.core.events import Artifact
from probeline.core.sample_rng import SampleRNG
from probeline.core.settings import Settings
from probeline.core.special_tokens import SEPARATOR
from probeline.data.text import tokenizer as tokenizers
from probeline.data.text.tokenizer import Tokenizer
from probeline.errors import NotApplicable
from probeline.evaluation._frozen_method import FrozenMethod
from probeline.evaluation._strided import PredictsTokens
from probeline.evaluation.base import EvaluationData, Protocol

TAKES = ("tokens",)
NEEDS = ("likelihood",)
FORMAT = 1  # of the JSON file


class Config(Settings):
    """Prompts are the beginnings of test texts, or what is given; the trial's seed decides the draws."""

    prompts: list[str] = Field([], description="Texts to go on from; none: beginnings of test texts.")
    count: int = Field(4, ge=1, description="Test texts to go on from, where there are no prompts.")
    prompt_tokens: int = Field(32, ge=1, description="Tokens of a test text that are a prompt.")
    length: int = Field(200, ge=1, description="Tokens drawn; a continuation ends earlier with its text.")
    temperature: float = Field(0.8, gt=0, description="Scores are divided by it: below 1 likely tokens are preferred.")
    top_k: int | None = Field(40, ge=1, description="Drawn among so many likeliest tokens; null: among all.")


class Continuations(Protocol[Config]):
    """One file: prompts and what was drawn after each."""

    @torch.no_grad()
    def evaluate(self, data: EvaluationData, folder: Path) -> Iterator[Artifact]:
        subject = data.subject
        if not isinstance(subject.method, PredictsTokens):
            name = type(subject.method).__name__
            raise NotApplicable(f"samples are for methods that predict the next token, such as gpt; {name} does not")
        tokenizer = tokenizers.load(data.info.sample.tokenizer)
        prompts = self._prompts(subject, tokenizer)
        rng = SampleRNG(subject.seed, 0, torch.arange(len(prompts), device=subject.device))
        texts: list[dict[str, str]] = []
        for number, prompt in enumerate(prompts):
            numbers = rng[number : number + 1].uniform(self.config.length, "continuation")[0]
            tokens = self._continuation(subject.method, prompt, numbers)
            subject.heartbeat()
            pair = tokenizer.decode(prompt.tolist()), tokenizer.decode(tokens.tolist())
            texts.append(dict(zip(("prompt", "continuation"), pair, strict=True)))
        path = folder / "continuations.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        document = {
            "format": FORMAT,
            "temperature": self.config.temperature,
            "top_k": self.config.top_k,
            "texts": texts,
        }
        path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
        yield Artifact(path.name, path)

    def _prompts(self, subject: FrozenMethod, tokenizer: Tokenizer) -> list[Tensor]:
        """int64 [T] each, after the [SEP] that ends the text before."""
        if self.config.prompts:
            texts = [torch.from_numpy(each).long() for each in tokenizer.encode(self.config.prompts)]
        else:
            batch = next(subject.batches("test", self.config.count, shuffle=True))
            texts = [row[: self.config.prompt_tokens] for row in batch.inputs.cpu()]
        end = torch.tensor([SEPARATOR])
        return [torch.cat([end, text]).to(subject.device) for text in texts]

    def _continuation(self, method: PredictsTokens, prompt: Tensor, numbers: Tensor) -> Tensor:
        """int64 [n], n at most `length`. numbers: [length] in [0, 1), one a token."""
        text = prompt
        for number in numbers:
            logits = method.next_token_logits(text[None, -method.context :])[0, -1].float() / self.config.temperature
            if self.config.top_k is not None and self.config.top_k < len(logits):
                logits = logits.masked_fill(logits < logits.topk(self.config.top_k).values[-1], -torch.inf)
            shares = logits.softmax(0).cumsum(0)
            token = torch.searchsorted(shares, number * shares[-1], right=True).clamp(max=len(shares) - 1)
            if token == SEPARATOR:
                break
            text = torch.cat([text, token[None]])
        return text[len(prompt) :]
