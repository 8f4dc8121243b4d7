"""Which two commits a comparison is of: the merge base with a ref, and the work tree as it is."""

import re
from dataclasses import dataclass
from pathlib import Path

from perfkit.model.errors import UsageError
from perfkit.running.sides.git import Git
from perfkit.running.sides.snapshot import snapshot


@dataclass(frozen=True, slots=True)
class Revisions:
    """Full ids of both sides' commits, and where the project lies.

    `top` is the repository's work tree, `prefix` the project's root below it (`.` if it is the top itself), `git_dir`
    the repository's common folder. `candidate` is a snapshot commit where the work tree differs from `head`.
    """

    ref: str
    base: str
    candidate: str
    head: str
    top: Path
    prefix: Path
    git_dir: Path

    @property
    def root(self) -> Path:
        """The project's root in the user's work tree."""
        return self.top / self.prefix

    @property
    def dirty(self) -> bool:
        """Whether the candidate holds what is not committed."""
        return self.candidate != self.head


def find_revisions(root: Path, ref: str, *, exact: bool = False) -> Revisions:
    """The commits to compare in the project at `root`: the merge base with `ref` (or `ref` itself) and the work tree.

    Raises UsageError where there is no such base, with a command to type; MeasurementError where git fails.
    """
    found = Git(root).find("rev-parse", "--show-toplevel")
    if not found:
        _, _, complaint = Git(root).run("rev-parse", "--show-toplevel")
        raise UsageError(
            f"{root} cannot be compared with a ref: {complaint}",
            hint="--against needs the work tree of a git repository; without it the gate uses a stored baseline",
        )
    top = Path(found).resolve()
    git = Git(top)
    base = resolve_base(root, ref, exact=exact)
    return Revisions(
        ref=ref,
        base=base,
        candidate=snapshot(top),
        head=git.text("rev-parse", "--verify", "HEAD"),
        top=top,
        prefix=root.resolve().relative_to(top),
        git_dir=(top / git.text("rev-parse", "--git-common-dir")).resolve(),
    )


def resolve_base(root: Path, ref: str, *, exact: bool = False) -> str:
    """The full id of the merge base of HEAD and `ref`, or of `ref` itself. Raises UsageError with what to type."""
    git = Git(root)
    head = git.find("rev-parse", "--quiet", "--verify", "HEAD^{commit}")
    if not head:
        raise UsageError(f"{root} has no commit to compare with", hint="commit first: git commit")
    commit = "" if ref.startswith("-") else git.find("rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")
    if not commit:
        raise UsageError(f"unknown ref {ref!r}", hint=_fetching(git, ref))
    if exact:
        return commit
    base = git.find("merge-base", head, commit)
    if base:
        return base
    if git.find("rev-parse", "--is-shallow-repository") == "true":
        raise UsageError(
            f"this clone is too shallow to hold the merge base of HEAD and {ref}", hint="git fetch --unshallow"
        )
    raise UsageError(
        f"HEAD and {ref} have no common ancestor", hint=f"to compare with {ref} itself: --against {ref} --exact"
    )


def _fetching(git: Git, ref: str) -> str:
    """The command that gets a ref which is not here."""
    remotes = git.find("remote").split()
    if not remotes:
        return "git branch --all shows those that there are"
    remote, _, branch = ref.partition("/")
    if branch and remote in remotes:
        return f"git fetch {remote} {branch}:refs/remotes/{ref}"
    for remote in remotes:
        if git.find("rev-parse", "--quiet", "--verify", f"refs/remotes/{remote}/{ref}"):
            return f"--against {remote}/{ref}"
    remote = "origin" if "origin" in remotes else remotes[0]
    if re.fullmatch("[0-9a-f]{7,39}", ref):  # servers give a commit by its full id only
        return f"git fetch {remote}"
    again = ref if re.fullmatch("[0-9a-f]{40,64}", ref) else "FETCH_HEAD"
    return f"git fetch {remote} {ref} && perfkit gate --against {again}"
