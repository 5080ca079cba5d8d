"""The three drummers' kits: tuning, damping, cymbals, and the gains of their microphone preamplifiers.

The first kit follows measurements of a published excerpt of ENST-Drums' first drummer (an open jazz kit, the bass drum
rings near 100 Hz); cymbals and toms follow the MuldjordKit samples. The other two are a damped rock kit and a fusion
kit with a third tom. docs/synthetic-drums.md has the comparison.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from mixeval_stimuli.datasets.outboard import Fader
from mixeval_stimuli.datasets.synthetic.drums import Drum, Mode, softened

_NO = -120.0

_MEMBRANE_RATIOS = (1.0, 1.59, 2.14, 2.30, 2.65, 2.92)
"""Frequencies of an ideal membrane's modes relative to its fundamental (zeros of the Bessel functions)."""


@dataclass(frozen=True)
class Kit:
    """One drummer's kit, its microphones' gains relative to the first drummer's, and the engineer's faders."""

    drummer: str
    drums: Mapping[str, Drum]
    microphone_gain_db: Mapping[str, float]
    faders: Mapping[str, Fader]
    toms: tuple[str, ...] = field(default=("tom_1", "tom_2"))


def _tom(hertz: float, *, t60_seconds: float, low_db: float) -> Drum:
    # The fundamental of a tom outlives its other modes several times; they make the attack's pitch.
    levels = (low_db, low_db - 3.0, low_db - 7.0, low_db - 9.0, low_db - 12.0, low_db - 13.0)
    decays = (1.0, 0.45, 0.3, 0.28, 0.22, 0.2)
    return Drum(
        modes=tuple(
            Mode(hertz * ratio, level, t60_seconds * decay)
            for ratio, level, decay in zip(_MEMBRANE_RATIOS, levels, decays, strict=True)
        ),
        bend=0.07,
        bend_seconds=0.05,
        noise_db=(_NO, _NO, _NO, -6.0, -6.0, -8.0, -10.0, -13.0, -18.0, -26.0),
        noise_t60_seconds=(0.1, 0.1, 0.1, 0.12, 0.12, 0.1, 0.08, 0.06, 0.05, 0.05),
        seconds=min(2.5, 1.1 * t60_seconds),
    )


_KICK = Drum(
    modes=(
        Mode(101.0, 23.3, 2.8),
        Mode(96.0, 19.5, 0.35),
        Mode(72.0, 16.0, 0.25),
        Mode(161.0, 6.0, 0.3),
        Mode(204.0, 2.0, 0.5),
        Mode(301.0, -4.0, 0.4),
    ),
    bend=0.25,
    bend_seconds=0.012,
    noise_db=(_NO, _NO, _NO, -3.0, -12.0, -15.0, -19.0, -25.0, -34.0, -42.0),
    noise_t60_seconds=(0.1, 0.1, 0.1, 0.08, 0.07, 0.06, 0.05, 0.04, 0.03, 0.03),
    seconds=2.4,
)

_SNARE = Drum(
    modes=(
        Mode(217.0, 2.0, 0.25),
        Mode(345.0, 7.5, 0.33),
        Mode(400.0, -1.0, 0.2),
        Mode(483.0, 9.0, 0.5),
        Mode(556.0, -4.0, 0.3),
        Mode(600.0, 7.5, 2.0),
        Mode(667.0, -4.0, 0.7),
        Mode(725.0, -6.0, 1.6),
        Mode(810.0, -8.0, 0.8),
        Mode(848.0, -8.0, 0.7),
        Mode(984.0, -10.0, 0.6),
        Mode(1018.0, -9.0, 0.4),
        Mode(1170.0, -12.0, 0.5),
    ),
    bend=0.04,
    bend_seconds=0.02,
    noise_db=(_NO, _NO, _NO, 2.0, 3.0, 3.0, 2.0, 0.0, -4.0, -17.0),
    noise_t60_seconds=(0.1, 0.1, 0.1, 0.15, 0.22, 0.28, 0.28, 0.26, 0.24, 0.2),
    seconds=2.4,
)

_HAT_CLOSED = Drum(
    noise_db=(_NO, _NO, -24.0, -14.0, -13.0, -12.0, -6.0, 1.0, 6.5, 7.0),
    noise_t60_seconds=(0.2, 0.2, 0.2, 0.2, 0.18, 0.16, 0.15, 0.15, 0.14, 0.13),
    partials=70,
    seconds=0.35,
)

