"""A sampled kit: grooves played on the single hits of a real drum kit, with all its microphones.

Bleed, delays and room are real, the performances and the engineer are scripts. What lies on disk (`samples`) becomes
three drummers' setups (`setups`), a plan of recordings (`plan`) of grooves (`grooves`) that are played
(`performance`), recorded (`sampler`) and mixed (`desk`) in sessions (`session`) into a tree of ENST-Drums' shape (`tree`).
"""

from mixeval_stimuli.datasets.kit.tree import PARAMETERS_FILE_NAME, load, write_tree

__all__ = ["PARAMETERS_FILE_NAME", "load", "write_tree"]
