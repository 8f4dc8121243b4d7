"""The environment that a started program sees: an allow-list, a random pad, and Python made reproducible.

Passed on: who and where the user is, the locale, the clock, the folders for temporary files, the loader's search path,
and what a program needs to find the display and the sound server. Nothing else, so no secret reaches a measured
program and no stray variable moves its memory layout. A scenario lets more through with `env_pass`.
"""

import os
import random
from collections.abc import Mapping, Sequence
from pathlib import Path

ALLOWED = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
        *("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "DBUS_SESSION_BUS_ADDRESS"),
        *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY"),
        *(
            "PULSE_SERVER",
            "PULSE_RUNTIME_PATH",
            "PIPEWIRE_REMOTE",
            "PIPEWIRE_RUNTIME_DIR",
            "JACK_DEFAULT_SERVER",
            "JACK_NO_AUDIO_RESERVATION",
        ),
    }
)
"""The variables every program gets where the caller has them; so are all that begin with LC_."""

PAD = "PERFKIT_PAD"
LONGEST_PAD = 4096


def target_environment(
    caller: Mapping[str, str], *, seed: int, env_pass: Sequence[str] = (), venv: Path | None = None
) -> dict[str, str]:
    """The variables of one launch's programs, from those of the caller.

    The pad's length (0 to 4096) and PYTHONHASHSEED are drawn from `seed`: a layout that favours one side by accident is
    averaged out. An activated virtual environment is left out, for it need not be this side's; `venv` takes its place.
    """
    draw = random.Random(seed)  # noqa: S311 - a layout, not a secret
    env = {name: value for name, value in caller.items() if name in ALLOWED or name.startswith("LC_")}
    folders = env.get("PATH", os.defpath).split(os.pathsep)
    if active := caller.get("VIRTUAL_ENV"):
        folders = [folder for folder in folders if not _within(folder, active)]
    if venv is not None:
        folders.insert(0, str(venv / "bin"))
        env["VIRTUAL_ENV"] = str(venv)
    env["PATH"] = os.pathsep.join(folders)
    env |= {name: caller[name] for name in env_pass if name in caller}
    env["PYTHONUNBUFFERED"] = "1"
    env["PYTHONHASHSEED"] = str(draw.randrange(1, 2**32))
    env[PAD] = "x" * draw.randrange(LONGEST_PAD + 1)
    return env


def venv_of(python: str) -> Path | None:
    """The virtual environment that an interpreter belongs to, if it does."""
    folder = Path(python).parent.parent
    return folder if (folder / "pyvenv.cfg").exists() else None


def _within(folder: str, parent: str) -> bool:
    return Path(os.path.normpath(folder)).is_relative_to(os.path.normpath(parent))
