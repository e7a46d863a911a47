"""Probes of what comes in and goes out: the function that does each, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from clinigate.hipaa.doing import Probe
from clinigate.hipaa.probes.traffic.activity import activity_review
from clinigate.hipaa.probes.traffic.caching import cache_control
from clinigate.hipaa.probes.traffic.headers import hsts
from clinigate.hipaa.probes.traffic.malware import malware_upload
from clinigate.hipaa.probes.traffic.messages import message_integrity
from clinigate.hipaa.probes.traffic.notice import privacy_notice
from clinigate.hipaa.probes.traffic.tls import tls_ciphers

__all__ = ["PROBES"]

PROBES: Mapping[str, Probe] = MappingProxyType({
    "tls_ciphers": tls_ciphers,
    "hsts": hsts,
    "cache_control": cache_control,
    "malware_upload": malware_upload,
    "message_integrity": message_integrity,
    "activity_review": activity_review,
    "privacy_notice": privacy_notice,
})  # fmt: skip
