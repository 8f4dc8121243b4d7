"""The work tree as it is, as a commit that no ref names: written beside the user's index, which stays as it is."""

import os
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from perfkit.model.errors import MeasurementError
from perfkit.running.sides.git import Git

_IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "perfkit"), ("EMAIL", "perfkit@localhost"))
}
_MESSAGE = "The work tree as perfkit measured it"
_SUBMODULE = b"160000"


def snapshot(top: Path) -> str:
    """The commit that holds the work tree at `top`: tracked changes, deletions, untracked and unignored files.

    A clean tree is HEAD. Submodules stay at the commit that the index records. The same tree on the same HEAD gives
    the same commit at any time. Raises MeasurementError with git's complaint (an unreadable file).
    """
    git = Git(top)
    head = git.text("rev-parse", "--verify", "HEAD")
    with TemporaryDirectory(prefix="perfkit-", ignore_cleanup_errors=True) as folder:
        tree = _tree(git, top, Path(folder, "index"))
    if tree == git.text("rev-parse", "--verify", "HEAD^{tree}"):
        return head
    date = f"{git.text('show', '--no-patch', '--format=%ct', head)} +0000"
    who = {**_IDENTITY, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    return git.text("commit-tree", tree, "-p", head, "-m", _MESSAGE, env=who)


def _tree(git: Git, top: Path, index: Path) -> str:
    own = top / git.text("rev-parse", "--git-path", "index")
    if own.exists():
        shutil.copy2(own, index)  # with its time: git takes what is younger than the index for possibly changed
    env = {"GIT_INDEX_FILE": str(index)}
    try:
        _unhide(git, top, env)
        recorded = _submodules(git, env)
        git.ask("add", "--update", "--", ".", env=env)
        untracked = git.ask("ls-files", "-z", "--others", "--exclude-standard", env=env)
        # A name with a slash at its end is another repository inside this one: not this project's files.
        files = [name for name in untracked.split(b"\0") if name and not name.endswith(b"/")]
        _update(git, env, ("--add", "--remove", "--replace"), files)
        moved = _submodules(git, env)
        back = [b"%b %b\t%b" % (_SUBMODULE, recorded[name], name) for name in moved if name in recorded]
        git.ask("update-index", "-z", "--index-info", env=env, stdin=b"".join(line + b"\0" for line in back))
        return git.text("write-tree", env=env)
    except MeasurementError as error:
        raise MeasurementError(
            f"the work tree cannot be recorded: {error}", hint="make the file readable, or name it in .gitignore"
        ) from None


def _unhide(git: Git, top: Path, env: dict[str, str]) -> None:
    """Let git see changes in files that it was told to take for unchanged."""
    tagged = [line for line in git.ask("ls-files", "-z", "-v", env=env).split(b"\0") if line]
    assumed = [line[2:] for line in tagged if line[:1].islower()]
    skipped = [line[2:] for line in tagged if line[:1] in b"Ss" and os.path.lexists(os.fsencode(top) + b"/" + line[2:])]
    _update(git, env, ("--no-assume-unchanged",), assumed)
    _update(git, env, ("--no-skip-worktree",), skipped)


def _update(git: Git, env: dict[str, str], options: tuple[str, ...], names: list[bytes]) -> None:
    if names:
        listed = b"".join(name + b"\0" for name in names)
        git.ask("update-index", *options, "-z", "--stdin", env=env, stdin=listed)


def _submodules(git: Git, env: dict[str, str]) -> dict[bytes, bytes]:
    """Path → commit of the index's submodules."""
    found = {}
    for line in git.ask("ls-files", "-z", "--stage", env=env).split(b"\0"):
        about, _, name = line.partition(b"\t")
        if about.startswith(_SUBMODULE) and about.endswith(b" 0"):
            found[name] = about.split()[1]
    return found
