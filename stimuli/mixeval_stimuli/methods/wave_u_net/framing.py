"""Framing: a recording of any length through a network of a fixed one, frame by frame.

The decimations make the network treat only samples 1024 (two to its levels) apart alike, so what it says of a
sample hangs on where the frame begins. Two ways to choose that:

`aligned`: frames begin at multiples of 1024. The mix is the same whatever the length of the frames, as if the
recording had gone through in one pass.

`authors`: the authors' own code. Frames follow each other by their own length (89093 = 87 x 1024 + 5, so each
begins at another place of the grid), and the last one is pulled back so that it ends where the recording ends.
"""

from typing import Literal

import numpy as np
import torch

from mixeval.audio import Samples
from mixeval_stimuli.methods.wave_u_net.architecture import PAPER_FRAMES, Shapes, shapes
from mixeval_stimuli.methods.wave_u_net.network import Network

Framing = Literal["aligned", "authors"]


def predict(
    network: Network, stems: Samples, *, framing: Framing = "aligned", output_frames: int = PAPER_FRAMES
) -> Samples:
    """Mix stems (inputs, samples) to (outputs, samples), clipped to full scale as the authors do.

    Memory grows with the mix alone: one frame is in the network at a time.
    """
    stride = network.architecture.stride
    # A step of the grid is the least that can be aligned to it.
    lengths = shapes(
        network.architecture, max(output_frames, stride) if framing == "aligned" else output_frames
    )
    samples = stems.shape[1]
    mix = np.zeros((network.architecture.outputs, samples), dtype=np.float32)
    with torch.inference_mode():
        for start, kept in _frames(samples, lengths, framing, stride):
            frame = _cut(stems, start - lengths.context, lengths.input_frames)
            output = network(torch.from_numpy(frame).unsqueeze(0)).squeeze(0)
            end = min(start + kept, samples)
            mix[:, start:end] = output[:, : end - start].numpy()
    return np.clip(mix, -1.0, 1.0, out=mix)


def _frames(samples: int, lengths: Shapes, framing: Framing, stride: int) -> list[tuple[int, int]]:
    """List the first sample of each frame's output, and how many samples of it are kept."""
    frames = lengths.output_frames
    if framing == "authors":
        # They fill a recording up to one input of the network before they look where it ends.
        last = max(samples, lengths.input_frames) - frames
        starts = [*range(0, last, frames), last]
        return [(start, frames) for start in starts if start < samples]
    hop = frames // stride * stride
    return [(start, hop) for start in range(0, samples, hop)]


def _cut(stems: Samples, start: int, frames: int) -> Samples:
    """Cut samples `start` to `start + frames`, silence where the recording has none."""
    end = start + frames
    inside = stems[:, max(start, 0) : max(end, 0)]
    before = min(max(-start, 0), frames)
    after = frames - before - inside.shape[1]
    return np.pad(inside, ((0, 0), (before, after)))
