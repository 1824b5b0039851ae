"""Weights of the `transformers` library's classes under the names of Probeline's trunk."""

import torch
from torch import Tensor, nn


def gpt2(model: nn.Module) -> dict[str, Tensor]:
    """A `GPT2LMHeadModel` for a `TokenTransformer`: its `Conv1D` has transposed weights."""
    names = {
        "ln_1": "attention_norm",
        "ln_2": "norm",
        "attn.c_attn": "attention.project",
        "attn.c_proj": "attention.merge",
    }
    names |= {"mlp.c_fc": "grow", "mlp.c_proj": "shrink"}
    state, result = model.state_dict(), {}
    result["tokens.weight"] = state["transformer.wte.weight"]
    result["trunk.positions.table.weight"] = state["transformer.wpe.weight"]
    for kind in ("weight", "bias"):
        result[f"trunk.norm.{kind}"] = state[f"transformer.ln_f.{kind}"]
    for name, tensor in state.items():
        if name.startswith("transformer.h."):
            block, inner = name.removeprefix("transformer.h.").split(".", 1)
            layer, kind = inner.rsplit(".", 1)
            transposed = kind == "weight" and "ln" not in layer
            result[f"trunk.blocks.{block}.{names[layer]}.{kind}"] = tensor.T.clone() if transposed else tensor
    return result


def bert(model: nn.Module, prefix: str = "bert.") -> dict[str, Tensor]:
    """A BERT or ELECTRA, whose parts begin with `prefix`, for a `TokenTransformer`."""
    state = {
        name.removeprefix(prefix): tensor for name, tensor in model.state_dict().items() if name.startswith(prefix)
    }
    result = {
        "tokens.weight": state["embeddings.word_embeddings.weight"],
        "types.weight": state["embeddings.token_type_embeddings.weight"],
        "trunk.positions.table.weight": state["embeddings.position_embeddings.weight"],
        "trunk.norm.weight": state["embeddings.LayerNorm.weight"],
        "trunk.norm.bias": state["embeddings.LayerNorm.bias"],
    }
    names = {"attention.output.dense": "attention.merge", "attention.output.LayerNorm": "attention_norm"}
    names |= {"intermediate.dense": "grow", "output.dense": "shrink", "output.LayerNorm": "norm"}
    depth = 1 + max(int(name.split(".")[2]) for name in state if name.startswith("encoder.layer."))
    for block in range(depth):
        for kind in ("weight", "bias"):
            self_attention = f"encoder.layer.{block}.attention.self"
            parts = [state[f"{self_attention}.{part}.{kind}"] for part in ("query", "key", "value")]
            result[f"trunk.blocks.{block}.attention.project.{kind}"] = torch.cat(parts)
            for theirs, ours in names.items():
                result[f"trunk.blocks.{block}.{ours}.{kind}"] = state[f"encoder.layer.{block}.{theirs}.{kind}"]
    return result


def wav2vec2(model: nn.Module) -> dict[str, Tensor]:
    """A `Wav2Vec2Encoder` or `HubertEncoder` for a `Transformer`."""
    names = {"attention.out_proj": "attention.merge", "layer_norm": "attention_norm", "final_layer_norm": "norm"}
    names |= {"feed_forward.intermediate_dense": "grow", "feed_forward.output_dense": "shrink"}
    state, result = model.state_dict(), {}
    for name, tensor in state.items():
        layer, kind = name.rsplit(".", 1)
        if name.startswith("layers."):
            _, block, inner = layer.split(".", 2)
            if inner in names:
                result[f"blocks.{block}.{names[inner]}.{kind}"] = tensor
            elif inner == "attention.q_proj":
                parts = [state[f"layers.{block}.attention.{part}_proj.{kind}"] for part in "qkv"]
                result[f"blocks.{block}.attention.project.{kind}"] = torch.cat(parts)
        else:
            result[name.replace("pos_conv_embed.conv", "positions.layer").replace("layer_norm", "norm")] = tensor
    return result
