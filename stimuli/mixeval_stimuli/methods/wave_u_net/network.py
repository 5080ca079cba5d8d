"""The Wave-U-Net itself: from stems to a stereo mix, with nothing but convolutions on samples.

Martínez Ramírez, Stoller and Moffat, JAES 69(3), 2021, section 2.1, after Stoller, Ewert and Dixon, "Wave-U-Net: A
Multi-Scale Neural Network for End-to-End Audio Source Separation", ISMIR 2018.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from mixeval_stimuli.methods.wave_u_net.architecture import Architecture

LEAK = 0.2
"""Slope of LeakyReLU below zero."""


class Network(nn.Module):
    """Map stems (batch, inputs, input_frames) to a mix (batch, outputs, output_frames), full scale at 1.0.

    Lengths are those of :func:`~mixeval_stimuli.methods.wave_u_net.architecture.shapes`; the output is the middle
    of the input. It is linear at the end, without tanh, and may pass full scale: whoever predicts with it clips.
    """

    def __init__(self, architecture: Architecture | None = None) -> None:
        super().__init__()
        self.architecture = architecture = architecture or Architecture()
        filters = [architecture.filters_at(level) for level in range(1, architecture.levels + 2)]
        channels = [len(architecture.inputs), *filters]
        *down, bottleneck = (
            nn.Conv1d(before, after, architecture.down_kernel) for before, after in pairwise(channels)
        )
        self.down = nn.ModuleList(down)
        self.bottleneck = bottleneck
        self.up = nn.ModuleList(
            # [skip, upsampled]: this level's filters, and those of the level below.
            nn.Conv1d(here + below, here, architecture.up_kernel)
            for below, here in pairwise(reversed(filters))
        )
        self.output = nn.Conv1d(channels[0] + filters[0], architecture.outputs, 1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv1d):
                # As TensorFlow's layers were for the authors; PyTorch's own defaults are others.
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]  # every layer here has a bias

    def forward(self, stems: Tensor) -> Tensor:
        features = stems
        skips = []
        for layer in self.down:
            features = _activated(layer, features)
            skips.append(features)
            features = features[:, :, ::2]  # without a low-pass: aliasing is left to the filters
        features = _activated(self.bottleneck, features)
        for layer in self.up:
            merged = _merged(skips.pop(), _upsampled(features))
            del features  # nobody holds a signal that was used, so that memory is that of one level
            features = _activated(layer, merged)
            del merged
        return _convolved(self.output, _merged(stems, features))


def _upsampled(signal: Tensor) -> Tensor:
    return functional.interpolate(signal, 2 * signal.shape[2] - 1, mode="linear", align_corners=True)


def _merged(skip: Tensor, features: Tensor) -> Tensor:
    return torch.cat([_middle(skip, features.shape[2]), features], dim=1)


def _activated(layer: nn.Module, signal: Tensor) -> Tensor:
    return functional.leaky_relu(_convolved(layer, signal), LEAK, inplace=True)


def _convolved(layer: nn.Module, signal: Tensor) -> Tensor:
    if _same_for_any_length(signal):
        convolved = torch.mkldnn_convolution(
            signal, layer.get_parameter("weight"), layer.get_parameter("bias"), [0], [1], [1], 1
        )
    else:
        convolved = layer(signal)
    return convolved


def _same_for_any_length(signal: Tensor) -> bool:
    # PyTorch gives short signals and 1x1 kernels to another library than long ones, and that one's last bits hang
    # on the length. oneDNN's do not, so a mix is the same bit by bit however it was cut into frames.
    return (
        torch.is_inference_mode_enabled()
        and signal.device.type == "cpu"
        and signal.dtype == torch.float32
        and not torch.is_autocast_enabled("cpu")
        and torch.backends.mkldnn.is_available()
    )


def _middle(signal: Tensor, frames: int) -> Tensor:
    start = (signal.shape[2] - frames) // 2
    return signal[:, :, start : start + frames]
