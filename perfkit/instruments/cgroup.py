"""A memory cgroup of a program's own: the kernel's exact high-water mark of a whole tree of processes."""

from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

_NAME = "perfkit-"
_numbers = count()


@dataclass(frozen=True, slots=True)
class MemoryCgroup:
    """An empty memory cgroup. `home` is where the launcher returns to; `method` names what `peak` reads."""

    folder: Path
    home: Path
    method: str

    @property
    def doors(self) -> dict[str, str]:
        """The cgroup.procs files that the launcher writes to."""
        return {"join": str(self.folder / "cgroup.procs"), "home": str(self.home / "cgroup.procs")}

    def peak(self) -> int | None:
        """The high-water mark in B, page cache and kernel memory of the tree included."""
        try:
            return int((self.folder / self.method).read_text())
        except (OSError, ValueError):
            return None

    def remove(self) -> None:
        """Remove it; the launcher may have done so already."""
        with suppress(OSError):
            self.folder.rmdir()


def make_memory_cgroup(
    owner: int, *, cgroups: str | None = None, mount: Path = Path("/sys/fs/cgroup")
) -> MemoryCgroup | None:
    """A new cgroup named after its owner, the launcher's process id; None where none can be made.

    cgroup v2 below our own group or beside it, wherever the memory controller is delegated (memory.peak, Linux 5.19),
    or v1 (memory.max_usage_in_bytes). What dead launchers left there is removed. Sources: the kernel's
    admin-guide/cgroup-v2 and cgroup-v1/memory.
    """
    if cgroups is None:
        try:
            cgroups = Path("/proc/self/cgroup").read_text()
        except OSError:
            return None
    for home, parent, method in _places(cgroups, mount):
        _remove_stale(parent)
        folder = parent / f"{_NAME}{owner}-{next(_numbers)}"
        try:
            folder.mkdir()
        except OSError:
            continue
        made = MemoryCgroup(folder, home, method)
        if made.peak() is not None:
            return made
        made.remove()
    return None


def has_own_cgroup(pid: int) -> bool:
    """Whether it is in another memory cgroup than we are."""
    try:
        return _memory_cgroup(pid) != _memory_cgroup("self")
    except OSError:
        return False


def _memory_cgroup(pid: int | str) -> list[str]:
    """Its paths in the hierarchy of version 2 and, where mounted, in that of version 1's memory controller."""
    lines = Path("/proc", str(pid), "cgroup").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("0::") or "memory" in line.split(":")[1].split(",")]


def _places(cgroups: str, mount: Path) -> list[tuple[Path, Path, str]]:
    """Where one may be made: (our own group, the parent of the new one, the file with the peak)."""
    places = []
    for line in cgroups.splitlines():
        number, controllers, own = line.split(":", 2)
        if "memory" in controllers.split(","):
            home = _existing(mount / "memory", own)
            places.append((home, home, "memory.max_usage_in_bytes"))
        elif number == "0" and (mount / "cgroup.controllers").exists():
            home = _existing(mount, own)
            places += [(home, parent, "memory.peak") for parent in (home, home.parent) if _delegates(parent)]
    return places


def _existing(mount: Path, own: str) -> Path:
    """Our group below the mount; a container sees its own group as the mount itself."""
    inside = mount / own.strip("/")
    return inside if inside.is_dir() else mount


def _delegates(parent: Path) -> bool:
    try:
        return "memory" in (parent / "cgroup.subtree_control").read_text().split()
    except OSError:
        return False


def _remove_stale(parent: Path) -> None:
    for folder in parent.glob(f"{_NAME}*-*"):
        owner = folder.name.removeprefix(_NAME).partition("-")[0]
        if owner.isdigit() and not Path("/proc", owner).exists():
            with suppress(OSError):
                folder.rmdir()