_HAT_OPEN = Drum(
    noise_db=(_NO, _NO, -22.0, -12.0, -6.0, -3.0, -1.0, 6.0, 10.0, 9.0),
    noise_t60_seconds=(1.0, 1.0, 1.0, 1.1, 1.0, 1.0, 1.0, 1.0, 1.0, 0.95),
    partials=70,
    seconds=1.2,
)

_HAT_FOOT = Drum(
    noise_db=(_NO, _NO, -14.0, -14.0, -14.0, -14.0, -13.0, -10.0, -8.0, -10.0),
    noise_t60_seconds=(0.1, 0.1, 0.1, 0.1, 0.1, 0.08, 0.08, 0.08, 0.08, 0.08),
    attack_seconds=0.004,
    partials=40,
    seconds=0.25,
)

_RIDE = Drum(
    modes=(Mode(3150.0, 0.0, 0.4), Mode(4420.0, -3.0, 0.3)),
    noise_db=(_NO, -22.0, -16.0, -8.0, 1.0, -2.0, 0.0, 6.0, 7.0, 4.0),
    noise_t60_seconds=(7.0, 7.0, 7.0, 7.0, 7.0, 7.0, 6.0, 4.5, 2.4, 1.1),
    partials=90,
    seconds=4.5,
)

_CRASH = Drum(
    noise_db=(_NO, -16.0, -10.0, 2.0, 12.0, 10.0, 12.0, 18.0, 18.0, 12.0),
    noise_t60_seconds=(4.0, 4.0, 4.0, 4.0, 3.5, 3.2, 3.0, 2.6, 1.9, 1.3),
    attack_seconds=0.003,
    partials=110,
    seconds=4.0,
)


def _retuned(
    drum: Drum, ratio: float, *, ring: float = 1.0, level_db: float = 0.0, top_db: float = 0.0
) -> Drum:
    *octaves, top = drum.noise_db
    return replace(
        drum,
        modes=tuple(
            Mode(mode.hertz * ratio, mode.energy_db + level_db, mode.t60_seconds * ring)
            for mode in drum.modes
        ),
        noise_db=tuple(level + level_db if level > _NO else level for level in (*octaves, top + top_db)),
        noise_t60_seconds=tuple(t60 * ring for t60 in drum.noise_t60_seconds),
    )


_DAMPED_KICK = Drum(
    modes=(
        Mode(54.0, 17.0, 0.32),
        Mode(88.0, 14.0, 0.3),
        Mode(142.0, 3.0, 0.2),
        Mode(230.0, -5.0, 0.15),
    ),
    bend=1.2,
    bend_seconds=0.015,
    noise_db=(_NO, _NO, _NO, -6.0, -14.0, -12.0, -2.0, -1.0, -8.0, -28.0),
    noise_t60_seconds=(0.1, 0.1, 0.1, 0.08, 0.06, 0.05, 0.05, 0.05, 0.04, 0.03),
    seconds=0.6,
)

_ROCK_SNARE = Drum(
    modes=(
        Mode(190.0, 13.5, 0.22),
        Mode(297.0, 6.0, 0.22),
        Mode(412.0, 4.0, 0.3),
        Mode(540.0, 1.0, 0.3),
        Mode(655.0, 0.0, 0.35),
    ),
    bend=0.05,
    bend_seconds=0.02,
    noise_db=(_NO, _NO, _NO, 5.0, 2.0, 2.0, 0.0, -3.0, -7.0, -18.0),
    noise_t60_seconds=(0.1, 0.1, 0.12, 0.15, 0.25, 0.35, 0.35, 0.3, 0.28, 0.25),
    seconds=0.8,
)

_FUSION_KICK = Drum(
    modes=(
        Mode(66.0, 17.0, 0.8),
        Mode(104.0, 12.0, 0.4),
        Mode(171.0, 4.0, 0.25),
        Mode(262.0, -2.0, 0.2),
    ),
    bend=0.7,
    bend_seconds=0.015,
    noise_db=(_NO, _NO, _NO, -2.0, -11.0, -12.0, -8.0, -8.0, -14.0, -26.0),
    noise_t60_seconds=(0.1, 0.1, 0.1, 0.08, 0.06, 0.05, 0.05, 0.05, 0.04, 0.03),
    seconds=1.0,
)

_SHARED = {"hat_closed": _HAT_CLOSED, "hat_open": _HAT_OPEN, "hat_foot": _HAT_FOOT, "ride": _RIDE}

