"""Other clients than the target's own, and other addresses of its service."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from clinigate.config.hipaa_access import LimitTable
from clinigate.config.target import HttpSpec, OpenAISpec
from clinigate.errors import ConfigError
from clinigate.hipaa.premises import Premises
from clinigate.targets.credentials import read_variable
from clinigate.targets.service import Service

__all__ = ["service_at", "token_of"]


def token_of(premises: Premises, limit: LimitTable, name: str) -> str:
    """Return a token of the client of a limit.

    Raises:
        ConfigError: a variable is missing, or the target has no token service.
        TargetError: none is given.
    """
    where = f"[hipaa.access.limits.{name}]"
    if limit.bearer_env is not None:
        return read_variable(limit.bearer_env, f"{where} bearer_env", premises.environ)
    spec = _spec(premises)
    if spec.auth.oauth2 is None:
        raise ConfigError(f"{where} client_id_env: needs [target.auth.oauth2]; or give bearer_env")
    changes = {"client_id_env": limit.client_id_env, "client_secret_env": limit.client_secret_env}
    oauth2 = spec.auth.oauth2.model_copy(update={**changes, "scope": None})
    auth = spec.auth.model_copy(update={"oauth2": oauth2})
    with _service(premises, spec.model_copy(update={"auth": auth})) as service:
        return service.token(None)


@contextmanager
def service_at(premises: Premises, url: str) -> Iterator[Service]:
    """Open the same service at the address of a replica."""
    spec = _spec(premises)
    path = spec.base_url.partition("://")[2].partition("/")[2]
    place = f"{url.rstrip('/')}/{path}".rstrip("/")
    with _service(premises, spec.model_copy(update={"base_url": place})) as service:
        yield service


def _spec(premises: Premises) -> HttpSpec | OpenAISpec:
    assert premises.service is not None
    return premises.service.spec


@contextmanager
def _service(premises: Premises, spec: HttpSpec | OpenAISpec) -> Iterator[Service]:
    own = premises.service
    assert own is not None
    # One budget and one mark for all that a run asks, whichever address it goes to.
    service = Service(
        spec,
        base_dir=premises.base_dir,
        environ=premises.environ,
        pace=own._pace,
        marks=own._marks,
    )
    with closing(service):
        yield service
