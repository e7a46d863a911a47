"""Probes of who sees what: what they are."""

from __future__ import annotations

from clinigate.hipaa.probe import Effect, Named, Safeguard

__all__ = ["DECLARED"]

_PEOPLE = ("login", "roles")
_RECORDS = (*_PEOPLE, "patients")

DECLARED: tuple[Named, ...] = (
    Named(
        "anonymous_sweep",
        "CG-HIPAA-ANONYMOUS-001",
        Safeguard.TECHNICAL,
        "nobody is served without credentials, at no address",
        ("164.312(a)(1)",),
        sends="Every operation of the document, and addresses for debugging, administration and "
        "backups that services are known to have, all without credentials.",
        looks_at="Whether anything but what is declared open is served.",
        cannot_see="Addresses that neither the document nor the list knows, other ports, and "
        "protocols that are not HTTP/1.1, as gRPC reflection.",
    ),
    Named(
        "role_matrix",
        "CG-HIPAA-ROLES-001",
        Safeguard.TECHNICAL,
        "each role may do what it is declared to, and nothing else",
        ("164.312(a)(1)", "164.308(a)(4)(ii)(B)"),
        sends="Every operation of the document as each role that logs in: with its example where "
        "the role may not use it, else with a body that cannot be read.",
        looks_at="Whether who may not is refused, and who may is not.",
        cannot_see="What an operation does once it is let in; those without a body that write are "
        "not tried as somebody who may use them.",
        needs=_PEOPLE,
    ),
    Named(
        "idor",
        "CG-HIPAA-IDOR-001",
        Safeguard.TECHNICAL,
        "nobody reaches the record of somebody else by its id",
        ("164.308(a)(4)(ii)(B)", "164.312(a)(1)"),
        effect=Effect.WRITES,
        sends="Every operation of the document that names a patient, with the id of a synthetic "
        "one, as other patients and as those who work at another facility.",
        looks_at="Whether it is refused, what of the patient stands in the answer, and whether "
        "the answer differs from that for an id that nobody has.",
        cannot_see="Ids in bodies, and differences in time alone.",
        needs=_RECORDS,
    ),
    Named(
        "facility_matrix",
        "CG-HIPAA-FACILITIES-001",
        Safeguard.TECHNICAL,
        "who works at one facility sees no records of another",
        ("164.308(a)(4)(ii)(B)", "164.312(a)(1)"),
        effect=Effect.WRITES,
        sends="A read and a search for a synthetic patient of each facility, as each role that "
        "works at one.",
        looks_at="Whether the patient is found at their own facility, and at no other.",
        cannot_see="Lists, exports and reports that no request of [hipaa.patients] asks for.",
        needs=_RECORDS,
    ),
    Named(
        "injection",
        "CG-HIPAA-INJECTION-001",
        Safeguard.TECHNICAL,
        "what is sent never becomes part of a query",
        ("164.312(a)(1)", "164.312(c)(1)"),
        effect=Effect.WRITES,
        sends="Quotes and conditions of SQL in the ids and query parameters of the document's "
        "operations, in the log-in, in the search for patients and in a synthetic patient's "
        "record; never anything that would change data if it ran.",
        looks_at="Whether the answer is that to an unknown id, and the record comes back as it "
        "was sent.",
        cannot_see="Injection that shows in time alone, and bodies of other operations.",
        needs=("patients",),
    ),
    Named(
        "scopes",
        "CG-HIPAA-SCOPES-001",
        Safeguard.TECHNICAL,
        "a token opens what its scopes name, and without a scope nothing",
        ("164.312(a)(1)", "164.308(a)(4)(ii)(B)"),
        sends="The operations that the named scopes open, with a token of each single scope and "
        "with one that has none.",
        looks_at="Whether each scope opens its own operations and no other's.",
        cannot_see="Operations whose scopes are not among the named ones: hipaa.access_control "
        "tries those.",
    ),
    Named(
        "token_forgery",
        "CG-HIPAA-FORGERY-001",
        Safeguard.TECHNICAL,
        "a forged token opens nothing",
        ("164.312(d)",),
        sends="The token of a session, forged: unsigned, signed with the public key, with a key "
        "of ours, with a path or a query as the name of its key; and signed ones for another "
        "audience, of another issuer, and expired.",
        looks_at="Whether each is refused where the real one is let in.",
        cannot_see="What the service fetches on account of a token, and tokens that are opaque: "
        "in those there is nothing to forge.",
        needs=_PEOPLE,
    ),
    Named(
        "minimum_necessary",
        "CG-HIPAA-MINIMUM-001",
        Safeguard.PRIVACY,
        "each role sees the fields it needs, and no more",
        ("164.502(b)", "164.514(d)"),
        effect=Effect.WRITES,
        sends="A read and a search for a synthetic patient as each role of [hipaa.access] fields; "
        "and a few words to the service, where [hipaa.access.provider] is given.",
        looks_at="The members of the record and the values of the patient anywhere in the answer, "
        "and the members of what a model provider is sent.",
        cannot_see="Whether the declared fields are the necessary ones, and what stands in those "
        "that a model provider is sent: `clinigate phi trace` looks there.",
        needs=_RECORDS,
    ),
    Named(
        "rate_limits",
        "CG-HIPAA-LIMITS-001",
        Safeguard.TECHNICAL,
        "no client asks more often than it may, at no replica",
        ("164.312(a)(1)", "CC6.6"),
        sends="One request more than a client of its own may send, spread among the replicas.",
        looks_at="Whether it is told to slow down in time and for how long, while others are "
        "served.",
        cannot_see="Whether the limit ends when it says; a replica that is not named.",
    ),
)
