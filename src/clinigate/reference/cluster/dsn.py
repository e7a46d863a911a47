"""Where a DSN or the URL of a cache points, and the same through a link."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from clinigate.errors import TargetError, UsageError
from clinigate.reference.records.postgres import require_psycopg

__all__ = ["address_of", "cache_address", "cache_through", "require_connection", "through"]

_CONNECT_S = 5
_REDIS_PORT = 6379


def address_of(dsn: str) -> str:
    """Return host:port of a DSN.

    Raises:
        UsageError: it is malformed, or names no single TCP host; MissingExtraError without psycopg.
    """
    parts = _parts(dsn)
    host, port = parts.get("hostaddr") or parts.get("host", ""), parts.get("port", "5432")
    if not host or host.startswith("/") or "," in host:
        raise UsageError("the DSN must name one host that is reached over TCP")
    return f"{host}:{port}"


def through(dsn: str, listen: str) -> str:
    """Return the DSN with host and port of a link."""
    from psycopg.conninfo import make_conninfo

    host, _, port = listen.rpartition(":")
    parts = _parts(dsn)
    parts.pop("hostaddr", None)
    return make_conninfo(**{**parts, "host": host, "port": port})


def require_connection(dsn: str) -> None:
    """Make sure that PostgreSQL lets this DSN in.

    Raises:
        TargetError: it does not; UsageError and MissingExtraError as `address_of`.
    """
    address = address_of(dsn)
    import psycopg

    try:
        psycopg.connect(dsn, connect_timeout=_CONNECT_S).close()
    except psycopg.Error as error:
        # Of libpq's message the class is kept: the text may quote the DSN.
        raise TargetError(
            f"PostgreSQL at {address} does not let the DSN in ({type(error).__name__}); "
            "check that it runs, user and password"
        ) from error


def cache_address(url: str) -> str:
    """Return host:port of a Redis URL.

    Raises:
        UsageError: it is none.
    """
    parts = urlsplit(url)
    if parts.scheme != "redis" or not parts.hostname:
        raise UsageError("the URL of the cache must have the form redis://host:port")
    return f"{parts.hostname}:{parts.port or _REDIS_PORT}"


def cache_through(url: str, listen: str) -> str:
    """Return the URL with host and port of a link."""
    parts = urlsplit(url)
    who, at, _ = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{who}{at}{listen}"))


def _parts(dsn: str) -> dict[str, str]:
    require_psycopg()
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        return {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value}
    except psycopg.Error as error:
        # libpq's message may quote the DSN, and with it a password.
        raise UsageError("the DSN is malformed; see libpq's connection strings") from error
