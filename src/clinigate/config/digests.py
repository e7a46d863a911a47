"""Digests of what is deployed, named where the pipeline runs rather than in the configuration."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clinigate.config.model import SubjectTable, check_digest
from clinigate.errors import ClinigateError, ConfigError, UsageError

__all__ = ["DIGESTS_VARIABLE", "digest_words", "named_also", "read_digests"]

#: `image=sha256:… model=sha256:…`, separated by blanks: added to `[subject] digests`.
DIGESTS_VARIABLE = "CLINIGATE_DIGESTS"


def read_digests(
    words: Iterable[str], *, option: str, error: type[ClinigateError] = UsageError
) -> dict[str, str]:
    """Return digests by name, from words of the form `NAME=DIGEST`.

    Args:
        words: what was given.
        option: how messages name where.
        error: what is raised.

    Raises:
        ClinigateError: a word is of another form, is no digest, or a name is given twice.
    """
    found: dict[str, str] = {}
    for word in words:
        name, _, digest = word.partition("=")
        if not name or not digest:
            raise error(f"{option}: got {word!r}, wanted NAME=DIGEST, as image=sha256:…")
        if name in found:
            raise error(f"{option} {name}: is given twice; give it once")
        try:
            found[name] = check_digest(digest)
        except ValueError as wrong:
            raise error(f"{option} {name}: got {digest!r}, which {wrong}") from None
    return found


def digest_words(digests: Mapping[str, str]) -> str:
    """Return digests as the variable holds them."""
    return " ".join(f"{name}={digest}" for name, digest in sorted(digests.items()))


def named_also(subject: SubjectTable, digests: Mapping[str, str], *, option: str) -> SubjectTable:
    """Return the subject with digests added to those that its table names.

    Raises:
        ConfigError: the table names another digest; the two are different builds.
    """
    for name, digest in digests.items():
        known = subject.digests.get(name, digest)
        if known != digest:
            raise ConfigError(
                f"[subject] digests: {name} is {known}, and {option} says {digest}; "
                "one build is evaluated at a time: leave one of them out"
            )
    return subject.model_copy(update={"digests": {**subject.digests, **digests}})