KITS: tuple[Kit, ...] = (
    Kit(
        drummer="1",
        drums={
            **_SHARED,
            "hat_open": _retuned(_HAT_OPEN, 1.0, ring=0.55),
            "kick": _KICK,
            "snare": _SNARE,
            "tom_1": _tom(199.0, t60_seconds=1.6, low_db=8.0),
            "tom_2": _tom(128.0, t60_seconds=2.0, low_db=9.0),
            "crash": _CRASH,
        },
        microphone_gain_db={},
        faders={
            "hi-hat": Fader(-19.0, 0.5),
            "kick": Fader(-11.8),
            "overhead_L": Fader(-16.0, -1.0),
            "overhead_R": Fader(-5.5, 1.0),
            "snare": Fader(-11.8),
            "tom_1": Fader(-11.2, 0.4),
            "tom_2": Fader(-11.7, -0.2),
        },
    ),
    Kit(
        drummer="2",
        drums={
            **{name: _retuned(drum, 1.0, ring=1.3, top_db=-6.0) for name, drum in _SHARED.items()},
            "kick": _DAMPED_KICK,
            "snare": _ROCK_SNARE,
            "tom_1": _tom(158.0, t60_seconds=1.4, low_db=9.0),
            "tom_2": _tom(98.0, t60_seconds=1.7, low_db=10.0),
            "crash": _retuned(_CRASH, 1.0, ring=1.2, top_db=-4.0),
        },
        microphone_gain_db={
            "hi-hat": 3.0,
            "kick": -2.0,
            "overhead_L": -2.0,
            "overhead_R": 6.0,
            "snare": -1.0,
            "tom_1": 6.0,
            "tom_2": 5.0,
        },
        faders={
            "hi-hat": Fader(-29.0, 0.4),
            "kick": Fader(-6.0),
            "overhead_L": Fader(-16.0, -1.0),
            "overhead_R": Fader(-13.5, 1.0),
            "snare": Fader(-10.5),
            "tom_1": Fader(-13.0, 0.35),
            "tom_2": Fader(-12.0, -0.35),
        },
    ),
    Kit(
        drummer="3",
        drums={
            **{name: _retuned(drum, 1.0, ring=0.85, level_db=-1.0) for name, drum in _SHARED.items()},
            "kick": _FUSION_KICK,
            "snare": _retuned(_SNARE, 1.12, ring=0.4),
            "tom_1": _tom(186.0, t60_seconds=1.0, low_db=8.0),
            "tom_2": _tom(137.0, t60_seconds=1.3, low_db=9.0),
            "tom_3": _tom(92.0, t60_seconds=1.6, low_db=10.0),
            "crash": _retuned(_CRASH, 1.0, ring=0.8, level_db=-2.0),
        },
        microphone_gain_db={
            "hi-hat": 1.0,
            "kick": 1.0,
            "overhead_L": -4.0,
            "overhead_R": 8.0,
            "snare": 1.0,
            "tom_1": 9.0,
            "tom_2": 8.0,
            "tom_3": 8.0,
        },
        faders={
            "hi-hat": Fader(-24.0, 0.6),
            "kick": Fader(-13.0),
            "overhead_L": Fader(-12.0, -1.0),
            "overhead_R": Fader(-13.0, 1.0),
            "snare": Fader(-9.5, -0.1),
            "tom_1": Fader(-15.0, 0.4),
            "tom_2": Fader(-15.0, 0.0),
            "tom_3": Fader(-14.0, -0.45),
        },
        toms=("tom_1", "tom_2", "tom_3"),
    ),
)

_STICKS_OCTAVES_DB: Mapping[str, tuple[float, ...]] = {
    "brushes": (0.0, 0.0, 0.0, 1.0, -3.0, -5.0, -9.0, -7.0, -6.0, -8.0),
    "mallets": (0.0, 0.0, 0.0, 0.0, -4.0, -9.0, -15.0, -20.0, -24.0, -26.0),
}


def played_with(kit: Kit, sticks: str) -> Mapping[str, Drum]:
    """Give the drums of `kit` as they sound under "sticks", "brushes" or "mallets"; pedals sound the same."""
    if sticks == "sticks":
        return kit.drums
    octaves_db = _STICKS_OCTAVES_DB[sticks]
    attack_seconds = {"brushes": 0.001, "mallets": 0.006}[sticks]
    modes_db = {"brushes": -1.5, "mallets": 0.0}[sticks]
    drums = dict(kit.drums)
    for name, drum in kit.drums.items():
        if name in {"kick", "hat_foot"}:
            continue
        change = octaves_db
        if name in {"crash", "ride"}:
            change = tuple(level - 6.0 for level in octaves_db)
        elif name.startswith("hat"):
            change = tuple(level * 0.3 for level in octaves_db)
        drums[name] = softened(drum, attack_seconds=attack_seconds, octaves_db=change, modes_db=modes_db)
    return drums
