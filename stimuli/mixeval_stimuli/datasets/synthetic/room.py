"""The room and the microphones in it: every drum reaches every microphone, later, softer and coloured.

A path from a drum to a microphone has a level, a colour and a delay; the room adds a tail that all share. The levels and
colours are rounded from a published excerpt of ENST-Drums (kick, snare and hi-hat) and from the MuldjordKit samples
(toms and cymbals); the delays follow from where drums and microphones stand.
"""

from collections.abc import Mapping

import numpy as np
import scipy.fft
import scipy.signal

from mixeval.audio import Samples
from mixeval_stimuli.datasets.synthetic.drums import OCTAVES_HZ, SAMPLE_RATE

SPEED_OF_SOUND = 343.0
"""Metres a second."""

_HISS_DBFS: Mapping[str, float] = {
    "hi-hat": -97.5, "kick": -93.0, "overhead_L": -92.5, "overhead_R": -92.5, "snare": -93.5,
    "tom_1": -97.0, "tom_2": -97.0, "tom_3": -97.0,
}
"""RMS of each channel's white noise."""

_RUMBLE_DBFS: Mapping[str, float] = {"overhead_L": -90.0, "overhead_R": -88.5}
"""RMS of what overheads hear of a building, below 150 Hz."""

_METRES: Mapping[str, tuple[float, float, float]] = {
    "kick": (0.0, 0.55, 0.28),
    "snare": (-0.25, 0.15, 0.68),
    "hat": (-0.72, 0.25, 0.95),
    "tom_1": (-0.1, 0.62, 0.88),
    "tom_2": (0.6, 0.1, 0.7),
    "tom_3": (0.25, 0.6, 0.88),
    "ride": (0.6, 0.55, 1.05),
    "crash": (-0.55, 0.75, 1.25),
}
"""Right of, in front of and above the drummer's feet."""

_MICROPHONE_METRES: Mapping[str, tuple[float, float, float]] = {
    "hi-hat": (-0.8, 0.3, 1.08),
    "kick": (0.0, 0.85, 0.3),
    "overhead_L": (-0.75, 0.2, 1.98),
    "overhead_R": (0.56, 0.2, 2.05),
    "snare": (-0.27, 0.27, 0.74),
    "tom_1": (-0.1, 0.75, 0.98),
    "tom_2": (0.66, 0.18, 0.78),
    "tom_3": (0.27, 0.68, 0.96),
}

_LEVEL_DB: Mapping[str, Mapping[str, float]] = {
    "kick": {"hi-hat": -6.5, "kick": 0.0, "overhead_L": -1.5, "overhead_R": -12.0, "snare": -11.5, "tom_1": -16.5, "tom_2": -15.5, "tom_3": -16.0},
    "snare": {"hi-hat": -7.0, "kick": -26.0, "overhead_L": -6.0, "overhead_R": -18.0, "snare": 0.0, "tom_1": -25.0, "tom_2": -26.5, "tom_3": -28.0},
    "hat": {"hi-hat": 0.0, "kick": -24.0, "overhead_L": -5.0, "overhead_R": -18.0, "snare": -19.0, "tom_1": -24.0, "tom_2": -30.0, "tom_3": -30.0},
    "tom_1": {"hi-hat": -5.0, "kick": -14.0, "overhead_L": 0.0, "overhead_R": -11.0, "snare": -16.0, "tom_1": 0.0, "tom_2": -26.0, "tom_3": -28.0},
    "tom_2": {"hi-hat": -8.0, "kick": -13.0, "overhead_L": -3.0, "overhead_R": -8.0, "snare": -17.0, "tom_1": -28.0, "tom_2": 0.0, "tom_3": -26.0},
    "tom_3": {"hi-hat": -8.0, "kick": -13.0, "overhead_L": -3.0, "overhead_R": -9.0, "snare": -18.0, "tom_1": -26.0, "tom_2": -26.0, "tom_3": 0.0},
    "ride": {"hi-hat": -8.0, "kick": -28.0, "overhead_L": -6.0, "overhead_R": -9.0, "snare": -18.0, "tom_1": -26.0, "tom_2": -24.0, "tom_3": -23.0},
    "crash": {"hi-hat": -3.0, "kick": -28.0, "overhead_L": 0.0, "overhead_R": -13.0, "snare": -14.0, "tom_1": -24.0, "tom_2": -27.0, "tom_3": -26.0},
}
"""From each drum (as its own microphone hears it; cymbals as the left overhead) to each microphone."""

