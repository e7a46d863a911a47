"""Values that are nobody's: reserved for examples, published as samples, or of a role.

They are reported as what they are, and do not count: who shows `555-0123` leaks nothing.
"""

from __future__ import annotations

import ipaddress
import re

from clinigate.phi.numbers import digits

__all__ = [
    "of_address",
    "of_card",
    "of_date",
    "of_email",
    "of_mac",
    "of_mbi",
    "of_phone",
    "of_place",
    "of_repeated",
    "of_ssn",
    "of_url",
    "of_uuid",
]

_SAMPLE = "published as a sample"


def of_repeated(value: str) -> str | None:
    """One digit again and again."""
    number = digits(value)
    return "one digit repeated" if len(number) > 3 and len(set(number)) == 1 else None


#: A wallet insert of 1938, a pamphlet of the Social Security Board, and advertisements.
_SSN_SAMPLES = re.compile(r"078051120|219099999|98765432\d")


def of_ssn(value: str) -> str | None:
    """Numbers that the SSA published; digits in a row are none of them, and may be somebody's."""
    return _SAMPLE if _SSN_SAMPLES.fullmatch(digits(value)) else of_repeated(value)


_FICTION = re.compile(r"1?(?:[2-9]\d\d)?55501\d\d")
_TOLL_FREE = re.compile(r"1?8(?:00|33|44|55|66|77|88)\d{7}")


def of_phone(value: str) -> str | None:
    """555-0100 to 555-0199, which NANPA keeps for fiction; toll-free numbers, as crisis lines."""
    number = digits(re.split(r"(?i)\s*(?:x|ext)", value, maxsplit=1)[0])
    if value.lstrip().startswith("+") and not number.startswith("1"):
        return of_repeated(value)
    if _FICTION.fullmatch(number):
        return "reserved for fiction (NANPA, 555-01xx)"
    if number in "01234567890123456789":
        return "digits in a row"
    return "a toll-free number" if _TOLL_FREE.fullmatch(number) else of_repeated(value)


_RESERVED_NAMES = re.compile(
    r"(?:.*\.)?(?:example\.(?:com|net|org|edu)|[\w-]+\.(?:example|test|invalid|localhost)"
    r"|noreply\.[\w.-]+)"
)
#: What programmers write for anybody.
_ANYBODY = re.compile(
    r"(?:foo|bar|baz|user|username|someone|somebody|nobody)@.*|.*@(?:foo|bar|baz|foobar)\.[a-z]{2,3}"
    r"|.*@dom\.ain"
)
_ROLES = frozenset({
    "abuse", "admin", "billing", "contact", "git", "help", "hello", "hostmaster", "info", "legal",
    "mail", "mailer-daemon", "maintainers", "no-reply", "noreply", "notifications", "office", "ops",
    "postmaster", "press", "privacy", "root", "sales", "security", "support", "team", "webmaster",
})  # fmt: skip


def of_email(value: str) -> str | None:
    """Domains of RFC 2606 and RFC 6761, and addresses of a role in place of a person."""
    local, _, domain = value.casefold().replace("%40", "@").rpartition("@")
    if _RESERVED_NAMES.fullmatch(domain):
        return "reserved for examples (RFC 2606)"
    if _ANYBODY.fullmatch(f"{local}@{domain}"):
        return "a name for anybody"
    return "the address of a role" if local.partition("+")[0] in _ROLES else None


#: Numbers that payment processors publish for tests.
_TEST_CARDS = frozenset({
    "4111111111111111", "4242424242424242", "4012888888881881", "4000056655665556", "4222222222222",
    "5555555555554444", "5105105105105100", "2223003122003222", "5200828282828210",
    "378282246310005", "371449635398431", "6011111111111117", "6011000990139424",
    "3530111333300000", "3566002020360505", "30569309025904", "38520000023237", "6200000000000005",
})  # fmt: skip


def of_card(value: str) -> str | None:
    """Cards that exist for tests."""
    return "a test card" if digits(value) in _TEST_CARDS else of_repeated(value)


def of_mbi(value: str) -> str | None:
    """The number on the cards that CMS shows."""
    plain = value.replace("-", "").upper()
    return _SAMPLE if re.fullmatch(r"1EG4TE5MK7[23]", plain) else None


#: What programs write where there is no date.
_NO_DATES = frozenset({"19700101", "19000101", "00010101", "99991231", "01011970", "01011900"})


def of_date(value: str) -> str | None:
    """The epoch, and the first and last day that calendars of programs know."""
    return "no date, but the absence of one" if digits(value) in _NO_DATES else None


_DOCUMENTATION = tuple(
    ipaddress.ip_network(net)
    for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
)

_PRIVATE = tuple(
    ipaddress.ip_network(net)
    for net in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                "100.64.0.0/10", "fc00::/7", "fe80::/10")
)  # fmt: skip


#: Resolvers that anybody may ask, and digits in a row.
_SHOWN = frozenset({
    "1.1.1.1", "1.0.0.1", "8.8.8.8", "8.8.4.4", "9.9.9.9", "1.2.3.4", "4.3.2.1", "5.6.7.8",
    "123.45.67.89", "123.123.123.123",
})  # fmt: skip


def of_address(value: str) -> str | None:
    """RFC 5737 and RFC 3849, and addresses that identify nobody."""
    if value in _SHOWN:
        return "a public resolver, or digits in a row"
    address = ipaddress.ip_address(value)
    if any(address in net for net in _DOCUMENTATION if net.version == address.version):
        return "reserved for documentation (RFC 5737, RFC 3849)"
    if address.is_loopback or address.is_unspecified or address.is_multicast:
        return "an address that identifies nobody"
    if any(address in net for net in _PRIVATE if net.version == address.version):
        return "a private address, which thousands share (RFC 1918, RFC 4193)"
    if value == "255.255.255.255" or (address.version == 4 and value.startswith("255.")):
        return "a network mask"
    return None


def of_mac(value: str) -> str | None:
    """RFC 7042 keeps 00-00-5E-00-53-xx for documentation; all zeros and broadcast are no device."""
    plain = re.sub(r"[^0-9a-f]", "", value.casefold())
    if plain.startswith("00005e0053") or len(set(plain)) == 1:
        return "reserved for documentation (RFC 7042), or no device"
    return None


_HOST = re.compile(r"(?i)https?://(?:[^/@\s]{1,64}@)?([^/:\s]{1,253})")


def of_url(value: str) -> str | None:
    """Addresses under a name that is reserved for examples, or of this machine."""
    found = _HOST.match(value)
    host = found[1].casefold() if found else ""
    reserved = host in ("localhost", "127.0.0.1") or _RESERVED_NAMES.fullmatch(host)
    return "reserved for examples (RFC 2606)" if reserved else None


def of_uuid(value: str) -> str | None:
    """The UUID that programs write where there is none (RFC 9562, 5.9)."""
    return "the nil UUID" if set(value) <= set("0-") else None


#: Where the Free Software Foundation is or was: it stands in a notice of each of its licences.
_FOUNDATION = re.compile(
    r"02110-1301|02111-1307|02139|(?:51 Franklin|59 Temple|675 Mass|31 Milk)\b.*", re.DOTALL
)


def of_place(value: str) -> str | None:
    """An address that stands in each copy of a licence."""
    return "the address in a licence" if _FOUNDATION.fullmatch(value) else None
