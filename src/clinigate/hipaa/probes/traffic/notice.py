"""CG-HIPAA-PRIVACY-NOTICE-001 — a notice that is not there, or not in force. 45 CFR 164.520.

The notice of privacy practices is asked for by nobody in particular, since it is for everybody
(164.520(c)(3)). Its version and date must be those of the notice that was signed; where the signed
file is named, what is served must be that file, byte by byte.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import jmespath

from clinigate.config.hipaa_traffic import NoticeTable
from clinigate.core.observation import Observation
from clinigate.errors import ConfigError, TargetError
from clinigate.hipaa.actors import filled, told
from clinigate.hipaa.premises import Premises
from clinigate.hipaa.probe import Named
from clinigate.hipaa.probes.traffic.answers import void
from clinigate.hipaa.tally import Tally
from clinigate.targets.service import Answer

__all__ = ["privacy_notice"]


def privacy_notice(named: Named, premises: Premises) -> Iterator[Observation]:
    """Read the notice, and hold it against what was signed."""
    service, table = premises.service, premises.table.traffic.notice
    assert service is not None
    assert table is not None
    tally = Tally(named)
    request = filled(table, {})
    answer = service.send_as(request)
    where = str(request)
    why = void(answer)
    if why is not None:
        raise TargetError(f"{where}: {why}; [hipaa.traffic.notice] path says where the notice is")
    tally.expect(answer.served, where, f"answers {answer.status} to who has no credentials")
    if answer.served:
        for what, wanted, at in (
            ("version", table.version, table.version_answer),
            ("date", table.effective, table.effective_answer),
        ):
            right = _says(answer, wanted, at)
            tally.expect(right, where, f"is not the notice of {what} {wanted}, which was signed")
        _document(tally, premises, table, answer, where)
    yield from tally.observations()


def _says(answer: Answer, wanted: str, at: str | None) -> bool:
    if at is not None:
        return str(jmespath.search(at, answer.body)) == wanted
    # A longer number or date that begins alike is another one.
    whole = rf"(?<![\w.-]){re.escape(wanted)}(?![\w-]|\.\w)"
    return re.search(whole, answer.content.decode("utf-8", "replace")) is not None


def _document(
    tally: Tally, premises: Premises, table: NoticeTable, answer: Answer, where: str
) -> None:
    if table.document is None:
        tally.remarks.append(
            "its words were not compared; name the signed file in [hipaa.traffic.notice] document"
        )
        return
    try:
        signed = premises.path(table.document).read_bytes()
    except OSError as error:
        raise ConfigError(
            f"[hipaa.traffic.notice] document: {table.document}: {error.strerror}"
        ) from None
    served = answer.content
    if table.answer != "@":
        served = str(told(answer, table.answer)).encode()
    same = served.strip() == signed.strip()
    tally.expect(same, where, f"has other words than {table.document}, which was signed")
