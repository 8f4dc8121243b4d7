"""The two sides of a paired comparison: which commits, where they lie, how they are built, and that they differ."""

from perfkit.running.sides.building import Build, Built
from perfkit.running.sides.digest import built_alike, tree_digest
from perfkit.running.sides.opening import Side, Sides, open_sides
from perfkit.running.sides.proving import Resolved, prove_sides
from perfkit.running.sides.revisions import Revisions, find_revisions, resolve_base
from perfkit.running.sides.snapshot import snapshot

__all__ = [
    "Build",
    "Built",
    "Resolved",
    "Revisions",
    "Side",
    "Sides",
    "built_alike",
    "find_revisions",
    "open_sides",
    "prove_sides",
    "resolve_base",
    "snapshot",
    "tree_digest",
]
