"""Whether the packages of the extra `demo` are there."""

from __future__ import annotations

from importlib.util import find_spec

from clinigate.errors import MissingExtraError

__all__ = ["require_extra"]


def require_extra() -> None:
    """Make sure that the service can run.

    Raises:
        MissingExtraError: a package of the extra `demo` is not installed.
    """
    for package in ("starlette", "uvicorn", "trustme"):
        if find_spec(package) is None:
            raise MissingExtraError("the reference service", "demo")
