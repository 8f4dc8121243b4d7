"""Scratch repositories: made by git itself, with an identity and settings that come from the environment alone."""

import hashlib
import os
import subprocess
from pathlib import Path

import pytest


class Repository:
    def __init__(self, top: Path):
        self.top = top

    def git(self, *arguments, cwd=None):
        done = subprocess.run(["git", *arguments], cwd=cwd or self.top, capture_output=True)
        assert done.returncode == 0, (arguments, done.stderr.decode(errors="replace"))
        return os.fsdecode(done.stdout).removesuffix("\n")

    def write(self, name, text="", mode=0o644):
        path = self.top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    def commit(self, message="change", **files):
        for name, text in files.items():
            self.write(name.replace("__", "/").replace("_py", ".py"), text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")

    def listing(self, commit):
        """Path → (mode, content) of a commit."""
        found = {}
        for line in self.git("ls-tree", "-r", "-z", commit).split("\0"):
            if line:
                about, _, name = line.partition("\t")
                mode, kind, identity = about.split()
                found[name] = (mode, self.git("cat-file", "blob", identity) if kind == "blob" else identity)
        return found

    def state(self):
        """Everything of the user's that a comparison must leave alone."""
        index = self.top / ".git" / "index"
        return {
            "status": self.git("--no-optional-locks", "status", "--porcelain=v2", "--branch", "--ignored"),
            "index": hashlib.sha256(index.read_bytes()).hexdigest(),
            "index time": index.stat().st_mtime_ns,
            "refs": self.git("for-each-ref"),
            "HEAD": (self.top / ".git" / "HEAD").read_text(),
            "config": (self.top / ".git" / "config").read_text(),
            "stash": self.git("stash", "list"),
            "reflog": self.git("reflog"),
            "worktrees": self.git("worktree", "list", "--porcelain"),
            "books": sorted(path.name for path in (self.top / ".git").iterdir()),
            "files": {
                str(path.relative_to(self.top)): (path.lstat().st_mode, path.lstat().st_mtime_ns)
                for path in self.top.rglob("*")
                if ".git" not in path.parts
            },
        }


@pytest.fixture
def alone(monkeypatch, tmp_path):
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "A Tester")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "tester@localhost")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


@pytest.fixture
def repository(alone, tmp_path):
    """A repository with one commit of one file on the branch main."""
    top = tmp_path / "project"
    top.mkdir()
    made = Repository(top)
    made.git("init", "-q", "-b", "main")
    made.write("kept.txt", "kept\n")
    made.commit("first")
    return made


@pytest.fixture
def parent(tmp_path):
    """Where the sides' folders are made."""
    return tmp_path / "sides"
