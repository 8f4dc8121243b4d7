"""Sound files of any format that libsndfile knows, as floating-point frames."""

import importlib.util
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from perfkit.model.errors import Failed, Skipped

_FLAC = {"PCM_S8": "PCM_16", "PCM_U8": "PCM_16", "PCM_16": "PCM_16", "PCM_24": "PCM_24"}
"""Samples that FLAC keeps to the bit, and as what."""
_WAV = {"PCM_16", "PCM_24", "PCM_32", "DOUBLE"}


@dataclass(frozen=True, slots=True)
class Audio:
    """Sound as `frames` (frames × channels, full scale 1.0) at `rate` Hz.

    `samples` is libsndfile's word for how each is stored, such as PCM_16 or FLOAT.
    """

    frames: NDArray[np.float64]
    rate: int
    samples: str = "FLOAT"

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return len(self.frames) / self.rate

    @property
    def channels(self) -> int:
        """How many channels it has."""
        return int(self.frames.shape[1])


def require_files() -> None:
    """Raises Skipped where perfkit's extra for audio is not installed."""
    if importlib.util.find_spec("soundfile") is None:
        raise Skipped("soundfile is not installed beside perfkit", hint='pip install "perfkit[audio]"')


def read_audio(path: Path) -> Audio:
    """The sound in `path`. Raises Failed where it is missing, empty, or no sound file."""
    import soundfile

    if not path.exists():
        raise Failed(f"there is no {path}", hint="let the command write its render there, or say where with output")
    try:
        with soundfile.SoundFile(path) as file:
            audio = Audio(file.read(dtype="float64", always_2d=True), file.samplerate, file.subtype)
    except soundfile.LibsndfileError as error:
        raise Failed(f"{path.name} is no sound file: {error.error_string}", hint="write WAV, FLAC, AIFF...") from None
    if not audio.frames.size:
        raise Failed(f"{path.name} holds no sound", hint="look at what the command writes")
    return audio


def keep_audio(audio: Audio, folder: Path, name: str) -> Path:
    """Write `audio` to `folder` without losing a bit, as FLAC where it can hold it and `name` ends so, else as WAV."""
    import soundfile

    folder.mkdir(parents=True, exist_ok=True)
    lossless = _FLAC.get(audio.samples) if Path(name).suffix == ".flac" else None
    path = folder / Path(name).with_suffix(".flac" if lossless else ".wav").name
    samples = lossless or (audio.samples if audio.samples in _WAV else "FLOAT")
    whole = samples.startswith("PCM")  # libsndfile scales what it rounds by 32767, so it is given whole numbers
    frames = np.round(audio.frames * 2.0**31).astype(np.int32) if whole else audio.frames
    soundfile.write(path, frames, audio.rate, subtype=samples)
    return path
