"""Synthetic drums: three drummers, eight microphones, a scripted engineer's dry and wet mixes.

Everything follows from a seed, so that demos, tests and training runs have multitracks with real properties (bleed,
delays, room, noise) and no licence. What they say about mixing methods is not what real drums say: a study of them is
a study of synthetic drums, and their reference mixes are a script's.
"""

from mixeval_stimuli.datasets.synthetic.tree import load, write_tree

__all__ = ["load", "write_tree"]
