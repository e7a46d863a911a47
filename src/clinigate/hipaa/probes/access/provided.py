"""What a model provider is sent when somebody speaks to the service. 45 CFR 164.502(b)."""

from __future__ import annotations

import json
from typing import Any

from clinigate.config.hipaa_access import ProviderTable
from clinigate.errors import ConfigError
from clinigate.hipaa.planting import served, settled
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.access.showing import is_among, leaves
from clinigate.hipaa.tally import Tally
from clinigate.phi.leaks.recorder import Recorded, recording

__all__ = ["look_at_provider"]

_WORDS = "I have slept badly, and I would like to talk about it."


def look_at_provider(tally: Tally, premises: Premises, table: ProviderTable) -> None:
    """Stand in for the provider while words are said, and look at the members of what it is sent.

    Raises:
        ConfigError: the port cannot be had.
        TargetError: the service does not serve the words.
    """
    service = premises.service
    assert service is not None
    try:
        with recording(port=table.listen, forward=table.forward) as recorder:
            for capability in service.capabilities[:1]:
                served(service, service.saying(_WORDS, capability))
            settled(premises.table.patience_s, lambda: len(recorder.taken()), 0)
            passed = recorder.taken()
    except OSError as error:
        raise ConfigError(
            f"[hipaa.access.provider] listen: port {table.listen} cannot be had "
            f"({error.strerror}); name another one"
        ) from None
    where = "what the model provider is sent"
    bodies = [_json_of(each) for each in passed if each.body]
    if not bodies or any(each is None for each in bodies):
        trouble = "it is no JSON" if bodies else "nothing came"
        tally.cannot(f"{where}: {trouble}; have the service ask at http://127.0.0.1:{table.listen}")
        return
    for member in sorted({name for each in bodies for name, _ in leaves(each)}):
        tally.expect(is_among(member, table.fields), where, f"has {member}")


def _json_of(recorded: Recorded) -> Any:
    try:
        return json.loads(recorded.body)
    except ValueError:
        return None
