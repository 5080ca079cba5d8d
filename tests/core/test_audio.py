import os
import struct

import numpy as np
import pytest
import soundfile

from mixeval.audio import Audio, read_audio, write_flac
from mixeval.errors import AudioError

RATE = 44_100


def noise(channels=2, frames=5000, seed=1):
    return Audio(
        (0.1 * np.random.default_rng(seed).standard_normal((channels, frames))).astype(np.float32), RATE
    )


def wav(*, channels=1, rate=RATE, data=b"\x01\x00" * 200, promised=None):
    header = struct.pack("<IHHIIHH", 16, 1, channels, rate, 0, 2 * channels & 0xFFFF, 16)
    size = len(data) if promised is None else promised
    return b"RIFF" + struct.pack("<I", 36) + b"WAVEfmt " + header + b"data" + struct.pack("<I", size) + data


@pytest.mark.parametrize(("container", "suffix"), [("WAV", "wav"), ("RF64", "wav"), ("FLAC", "flac")])
def test_what_another_program_wrote_is_read_sample_by_sample(tmp_path, container, suffix):
    audio = noise()
    path = tmp_path / f"mix.{suffix}"
    soundfile.write(path, audio.samples.T, RATE, format=container, subtype="PCM_24")

    read = read_audio(path)

    assert (read.channels, read.frames, read.sample_rate) == (2, 5000, RATE)
    np.testing.assert_allclose(read.samples, audio.samples, atol=2**-23)


@pytest.mark.parametrize("container", ["AIFF", "OGG", "MP3"])
def test_other_formats_of_recordings_are_read(tmp_path, container):
    path = tmp_path / "mix"
    soundfile.write(path, noise().samples.T, RATE, format=container)

    assert read_audio(path).frames == 5000


def test_flac_is_24_bit_without_metadata_and_comes_back_as_it_was(tmp_path):
    audio = noise()
    path = tmp_path / "mix.flac"

    write_flac(path, audio)

    with soundfile.SoundFile(path) as file:
        assert file.subtype == "PCM_24"
        assert not any(file.copy_metadata().values())
    np.testing.assert_allclose(read_audio(path).samples, audio.samples, atol=2**-24)


@pytest.mark.parametrize("container", ["WAV", "RF64", "FLAC", "AIFF", "OGG", "MP3"])
def test_a_file_that_is_cut_short_is_never_read_as_a_shorter_one(tmp_path, container):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    soundfile.write(whole, noise().samples.T, RATE, format=container)
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    with pytest.raises(AudioError):
        read_audio(cut)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + b"0" * 100, "cannot be read as audio"),
        (os.urandom(500), "cannot be read as audio"),
        (wav(promised=2**31), "is cut short, its header promises 2147483692 bytes"),
        (wav(data=b""), "holds no audio"),
        (wav(channels=0), "cannot be read as audio"),
        (wav(channels=65_535), "cannot be read as audio"),
        (wav(rate=0), "cannot be read as audio"),
        (wav(rate=1), "sample rate of 1 Hz"),
        (wav(rate=2**31 - 1), "sample rate of 2147483647 Hz"),
    ],
    ids=["empty", "PNG", "garbage", "4 GB promised", "no samples", "no channel", "65535 channels", "rate 0",
         "rate 1", "rate 2^31"],
)  # fmt: skip
def test_what_is_no_audio_is_refused_by_name(tmp_path, content, words):
    path = tmp_path / "mix.wav"
    path.write_bytes(content)

    with pytest.raises(AudioError, match=words) as refusal:
        read_audio(path)

    assert str(path) in str(refusal.value)


@pytest.mark.parametrize("promised", [0, 0xFFFFFFFF])
def test_a_streamed_wav_that_never_knew_its_length_is_read(tmp_path, promised):
    path = tmp_path / "stream.wav"
    path.write_bytes(wav(promised=promised, data=b"\x01\x00" * 200))

    # libsndfile takes a length of 0 at its word.
    if promised == 0:
        with pytest.raises(AudioError, match="holds no audio"):
            read_audio(path)
    else:
        assert read_audio(path).frames == 200


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_no_number_is_refused_with_its_place(tmp_path, value):
    audio = noise()
    audio.samples[1, 77] = value
    path = tmp_path / "mix.wav"
    soundfile.write(path, audio.samples.T, RATE, subtype="FLOAT")

    with pytest.raises(AudioError, match="at sample 77 of channel 2"):
        read_audio(path)
    with pytest.raises(AudioError, match="at sample 77 of channel 2"):
        write_flac(tmp_path / "mix.flac", audio)


def test_a_small_file_that_expands_beyond_the_limit_is_refused_before_it_is_decoded(tmp_path):
    path = tmp_path / "hour.flac"
    with soundfile.SoundFile(path, "w", samplerate=RATE, channels=2, subtype="PCM_16") as file:
        minute = np.zeros((60 * RATE, 2), dtype=np.int16)
        for _ in range(13):
            file.write(minute)

    assert path.stat().st_size < 500_000
    with pytest.raises(AudioError, match="expands to 68796000 samples over all channels"):
        read_audio(path)


def test_a_header_that_understates_what_follows_does_not_lift_the_limit(tmp_path):
    path = tmp_path / "mix.wav"
    path.write_bytes(wav(data=b"\x01\x00" * 2000))

    with pytest.raises(AudioError, match="the limit is 1000"):
        read_audio(path, max_values=1000)


def test_formats_whose_truncation_would_pass_unseen_are_refused_by_name(tmp_path):
    path = tmp_path / "mix.au"
    soundfile.write(path, noise().samples.T, RATE, format="AU")

    with pytest.raises(AudioError, match="of format AU, which is not one of WAV"):
        read_audio(path)


def test_raw_samples_folders_pipes_and_impossible_paths_are_refused(tmp_path):
    raw, pipe = tmp_path / "mix.raw", tmp_path / "pipe.wav"
    raw.write_bytes(b"\x01\x00" * 200)
    os.mkfifo(pipe)

    for path, words in [
        (raw, "raw samples"),
        (pipe, "is not a file"),
        (tmp_path, "is not a file"),
        (tmp_path / "nul\0.wav", "is no path"),
        (tmp_path / "absent.wav", "is missing"),
    ]:
        with pytest.raises(AudioError, match=words):
            read_audio(path)


def test_mono_becomes_two_equal_channels_and_six_channels_are_refused():
    mono = noise(channels=1)

    stereo = mono.as_stereo()

    np.testing.assert_array_equal(stereo.samples, np.vstack([mono.samples, mono.samples]))
    assert stereo.as_stereo() is stereo
    with pytest.raises(AudioError, match="has 6 channels where mono or stereo is needed"):
        noise(channels=6).as_stereo()


def test_what_would_clip_is_not_written(tmp_path):
    loud = Audio(np.full((2, 10), 1.01, dtype=np.float32), RATE)

    with pytest.raises(AudioError, match=r"would clip, its peak is 1\.0100"):
        write_flac(tmp_path / "mix.flac", loud)

    assert not (tmp_path / "mix.flac").exists()


def test_only_float32_of_channels_and_samples_is_audio():
    with pytest.raises(TypeError, match="float64"):
        Audio(np.zeros((2, 10)), RATE)
    with pytest.raises(TypeError, match=r"\(10,\)"):
        Audio(np.zeros(10, dtype=np.float32), RATE)
