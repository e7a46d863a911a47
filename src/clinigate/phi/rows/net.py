"""Addresses of the net: letters N and O."""

from __future__ import annotations

from clinigate.phi import placeholders as nobody
from clinigate.phi.model import Letter
from clinigate.phi.numbers import is_address
from clinigate.phi.recognizer import Recognizer, Tier, form
from clinigate.phi.rows.fragments import FIELD, led, words
from clinigate.phi.values import is_host, is_identifier

__all__ = ["ROWS"]

_OCTET = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_PUBLIC = r"(?:25[0-5]|2[0-4]\d|1(?:[013-9]\d|2[0-689])|1[1-9]|[2-9]\d|[1-9])"
_IP_END = r"(?:$|[^\w./]|[./](?:$|\D))"
_HEX = "[0-9A-Fa-f]"
_LAST = r"[A-Za-z0-9._~%@-]{0,80}\d[A-Za-z0-9._~%@-]{0,80}"
_WHOSE = r"(?i:patients?|members?|people|persons?|clients?|residents?|subscribers?)"
_HOSTED = r"(?i:https?)://[^ \t\r\n\"'<>?]{1,300}/"
_SITES = (r"(?:facebook|instagram|twitter|x|tiktok|linkedin|threads|snapchat|pinterest|github"
          r"|youtube|patientslikeme|caringbridge|gofundme)\.(?:com|org)")  # fmt: skip

ROWS: tuple[Recognizer, ...] = (
    Recognizer(
        "CG-PHI-URL",
        Letter.N,
        "An address that names a person",
        Tier.IDENTIFIER,
        (
            form(rf"(?:^|[^\w:/])(?P<v>{_HOSTED}{_WHOSE}/{_LAST})", 0.95),
            form(r"(?:^|[^\w:/])(?P<v>(?i:https?)://[^ \t\r\n\"'<>?]{1,300}\?[^ \t\r\n\"'<>]{0,200}"
                 r"(?i:patient|mrn|member|ssn|subscriber)[_-]?(?i:id|no|number)?=[A-Za-z0-9_-]{0,20}"
                 r"\d[^ \t\r\n\"'<>]{0,100})", 0.95),
            form(led(*(f"{whose}[ _-]?(?:url|uri|link|page|portal|site|website)" for whose in
                       ("patient(?:'?s)?", "member", "portal", "profile", "personal", "person")),
                     "home[ _-]?page", "web[ _-]?site", "web[ _-]?page")
                 + FIELD + r"(?P<v>(?:(?i:https?)://)?[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,5}"
                 r"(?:/[^ \t\r\n\"'<>]{0,200})?)(?:$|[ \t\r\n\"'<>])", 0.8),
            form(rf"(?:^|[^\w/.:}}])(?:/[\w.~-]{{1,64}}){{0,6}}/{_WHOSE}/"
                 r"(?P<v>[A-Za-z0-9._~-]{0,80}\d[A-Za-z0-9._~-]{0,80})", 0.45),
        ),
        context=words("get post put patch delete http"),
        accept=lambda value: is_identifier(value) or is_host(value),
        placeholder=nobody.of_url,
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-PROFILE",
        Letter.N,
        "Somebody's page in a social network",
        Tier.IDENTIFIER,
        (
            form(rf"(?:^|[^\w.@])(?P<v>(?:https?://)?(?:www\.|m\.)?{_SITES}/"
                 r"(?:in/|u/|user/|users/|profile/|visit/|f/|@)?[\w.@%-]{3,80}/?)(?:$|[^\w./-])",
                 0.45),
            form(led("twitter", "instagram", "facebook", "tiktok", "snapchat", "skype", "linkedin")
                 + r"(?i:[ _-]?(?:handle|name|id|user(?:name)?))?[\"']?[ ]?[:=][ ]?[\"']?"
                 r"(?P<v>@?[\w.-]{3,40})(?:$|[^\w.-]|\.(?:$|\W))", 0.45),
        ),
        context=words("patient member contact her his"),
        severity="medium",
    ),
    Recognizer(
        "CG-PHI-WEB",
        Letter.N,
        "A web address",
        Tier.CONTEXTUAL,
        (
            form(r"(?:^|[^\w:/]|[A-Za-z]:)(?P<v>(?i:https?|ftp|s3|gs|wss?)://"
                 r"[^ \t\r\n\"'<>]{3,400})", 0.5),
            form(r"(?:^|[^\w.@/:-]|[A-Za-z]:)(?P<v>(?:[A-Za-z0-9-]{1,63}\.){1,5}[A-Za-z]{2,24}"
                 r"(?::\d{2,5})?(?:/[^ \t\r\n\"'<>]{0,300})?)(?:$|[^\w./@]|[./](?:$|\W))", 0.5),
        ),
        accept=is_host,
        placeholder=nobody.of_url,
        severity="low",
    ),
    Recognizer(
        "CG-PHI-IP",
        Letter.O,
        "An IP address",
        Tier.CONTEXTUAL,
        (
            form(rf"(?:^|[^\w./]|(?:^|[^A-Za-z])/)(?P<v>{_PUBLIC}(?:\.{_OCTET}){{3}}){_IP_END}",
                 0.45),
            form(rf"(?:^|[^\w:.])(?P<v>(?:{_HEX}{{0,4}}:){{3,7}}{_HEX}{{1,4}})(?:$|[^\w:])", 0.45),
        ),
        context=words("client remote visitor patient user caller forwarded ip login logged signin"),
        accept=is_address,
        placeholder=nobody.of_address,
        severity="medium",
    ),
    # Networks of a house and of the machine itself stand on each line of many logs: no word lifts
    # them.
    Recognizer(
        "CG-PHI-IP",
        Letter.O,
        "An IP address",
        Tier.CONTEXTUAL,
        (
            form(rf"(?:^|[^\w.])(?P<v>{_OCTET}(?:\.{_OCTET}){{3}})(?:$|[^\w.]|\.(?:$|\D))", 0.55),
            form(rf"(?:^|[^\w:.])(?P<v>(?:{_HEX}{{0,4}}:){{2,7}}{_HEX}{{1,4}})(?:$|[^\w:])", 0.4),
        ),
        accept=is_address,
        placeholder=nobody.of_address,
        severity="medium",
    ),
)  # fmt: skip
