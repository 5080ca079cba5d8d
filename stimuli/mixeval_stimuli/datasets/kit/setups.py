"""Three setups of one sampled kit: what each drummer sits at, how each plays, and where the engineer sets the faders.

The drums of a setup are tuned by playing the samples slightly faster or slower; the second drummer is left-handed,
so that the kit stands mirrored before the overheads. Microphone trims are constants, so that one balance holds for
all recordings of a drummer: that of ENST-Drums' published excerpt (kick -29, snare -34, hi-hat -36, overheads -39 LUFS,
toms below), but 12 dB hotter, where the noise of 16 bits is far away.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from mixeval_stimuli.datasets.outboard import Fader


@dataclass(frozen=True)
class Feel:
    """How a drummer plays: spread of time and strength, what comes late, how often ghost notes and crashes come."""

    jitter_seconds: float
    velocity_spread: float
    snare_late_seconds: float
    hat_late_seconds: float
    ghost_chance: float
    crash_chance: float


@dataclass(frozen=True)
class Setup:
    """One drummer's kit.

    `instruments` gives the instruments of the samples that each voice of a groove may strike, `speed` how many times
    faster an instrument's samples are played (up and down of a ratio, 1 where left out), `stems` the microphone of
    each stem, `trim_db` each microphone's gain.
    """

    drummer: str
    instruments: Mapping[str, tuple[str, ...]]
    speed: Mapping[str, tuple[int, int]]
    balance_db: Mapping[str, float]
    stems: Mapping[str, str]
    room: tuple[str, str]
    trim_db: Mapping[str, float]
    feel: Feel
    faders: Mapping[str, Fader]
    room_db: float
    reverb_seconds: float


_COMMON = {
    "kick": ("KdrumL",),
    "snare": ("Snare",),
    "hat": ("HihatClosed",),
    "hat_open": ("HihatOpen",),
    "foot": ("HihatClosed",),
    "ride": ("RideR",),
    "bell": ("RideRBell",),
}
_COMMON_STEMS = {"hi-hat": "Hihat", "kick": "KdrumL", "snare": "Snare_top"}

SETUPS: tuple[Setup, ...] = (
    Setup(
        drummer="1",
        instruments={
            **_COMMON,
            "crash": ("CrashL",),
            "tom_1": ("Tom1",),
            "tom_2": ("Tom2",),
            "floor": ("Tom2",),
        },
        speed={},
        balance_db={"CrashL": -8.0},
        stems={**_COMMON_STEMS, "overhead_L": "OHL", "overhead_R": "OHR", "tom_1": "Tom1", "tom_2": "Tom2"},
        room=("AmbL", "AmbR"),
        trim_db={
            "KdrumL": -2.0,
            "Snare_top": -8.0,
            "Hihat": -1.0,
            "OHL": 1.0,
            "OHR": 1.0,
            "Tom1": -12.0,
            "Tom2": -13.0,
            "Tom4": -13.0,
            "AmbL": -9.0,
            "AmbR": -9.0,
        },
        feel=Feel(0.004, 0.07, 0.004, 0.0, 0.85, 0.6),
        faders={
            "kick": Fader(-3.0),
            "snare": Fader(-1.5),
            "hi-hat": Fader(-6.0, -0.45),
            "overhead_L": Fader(0.0, -1.0),
            "overhead_R": Fader(0.0, 1.0),
            "tom_1": Fader(2.0, -0.4),
            "tom_2": Fader(2.0, 0.25),
        },
        room_db=-6.0,
        reverb_seconds=0.8,
    ),
    Setup(
        drummer="2",
        instruments={
            **_COMMON,
            "crash": ("CrashR",),
            "tom_1": ("Tom1",),
            "tom_2": ("Tom4",),
            "floor": ("Tom4",),
        },
        speed={
            "KdrumL": (16, 17),
            "Snare": (25, 24),
            "Tom1": (18, 19),
            "Tom4": (20, 21),
            "HihatClosed": (30, 29),
            "HihatOpen": (30, 29),
            "CrashR": (24, 25),
            "RideR": (29, 30),
            "RideRBell": (29, 30),
        },
        balance_db={"CrashR": -5.0},
        stems={**_COMMON_STEMS, "overhead_L": "OHR", "overhead_R": "OHL", "tom_1": "Tom1", "tom_2": "Tom4"},
        room=("AmbR", "AmbL"),
        trim_db={
            "KdrumL": -0.5,
            "Snare_top": -6.5,
            "Hihat": 1.0,
            "OHL": 2.5,
            "OHR": 1.5,
            "Tom1": -11.0,
            "Tom2": -13.0,
            "Tom4": -12.0,
            "AmbL": -9.0,
            "AmbR": -9.0,
        },
        feel=Feel(0.006, 0.09, 0.009, 0.003, 0.7, 0.4),
        faders={
            "kick": Fader(-4.0),
            "snare": Fader(-2.0, 0.05),
            "hi-hat": Fader(-7.5, 0.4),
            "overhead_L": Fader(-0.5, -1.0),
            "overhead_R": Fader(-1.0, 1.0),
            "tom_1": Fader(1.5, 0.3),
            "tom_2": Fader(2.0, -0.45),
        },
        room_db=-5.5,
        reverb_seconds=1.0,
    ),
    Setup(
        drummer="3",
        instruments={
            **_COMMON,
            "crash": ("CrashL", "CrashR"),
            "tom_1": ("Tom1",),
            "tom_2": ("Tom2",),
            "floor": ("Tom4",),
        },
        speed={
            "KdrumL": (20, 19),
            "Snare": (21, 22),
            "Tom1": (22, 21),
            "Tom2": (22, 21),
            "Tom4": (21, 20),
            "HihatClosed": (35, 36),
            "HihatOpen": (35, 36),
            "CrashL": (27, 26),
            "CrashR": (27, 26),
            "RideR": (31, 30),
            "RideRBell": (31, 30),
        },
        balance_db={"CrashL": -9.0, "CrashR": -4.0},
        stems={
            **_COMMON_STEMS,
            "overhead_L": "OHL",
            "overhead_R": "OHR",
            "tom_1": "Tom1",
            "tom_2": "Tom2",
            "tom_3": "Tom4",
        },
        room=("AmbL", "AmbR"),
        trim_db={
            "KdrumL": -3.0,
            "Snare_top": -9.0,
            "Hihat": -2.5,
            "OHL": 0.0,
            "OHR": 0.5,
            "Tom1": -13.5,
            "Tom2": -13.5,
            "Tom4": -14.0,
            "AmbL": -9.0,
            "AmbR": -9.0,
        },
        feel=Feel(0.003, 0.06, 0.002, -0.002, 0.95, 0.7),
        faders={
            "kick": Fader(-2.5),
            "snare": Fader(-2.0, -0.05),
            "hi-hat": Fader(-5.0, -0.5),
            "overhead_L": Fader(-1.0, -1.0),
            "overhead_R": Fader(-0.5, 1.0),
            "tom_1": Fader(2.5, -0.5),
            "tom_2": Fader(2.5),
            "tom_3": Fader(2.5, 0.5),
        },
        room_db=-7.0,
        reverb_seconds=0.7,
    ),
)