_FAR_DB: Mapping[str, tuple[float, ...]] = {
    "kick": (-14.0, -18.0, -18.0, 0.0, 5.0, 2.0, -4.0, -6.0, -6.0, -6.0),
    "snare": (0.0, 0.0, 0.0, 2.0, -1.0, 0.0, 2.0, 3.0, 4.0, 8.0),
    "hat": (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, -1.0, -3.0, -4.0),
    "tom_1": (-13.0, -16.0, -14.0, -6.0, 0.0, 0.0, -1.0, -3.0, -7.0, -10.0),
    "tom_2": (-13.0, -16.0, -14.0, -6.0, 0.0, 0.0, -1.0, -3.0, -7.0, -10.0),
    "tom_3": (-13.0, -16.0, -14.0, -6.0, 0.0, 0.0, -1.0, -3.0, -7.0, -10.0),
}
"""Octave by octave, what a distant microphone hears of a drum relative to the near one, whose lows are near field."""

_OFF_AXIS_DB: Mapping[str, tuple[float, ...]] = {
    "hi-hat": (-18.0, -14.0, -6.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
    "kick": (-4.0, 0.0, 0.0, 0.0, 0.0, 3.0, 8.0, 4.0, -4.0, -10.0),
    "snare": (-9.0, -2.0, -3.0, 0.0, 0.0, 0.0, 3.0, 0.0, -4.0, -9.0),
    "tom_1": (-7.0, -2.0, 0.0, 0.0, -1.0, 3.0, 6.0, 3.0, -4.0, -10.0),
    "tom_2": (0.0, 2.0, 4.0, 0.0, -1.0, 2.0, 4.0, -1.0, -5.0, -11.0),
    "tom_3": (0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 4.0, 1.0, -3.0, -6.0),
}
"""Octave by octave, the colour of what comes to a close microphone from the side."""

_ROOM_T60_SECONDS = (1.0, 0.9, 0.8, 0.65, 0.45, 0.36, 0.33, 0.3, 0.28, 0.24)

_ROOM_DB: Mapping[str, float] = {
    "hi-hat": -22.0, "kick": -36.0, "overhead_L": -17.0, "overhead_R": -28.0, "snare": -28.0,
    "tom_1": -38.0, "tom_2": -38.0, "tom_3": -38.0,
}
"""Level of the tail in each microphone, relative to the sound that feeds it."""

_FILTER_TAPS = 512

_FLAT = (0.0,) * len(OCTAVES_HZ)


def record(
    sources: Mapping[str, Samples],
    microphones: tuple[str, ...],
    gain_db: Mapping[str, float],
    *,
    room: np.random.Generator,
    hiss: np.random.Generator,
) -> Mapping[str, Samples]:
    """Record `sources`, the drums as their own microphones would hear them alone, with all `microphones`.

    All signals are of shape (samples,) and equally long; so are the stems that come back, sample-aligned as a
    multitrack recorder writes them, noise included. `room` decides the room's tail, `hiss` the noise.
    """
    frames = len(next(iter(sources.values())))
    room_seconds = 0.8
    length = scipy.fft.next_fast_len(frames + round(room_seconds * SAMPLE_RATE) + 2048, real=True)
    spectra = {name: scipy.fft.rfft(source, length) for name, source in sources.items()}
    feed = sum(
        spectrum * scipy.fft.rfft(_minimum_phase(_FAR_DB.get(name, _FLAT)), length)
        for name, spectrum in spectra.items()
    )
    stems = {}
    for microphone in microphones:
        total = feed * scipy.fft.rfft(_room_tail(room_seconds, _ROOM_DB[microphone], room), length)
        for name, spectrum in spectra.items():
            total += spectrum * scipy.fft.rfft(path(name, microphone), length)
        stem = scipy.fft.irfft(total, length)[:frames]
        gain = _linear(gain_db.get(microphone, 0.0))
        stems[microphone] = gain * stem + _noise(microphone, frames, hiss)
    return stems


def path(drum: str, microphone: str) -> Samples:
    """Make the impulse response from a drum to a microphone, of shape (taps,): level, colour and delay."""
    own = drum == microphone or (drum == "hat" and microphone == "hi-hat")
    colour = _FLAT
    if not own:
        colour = tuple(
            far + off_axis
            for far, off_axis in zip(
                _FAR_DB.get(drum, _FLAT), _OFF_AXIS_DB.get(microphone, _FLAT), strict=True
            )
        )
    delay = 0 if own else delay_samples(drum, microphone)
    gain = _linear(_LEVEL_DB[drum][microphone])
    return np.concatenate([np.zeros(delay, dtype=np.float32), gain * _minimum_phase(colour)])


def delay_samples(drum: str, microphone: str) -> int:
    """Count the samples by which sound of `drum` comes later to `microphone` than to the drum's own one."""
    metres = np.linalg.norm(np.subtract(_METRES[drum], _MICROPHONE_METRES[microphone]))
    own = {"hat": "hi-hat"}.get(drum, drum)
    near = (
        np.linalg.norm(np.subtract(_METRES[drum], _MICROPHONE_METRES[own])) if own in _MICROPHONE_METRES else 0.0
    )
    return max(0, round(float(metres - near) / SPEED_OF_SOUND * SAMPLE_RATE))


def _noise(microphone: str, frames: int, rng: np.random.Generator) -> Samples:
    noise = rng.standard_normal(frames, dtype=np.float32) * _linear(_HISS_DBFS[microphone])
    if microphone in _RUMBLE_DBFS:
        b, a = scipy.signal.butter(1, (40.0, 150.0), "bandpass", fs=SAMPLE_RATE)
        rumble = scipy.signal.lfilter(b, a, rng.standard_normal(frames, dtype=np.float32))
        noise += rumble / np.std(rumble) * _linear(_RUMBLE_DBFS[microphone])
    return noise.astype(np.float32)


def _linear(db: float) -> np.float32:
    return np.float32(10.0 ** (db / 20.0))


def _minimum_phase(octaves_db: tuple[float, ...]) -> Samples:
    """Make a causal filter of _FILTER_TAPS whose gain follows `octaves_db` at OCTAVES_HZ.

    The phase is the Hilbert transform of the log gain, by folding the cepstrum (Oppenheim and Schafer,
    Discrete-Time Signal Processing, section 13.5).
    """
    if not any(octaves_db):
        return np.eye(1, _FILTER_TAPS, dtype=np.float32)[0]
    length = 8 * _FILTER_TAPS
    hertz = np.fft.rfftfreq(length, 1.0 / SAMPLE_RATE)
    gain_db = np.interp(np.log(np.maximum(hertz, 1.0)), np.log(OCTAVES_HZ), octaves_db)
    cepstrum = np.fft.irfft(gain_db / 20.0 * np.log(10.0), length)
    folded = np.concatenate(
        [cepstrum[:1], 2.0 * cepstrum[1 : length // 2], cepstrum[length // 2 : length // 2 + 1]]
    )
    response = np.fft.irfft(np.exp(np.fft.rfft(folded, length)), length)
    return response[:_FILTER_TAPS].astype(np.float32)


def _room_tail(seconds: float, level_db: float, rng: np.random.Generator) -> Samples:
    """Make a diffuse tail of unit energy times `level_db`: noise that decays in each octave by the room's T60."""
    length = scipy.fft.next_fast_len(round(seconds * SAMPLE_RATE), real=True)
    time = np.arange(length, dtype=np.float32) / np.float32(SAMPLE_RATE)
    spectrum = scipy.fft.rfft(rng.standard_normal(length, dtype=np.float32))
    octave = np.log2(
        np.maximum(scipy.fft.rfftfreq(length, 1.0 / SAMPLE_RATE), 1.0) / OCTAVES_HZ[0]
    ).astype(np.float32)
    tail = np.zeros(length, dtype=np.float32)
    for index, t60_seconds in enumerate(_ROOM_T60_SECONDS):
        band = scipy.fft.irfft(
            spectrum * np.cos(0.5 * np.pi * np.clip(octave - index, -1.0, 1.0)), length
        )
        band *= np.exp(np.float32(-np.log(1000.0) / t60_seconds) * time)
        # Each octave reverberates with the same energy relative to what feeds it.
        share = (OCTAVES_HZ[index] / OCTAVES_HZ[-1]) / np.dot(band, band)
        tail += np.float32(np.sqrt(share)) * band
    first_reflection = round(0.006 * SAMPLE_RATE)
    tail[first_reflection:] = tail[:-first_reflection].copy()
    tail[:first_reflection] = 0.0
    return tail * _linear(level_db)
