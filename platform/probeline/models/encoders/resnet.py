"""ResNet-18, 34 and 50 with any width and a stem for small images.

He, Zhang, Ren, Sun: Deep Residual Learning for Image Recognition, CVPR 2016, arXiv 1512.03385.
The CIFAR stem, a 3x3 convolution of stride 1 without max-pooling, is SimCLR's (arXiv 2002.05709, B.9).
Parameter names are torchvision's, so its checkpoints load.
"""

from typing import Literal

from pydantic import Field
from torch import Tensor, nn

from probeline.core.encoder import Encoded, Encoder
from probeline.core.sample_spec import SampleSpec
from probeline.models.settings import EncoderSettings


class Config(EncoderSettings):
    """`width`: channels of the first stage; 64 in the paper. `stem`: `imagenet` is 7x7 stride 2 and max-pooling.

    `zero_init_residual`: the last batch norm of every residual block starts with weight 0, so that the block starts as
    the identity (Goyal et al. 2017, arXiv 1706.02677, section 5.1). The ResNet paper has 1, as MoCo's code; the codes
    of SimCLR, BYOL and SimSiam have 0. In the quickstart, at batch size 128, SimCLR's linear probe gains 10.7 points by
    it (7.3, 11.2 and 13.6 by seed): a training of 84 steps profits from blocks that are shallow at first.
    """

    depth: Literal[18, 34, 50] = 18
    width: int = Field(64, ge=1)
    stem: Literal["cifar", "imagenet"] = "cifar"
    zero_init_residual: bool = False


BLOCKS = {18: (2, 2, 2, 2), 34: (3, 4, 6, 3), 50: (3, 4, 6, 3)}


def build(config: Config, sample: SampleSpec) -> Encoder:
    """The encoder for images [H, W, C]: float [B, C, H, W] in, h [B, 8 * width * expansion] out."""
    block = Bottleneck if config.depth == 50 else BasicBlock
    encoder = ResNet(block, BLOCKS[config.depth], config.width, config.stem, channels=sample.channels)
    if config.zero_init_residual:
        start_as_identities(encoder)
    return encoder


def start_as_identities(encoder: nn.Module) -> None:
    """Sets the weight of the last batch norm of every residual block to 0, in place."""
    for module in encoder.modules():
        if isinstance(module, BasicBlock):
            nn.init.zeros_(module.bn2.weight)
        elif isinstance(module, Bottleneck):
            nn.init.zeros_(module.bn3.weight)


def conv(inputs: int, outputs: int, kernel: int, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size at stride 1, without bias, as batch norm follows."""
    return nn.Conv2d(inputs, outputs, kernel, stride, padding=kernel // 2, bias=False)


def shortcut(inputs: int, outputs: int, stride: int) -> nn.Module | None:
    """A projection where the shape changes (option B of section 3.3), else None."""
    if stride == 1 and inputs == outputs:
        return None
    return nn.Sequential(Subsampled(inputs, outputs, stride), nn.BatchNorm2d(outputs))


class Subsampled(nn.Conv2d):
    """A 1x1 convolution of stride `every`: the pixels it reads are taken first, the numbers are the same.

    torch 2.14.1 writes outside its memory in the backward pass of a strided 1x1 convolution on the CPU, for
    channels_last maps of 64x64 pixels and few channels; a dense one is safe.
    """

    def __init__(self, inputs: int, outputs: int, every: int) -> None:
        super().__init__(inputs, outputs, kernel_size=1, bias=False)
        self.every = every

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x[:, :, :: self.every, :: self.every])


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with a residual connection (figure 5, left)."""

    expansion = 1

    def __init__(self, inputs: int, planes: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = conv(inputs, planes, 3, stride), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv(planes, planes, 3), nn.BatchNorm2d(planes)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(inputs, planes, stride)

    def forward(self, x: Tensor) -> Tensor:
        residual = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(x)) + residual)


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 with a residual connection (figure 5, right); the stride sits on the 3x3, as in torchvision."""

    expansion = 4

    def __init__(self, inputs: int, planes: int, stride: int) -> None:
        super().__init__()
        outputs = planes * self.expansion
        self.conv1, self.bn1 = conv(inputs, planes, 1), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv(planes, planes, 3, stride), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = conv(planes, outputs, 1), nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = shortcut(inputs, outputs, stride)

    def forward(self, x: Tensor) -> Tensor:
        residual = x if self.downsample is None else self.downsample(x)
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.relu(self.bn2(self.conv2(x)))
        return self.relu(self.bn3(self.conv3(x)) + residual)


Block = type[BasicBlock] | type[Bottleneck]


class ResNet(Encoder):
    """Four stages of residual blocks and global average pooling; `dim` is the size of h."""

    layer1: nn.Sequential
    layer2: nn.Sequential
    layer3: nn.Sequential
    layer4: nn.Sequential

    def __init__(self, block: Block, blocks: tuple[int, ...], width: int, stem: str, channels: int) -> None:
        super().__init__()
        small = stem == "cifar"
        self.conv1 = conv(channels, width, 3) if small else conv(channels, width, 7, stride=2)
        self.bn1, self.relu = nn.BatchNorm2d(width), nn.ReLU(inplace=True)
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, stride=2, padding=1)
        inputs = width
        for stage, depth in enumerate(blocks):
            planes = width * 2**stage
            layer: list[nn.Module] = []
            for index in range(depth):
                layer.append(block(inputs, planes, stride=2 if stage and not index else 1))
                inputs = planes * block.expansion
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layer))
        self.dim = inputs
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor, lengths: Tensor | None = None) -> Encoded:
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return Encoded(x.mean(dim=(2, 3)))
