import torch
from probeline.core.batch import Batch
from probeline.core.dataset import DatasetInfo
from probeline.core.sample_rng import SampleRNG
from probeline.core.sample_spec import SampleSpec
from probeline.methods.context.wav2vec import Config, Wav2vec
from probeline.models.build import build_encoder
from torch.nn import functional as F

SAMPLE = SampleSpec("waveform", "int16", (None,), 16000, longest=4000)


def test_the_loss_is_eq_1_by_hand() -> None:
    torch.manual_seed(0)
    encoder = build_encoder({"name": "wave_conv", "width": 8, "context": "conv", "context_width": 6}, SAMPLE)
    method = Wav2vec(Config(steps=2, negatives=3), encoder, DatasetInfo("-", 8, 2, 2, (), SAMPLE)).eval()
    given = Batch(torch.randn(1, 4000), torch.tensor([-1]), torch.arange(1))
    views = method.views(given, SampleRNG(0, 0, given.index))
    outputs = method(views)
    z, c, frames = outputs.z[0], outputs.extra["context"][0], outputs.z.shape[1]
    losses = []
    for step in (1, 2):
        chosen = (views.targets.view(1, 2, 3)[0, step - 1] * frames).long()
        each = []
        for at in range(frames - step):
            predicted = method.predictors[step - 1](c[at])
            others = [F.logsigmoid(-z[index] @ predicted) for index in chosen.tolist() if index != at + step]
            each.append(-F.logsigmoid(z[at + step] @ predicted) - 3 * torch.stack(others).mean())
        losses.append(torch.stack(each).mean())
    torch.testing.assert_close(method.loss(outputs, views)["loss"], torch.stack(losses).mean())
