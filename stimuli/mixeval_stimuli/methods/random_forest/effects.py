"""Effects: the wet chain of the random-forest baseline, a drum compressor and a reverb that set themselves.

Paper section 2.2: the dry mix is compressed and given an algorithmic reverb, all parameters found from the mix itself.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pydantic import JsonValue

from mixeval.audio import Audio
from mixeval.errors import AudioError
from mixeval_stimuli.loudness import integrated_loudness
from mixeval_stimuli.methods.random_forest import effect_parameters as parameters
from mixeval_stimuli.methods.random_forest.dynamics import Compressor, compress
from mixeval_stimuli.methods.random_forest.effect_parameters import Style
from mixeval_stimuli.methods.random_forest.reverb import Reverb, reverberate
from mixeval_stimuli.methods.random_forest.rhythm import Tempo, estimate_tempo, onset_strength, onset_times
from mixeval_stimuli.methods.random_forest.transients import (
    DEFAULT_DECAY_SECONDS,
    DEFAULT_RISE_SECONDS,
    Strokes,
    active_rms,
    crest_db,
    measure_strokes,
    transientness,
)

Signal = npt.NDArray[np.float64]

SILENT_PEAK = 2.0**-24
"""Below half a step of 24 bits there is nothing to hear, and nothing to measure."""


@dataclass(frozen=True, eq=False)
class Effects:
    """The wet mix, stereo and as long as the dry one, and every parameter that was found, with its unit."""

    audio: Audio
    parameters: dict[str, JsonValue]


@dataclass(frozen=True)
class _Analysis:
    """What of the dry mix decides the effects; `peak_dbfs` is what it was raised by to full scale."""

    peak_dbfs: float
    rms_dbfs: float
    crest_db: float
    transientness: float
    tempo: Tempo
    strokes: Strokes

    @property
    def rise_seconds(self) -> float:
        return DEFAULT_RISE_SECONDS if self.strokes.rise_seconds is None else self.strokes.rise_seconds

    @property
    def decay_seconds(self) -> float:
        return DEFAULT_DECAY_SECONDS if self.strokes.decay_seconds is None else self.strokes.decay_seconds


def add_effects(dry: Audio, *, style: Style = "tuned") -> Effects:
    """Compress a mono or stereo mix of drums and add reverb, all parameters found from it.

    Louder audio gives the same mix, as much louder. What cannot be measured takes its default, and `defaults` in
    the parameters says so: 120 beats a minute, a rise of 10 ms, a decay of 200 ms. Silence stays silence.

    Raises AudioError for more than two channels, samples that are not finite, or a rate below 22.05 kHz.
    """
    stereo = dry.as_stereo()
    if not np.isfinite(stereo.samples).all():
        raise AudioError("the dry mix holds samples that are not finite numbers", remedy="render it again")
    peak = float(np.max(np.abs(stereo.samples), initial=0.0))
    if peak < SILENT_PEAK:
        return Effects(stereo, {"style": style, "silent": True})
    rate = dry.sample_rate
    samples = stereo.samples.astype(np.float64) / peak
    analysis = _analyse(samples, rate, peak)
    compressor = _set_compressor(analysis)
    reverb = _set_reverb(analysis, style)
    level_lu = parameters.wet_level_lu(analysis.transientness, style)

    compressed = compress(samples, rate, compressor)
    makeup_db = _gain_between(compressed.samples, samples, rate) or 0.0
    direct = compressed.samples * _linear(makeup_db)
    tail = reverberate(direct.mean(axis=0), rate, reverb)
    tail_gain_db = _gain_between(tail, direct, rate)
    if tail_gain_db is not None:
        tail *= _linear(tail_gain_db + level_lu)
    wet = Audio(((direct + tail) * peak).astype(np.float32), rate)
    found: dict[str, JsonValue] = {
        "style": style,
        "analysis": _describe(analysis),
        "compressor": {
            "threshold_dbfs": compressor.threshold_dbfs + analysis.peak_dbfs,
            "ratio": compressor.ratio,
            "knee_db": compressor.knee_db,
            "attack_seconds": compressor.attack_seconds,
            "release_seconds": compressor.release_seconds,
            "look_ahead_seconds": compressor.look_ahead_seconds,
            "makeup_db": makeup_db,
            "largest_reduction_db": float(compressed.reduction_db.max()),
        },
        "reverb": {
            "rt60_seconds": reverb.rt60_seconds,
            "pre_delay_seconds": reverb.pre_delay_seconds,
            "diffusion": reverb.diffusion,
            "damping": reverb.damping,
            "high_pass_hz": reverb.high_pass_hz,
            "wet_level_lu": level_lu if tail_gain_db is not None else None,
        },
    }
    return Effects(wet, found)


def _analyse(samples: Signal, sample_rate: int, peak: float) -> _Analysis:
    mono = samples.mean(axis=0)
    strength = onset_strength(mono, sample_rate)
    crest = crest_db(samples, sample_rate)
    return _Analysis(
        peak_dbfs=20.0 * float(np.log10(peak)),
        rms_dbfs=20.0 * float(np.log10(active_rms(samples, sample_rate))),
        crest_db=crest,
        transientness=transientness(crest),
        tempo=estimate_tempo(strength),
        strokes=measure_strokes(mono, sample_rate, onset_times(strength)),
    )


def _set_compressor(analysis: _Analysis) -> Compressor:
    beat = analysis.tempo.beat_seconds
    attack_seconds = parameters.attack_seconds(analysis.rise_seconds, beat)
    return Compressor(
        threshold_dbfs=parameters.threshold_dbfs(analysis.rms_dbfs),
        ratio=parameters.ratio(analysis.crest_db),
        knee_db=parameters.KNEE_DB,
        attack_seconds=attack_seconds,
        release_seconds=parameters.release_seconds(analysis.decay_seconds, beat),
        look_ahead_seconds=parameters.look_ahead_seconds(attack_seconds),
    )


def _set_reverb(analysis: _Analysis, style: Style) -> Reverb:
    beat = analysis.tempo.beat_seconds
    return Reverb(
        rt60_seconds=parameters.rt60_seconds(beat, style),
        damping=parameters.damping(analysis.transientness),
        diffusion=parameters.diffusion(analysis.tempo.bpm),
        pre_delay_seconds=parameters.pre_delay_seconds(beat),
        high_pass_hz=parameters.high_pass_hz(style),
    )


def _gain_between(samples: Signal, target: Signal, sample_rate: int) -> float | None:
    """Find the gain in decibels that makes samples as loud as the target, None where one of both is silent.

    Both have shape (2, samples). What is too short or too quiet for a loudness is matched by energy.
    """
    sound, wanted = (float(np.square(signal).mean()) for signal in (samples, target))
    if min(sound, wanted) < SILENT_PEAK**2:
        return None
    # Raised to the target's energy first: the absolute gate at -70 LUFS then takes the same from both.
    by_energy_db = 10.0 * float(np.log10(wanted / sound))
    try:
        now, then = (
            integrated_loudness(Audio(signal.astype(np.float32), sample_rate))
            for signal in (samples * _linear(by_energy_db), target)
        )
    except AudioError:
        return by_energy_db
    return by_energy_db + then - now


def _linear(gain_db: float) -> float:
    return float(10.0 ** (gain_db / 20.0))


def _describe(analysis: _Analysis) -> dict[str, JsonValue]:
    measured = {
        "tempo": analysis.tempo.found,
        "rise": analysis.strokes.rise_seconds is not None,
        "decay": analysis.strokes.decay_seconds is not None,
    }
    return {
        "tempo_bpm": analysis.tempo.bpm,
        "tempo_confidence": analysis.tempo.confidence,
        "rms_dbfs": analysis.rms_dbfs + analysis.peak_dbfs,
        "crest_db": analysis.crest_db,
        "transientness": analysis.transientness,
        "rise_seconds": analysis.rise_seconds,
        "decay_20db_seconds": analysis.decay_seconds,
        "defaults": [name for name, found in measured.items() if not found],
    }
