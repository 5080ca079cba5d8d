"""The trained models that ship: what `wave_u_net` and `random_forest` use where a study names no checkpoint."""

from importlib.resources import files
from pathlib import Path


def default_model(name: str) -> Path:
    """Find the file of a model that ships, such as `wave_u_net_dry.safetensors`."""
    return Path(str(files("mixeval_stimuli.default_models") / name))
