"""CG-HIPAA-ROLES-001 — roles that may do more, or less, than declared. 45 CFR 164.312(a)(1).

Every operation of the OpenAPI document that is not open is asked as each role that logs in. What
the role's scopes do not cover must be refused; what they cover must not be. As somebody who may,
nothing is sent that would be carried out: a body that cannot be read in place of the example.
"""

from __future__ import annotations

from collections.abc import Iterator

from clinigate.core.observation import Observation
from clinigate.hipaa.interface import guarded, withheld
from clinigate.hipaa.named import Named
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probes.access.asking import Asker
from clinigate.hipaa.probes.access.crowd import Crowd
from clinigate.hipaa.tally import Tally

__all__ = ["role_matrix"]


def role_matrix(named: Named, premises: Premises) -> Iterator[Observation]:
    """Ask each operation as each role."""
    assert premises.service is not None
    tally = Tally(named)
    asker, crowd = Asker(tally, premises.service), Crowd(tally, premises)
    tried = []
    for each in guarded(premises):
        if (reason := withheld(premises, each.request)) is None:
            tried.append(each)
        else:
            tally.cannot(f"{each.request}: {reason}")
    people = list(crowd.roles())
    if not people:
        tally.cannot("somebody who logs in; name one in [hipaa.roles.NAME] login")
    for name, role in people:
        for operation in tried:
            headers = crowd.headers(name)
            if headers is None:
                break
            if operation.scopes <= set(role.scopes):
                asker.must_admit(operation, headers, f"the role {name}")
            else:
                asker.must_refuse(operation.request, headers, f"the role {name}")
    asker.judge_refusals()
    yield from tally.observations()
