"""Which source a run stood in."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["revision"]


def revision(environment: Mapping[str, object]) -> str:
    """The commit of the tree that the run stood in, and whether it was changed; else empty."""
    git = environment.get("git")
    if not isinstance(git, Mapping) or not git.get("commit"):
        return ""
    match git.get("dirty"):
        case True:
            changed = ", with changes that nobody committed"
        case False:
            changed = ""
        case _:
            changed = ", changes unknown"
    return f"{git['commit']}{changed}"
