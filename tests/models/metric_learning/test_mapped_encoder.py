import torch
from probeline.core.encoder import Encoded, Encoder
from probeline.models.metric_learning.mapped_encoder import MappedEncoder


class Doubled(Encoder):
    dim, frame_rate = 3, 50.0

    def forward(self, x, lengths=None):
        return Encoded(2 * x.mean(1), x, lengths)


def test_h_is_mapped_and_frames_stay():
    encoder = MappedEncoder(Doubled(), 2)
    x, lengths = torch.randn(4, 5, 3), torch.tensor([5, 4, 3, 2])
    encoded = encoder(x, lengths)
    assert torch.equal(encoded.h, 2 * x.mean(1))  # nothing is learned yet
    assert torch.equal(encoded.frames, x) and torch.equal(encoded.lengths, lengths) and encoder.frame_rate == 50
    with torch.no_grad():
        encoder.learned(torch.ones(2, 3), torch.ones(3))
    torch.testing.assert_close(encoder(x).h[:, 0], 2 * x.mean(1).sum(1) - 3)
    assert torch.equal(encoder(x).frames, x)


def test_what_is_learned_is_in_the_state():
    encoder, other = MappedEncoder(Doubled(), 2), MappedEncoder(Doubled(), 2)
    with torch.no_grad():
        encoder.learned(torch.randn(2, 3), torch.randn(3))
    other.load_state_dict(encoder.state_dict())
    x = torch.randn(4, 5, 3)
    assert torch.equal(other(x).h, encoder(x).h) and other(x).h.shape == (4, 2)
