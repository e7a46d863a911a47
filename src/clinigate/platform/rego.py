"""Policy as code: the team's own policies in Rego, by conftest's conventions.

The rules `deny`, `violation` and `warn` (and `deny_…` and so on) of every package are asked for
each manifest, which is `input`; what they yield is a text, or an object with `msg`. Policies run in
a process of their own: the interpreter is a library in C++, and what crashes or hangs there must
not take the scan with it.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from clinigate.core.flaw import Flaw, FlawSeverity
from clinigate.errors import ConfigError
from clinigate.findings.identity import Fingerprints
from clinigate.findings.model import Excluded, Found
from clinigate.findings.programs import Program, run_program
from clinigate.findings.tree import relative_uri, walk
from clinigate.findings.troubles import ScannerError
from clinigate.platform.judge import TopicScan
from clinigate.platform.resource import Resource
from clinigate.platform.topics import POLICIES

__all__ = ["HIDDEN", "Policy", "masked", "read_policies", "run_policies"]

_TIMEOUT_S = 120.0
_WORKER = ("-m", "clinigate.platform.rego_worker")
_PACKAGE = re.compile(r"^\s*package\s+([\w.]+)\s*(?:#.*)?$", re.MULTILINE)
_RULE = re.compile(r"^\s*((?:deny|violation|warn)(?:_\w+)?)\b(?=[\s\[({:=])", re.MULTILINE)
#: conftest's `warn` fails nobody's build; here it is said, and does not count.
_SEVERITIES = {"deny": FlawSeverity.HIGH, "violation": FlawSeverity.HIGH, "warn": FlawSeverity.INFO}
#: Stands for a value of a Secret.
HIDDEN = "(hidden)"


@dataclass(frozen=True, slots=True)
class Policy:
    """One file of Rego.

    Attributes:
        uri: relative to the configuration.
        source: its text.
        package: as `main`.
        rules: the names of those that are asked.
    """

    uri: str
    source: str
    package: str
    rules: tuple[str, ...]


def read_policies(base: Path, paths: Sequence[str]) -> tuple[Policy, ...]:
    """Read `.rego` files; tests (`_test.rego`) are left out.

    Raises:
        UsageError: a path that does not exist.
        ConfigError: there is none, one states no package, or none has a rule to ask.
    """
    found = tuple(
        _policy(path, relative_uri(path, base))
        for path in walk(base, paths)
        if path.suffix == ".rego" and not path.stem.endswith("_test")
    )
    if not any(each.rules for each in found):
        where = ", ".join(paths)
        raise ConfigError(
            f"[platform] policies: {where} holds no Rego rule named deny, violation or warn"
        )
    return found


def _policy(path: Path, uri: str) -> Policy:
    try:
        source = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{uri}: cannot be read ({type(error).__name__})") from None
    package = _PACKAGE.search(source)
    if package is None:
        raise ConfigError(f"{uri}: states no package; begin it with `package main`")
    return Policy(uri, source, package[1], tuple(dict.fromkeys(_RULE.findall(source))))


def run_policies(base: Path, paths: Sequence[str], resources: Sequence[Resource]) -> TopicScan:
    """Ask every policy about every resource.

    Raises:
        UsageError, ConfigError: as `read_policies`, and for Rego that does not parse.
    """
    policies = read_policies(base, paths)
    scan = TopicScan(POLICIES)
    if find_spec("regopy") is None:
        scan.missing = "policies in Rego need an extra: pip install 'clinigate[security]'"
    if scan.missing or not resources:
        return scan
    try:
        answers = _asked(policies, resources)
    except ScannerError as error:
        scan.faults.append(str(error))
        return scan
    fingerprints = Fingerprints()
    for answer in answers:
        resource = resources[answer["input"]]
        if "broken" in answer:
            about = f"{answer['package']}.{answer['rule']} breaks on it"
            scan.excluded.append(Excluded(resource.label, about))
            continue
        for said in answer["said"]:
            scan.findings.append(_found(answer, said, resource, fingerprints))
            scan.saw(resource.label, ok=answer["rule"].partition("_")[0] == "warn")
    for resource in resources:
        scan.saw(resource.label, ok=True)
    return scan


def _asked(policies: Sequence[Policy], resources: Iterable[Resource]) -> list[dict[str, Any]]:
    asked = {
        "modules": [{"name": each.uri, "source": each.source} for each in policies],
        "queries": sorted({(each.package, rule) for each in policies for rule in each.rules}),
        "inputs": [masked(each) for each in resources],
    }
    worker = Program("the Rego interpreter", (sys.executable, "-P", *_WORKER), "")
    with TemporaryDirectory(prefix="clinigate-rego-") as folder:
        order = Path(folder) / "order.json"
        order.write_text(json.dumps(asked), encoding="utf-8")
        ran = run_program(worker, [str(order)], cwd=Path(folder), timeout_s=_TIMEOUT_S)
    return list(_answers(ran.code, ran.stdout))


def _answers(code: int, stdout: bytes) -> Iterator[dict[str, Any]]:
    lines = stdout.decode("utf-8", "replace").splitlines()
    try:
        answers = [json.loads(line) for line in lines]
    except ValueError:
        raise ScannerError("the Rego interpreter: wrote what cannot be read") from None
    if answers and "unparsed" in answers[-1]:
        raise ConfigError(f"{answers[-1]['unparsed']}: is no Rego (version 1): "
                          f"{answers[-1]['reason']}")  # fmt: skip
    if code != 0 or not answers or not answers[-1].get("done"):
        raise ScannerError(f"the Rego interpreter: ended early (exit code {code})")
    yield from answers[:-1]


def masked(resource: Resource) -> Mapping[str, Any]:
    """The manifest as policies see it: of a Secret the keys, without the values."""
    if resource.group_kind != "Secret":
        return resource.body
    body = dict(resource.body)
    for part in ("data", "stringData"):
        if isinstance(body.get(part), dict):
            body[part] = dict.fromkeys(body[part], HIDDEN)
    return body


def _found(
    answer: Mapping[str, Any], said: Any, resource: Resource, fingerprints: Fingerprints
) -> Found:
    message = said.get("msg") if isinstance(said, dict) else said
    if not isinstance(message, str):
        message = "it says no `msg`"
    rule = f"{answer['package']}.{answer['rule']}"
    place = resource.place()
    flaw = Flaw(
        rule=rule,
        tools=("rego",),
        severity=_severity(answer["rule"], said),
        place=place,
        fingerprint=fingerprints.of(rule, place.uri, symbol=place.symbol, snippet=message),
        title="A policy of the team",
        fix="see the policy",
    )
    return Found(flaw, f"{resource.label}: {message}")


def _severity(rule: str, said: Any) -> FlawSeverity:
    """A rule's own word of its severity counts, but for `warn`, which never counts."""
    usual = _SEVERITIES[rule.partition("_")[0]]
    stated = said.get("severity") if isinstance(said, dict) else None
    if usual is FlawSeverity.INFO or not isinstance(stated, str):
        return usual
    try:
        named = FlawSeverity(stated.lower())
    except ValueError:
        return usual
    # What a rule denies counts, whatever it calls itself.
    return usual if named is FlawSeverity.INFO else named
