"""CG-SEC-BANDIT-001: weaknesses in Python code, found by bandit. 45 CFR 164.308(a)(1)(ii)(A).

bandit reads the syntax tree of each file by itself: it follows no value from one function to the
next, and knows no other language. `# nosec` and `.bandit` files do not count here: they accept for
ever and without a reason. What cannot be parsed was not looked at, and forbids a pass.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path

from clinigate.core.canonical import parse_json
from clinigate.findings.model import Excluded, Found, ScanResult, in_order
from clinigate.findings.programs import Program, located, python_module, run_program
from clinigate.findings.sarif import read_sarif
from clinigate.findings.troubles import ScannerError
from clinigate.security.scanner import ScanContext, Scanner, Topic
from clinigate.security.scanners.bandit_statements import Statements
from clinigate.security.scanners.reading import is_text, shown_name

__all__ = ["SCANNER"]

_SUFFIXES = (".py", ".pyw")
_SCRIPT = re.compile(rb"#![^\n]*\bpython")
_FIRST_LINE = 200
#: Rules whose messages and lines hold a password: none of their text is kept.
_SECRETS = frozenset({"B105", "B106", "B107"})
#: Files of one bandit: few enough for a command line, enough to make its start worth it.
_BATCH = 300
_BATCHES_AT_ONCE = 2
#: bandit goes on without the rule, and its report says nothing of it.
_BROKE = re.compile(rb"internal error running: \w+ on file (.+?) at line \d+: ")
_HOW_TO_GET = "pip install 'clinigate[security]'"

#: What to do, for the rules that are grave or frequent; bandit's page says the rest.
_FIXES = {
    "B102": "call the function that is meant in place of exec",
    "B105": "read it from the environment or a secret store, and change the one that was written",
    "B106": "read it from the environment or a secret store, and change the one that was written",
    "B107": "leave the default out and demand the argument",
    "B108": "make temporary files with tempfile",
    "B113": "give the request a timeout",
    "B201": "run Flask without debug=True",
    "B202": "extract with filter='data', which refuses members outside the folder",
    "B301": "read data in a form that cannot hold code, as JSON",
    "B324": "use SHA-256, or usedforsecurity=False where nothing depends on it",
    "B501": "verify certificates",
    "B506": "use yaml.safe_load",
    "B602": "pass a list of arguments without shell=True",
    "B605": "use subprocess with a list of arguments",
    "B608": "pass values as parameters of the query",
    "B701": "set autoescape=True",
}


def missing(context: ScanContext) -> str | None:
    """Say how to get bandit where it is not there."""
    if _command(context) is not None:
        return None
    named = context.table.bandit
    if named is not None:
        return f"[security] bandit is {named}, which is no program; correct it, or {_HOW_TO_GET}"
    return f"bandit is not installed: {_HOW_TO_GET}"


def scan(context: ScanContext) -> Mapping[str, ScanResult]:
    """Look at all Python files.

    Raises:
        ScannerError: bandit breaks, or its report cannot be understood.
    """
    command = _command(context)
    assert command is not None
    program = Program("bandit", command, "")
    files = [context.uri(path) for path in context.files(_is_python)]
    nameless = [name for name in files if not is_text(name)]
    named = [name for name in files if is_text(name)]
    ini = context.scratch / "none.ini"
    ini.write_text("[bandit]\n", encoding="ascii")  # in place of any .bandit in the project
    batches = [named[start : start + _BATCH] for start in range(0, len(named), _BATCH)]
    with ThreadPoolExecutor(_BATCHES_AT_ONCE) as pool:
        parts = list(pool.map(lambda batch: _scan_batch(program, context, ini, batch), batches))
    return {"sast": _whole(parts, nameless)}


def _is_python(path: Path) -> bool:
    """Whether it is Python by its name, or a script without an ending by its first line."""
    if path.suffix:
        return path.suffix in _SUFFIXES
    try:
        with path.open("rb") as file:
            return _SCRIPT.match(file.read(_FIRST_LINE)) is not None
    except OSError:
        return False


def _command(context: ScanContext) -> tuple[str, ...] | None:
    if context.table.bandit is None:
        return python_module("bandit")
    return located("bandit", configured=context.table.bandit, base_dir=context.config.base_dir)


def _scan_batch(
    program: Program, context: ScanContext, ini: Path, files: Sequence[str]
) -> ScanResult:
    options = ["-q", "-f", "sarif", "--ignore-nosec", "--ini", str(ini), "-x", ""]
    ran = run_program(
        program,
        [*options, "--", *files],
        cwd=context.base,
        timeout_s=context.table.timeout_s,
        stop=context.stop,
    )
    if ran.code not in (0, 1):
        raise ScannerError(f"bandit: ended with exit code {ran.code}, wanted 0 or 1")
    read = read_sarif(
        ran.stdout,
        tool="bandit",
        source="bandit's report",
        hidden=_SECRETS.__contains__,
        key=context.secret_key,
        text_at=Statements(context.base).at,
    )
    if not read.version:
        raise ScannerError("bandit: its report does not say which release wrote it")
    broken = {
        posixpath.normpath(name.decode("utf-8", "replace")) for name in _BROKE.findall(ran.stderr)
    }
    missed = {each.unit for each in read.excluded} | broken
    seen = _looked_at(ran.stdout) & set(files) - missed
    unseen = sorted(set(files) - seen - missed)
    return replace(
        read,
        units=tuple(sorted(seen)),
        excluded=(
            *read.excluded,
            *(Excluded(name, "a rule of bandit broke on it") for name in sorted(broken)),
            *(Excluded(name, "bandit did not look at it") for name in unseen),
        ),
        findings=tuple(_in_our_words(each) for each in read.findings),
    )


def _looked_at(report: bytes) -> set[str]:
    """The files of which bandit counted lines: SARIF itself lists those with findings only."""
    run = parse_json(report)["runs"][0]
    metrics = run.get("properties", {}).get("metrics", {})
    if not isinstance(metrics, dict):
        raise ScannerError("bandit: its report does not say which files were looked at")
    return {posixpath.normpath(name) for name in metrics if name != "_totals"}


def _in_our_words(found: Found) -> Found:
    flaw = found.flaw
    # All imports and calls on bandit's lists are rules of one name; their page tells them apart.
    name = flaw.help_uri.rpartition("#")[2] if flaw.title == "blacklist" else flaw.title
    title = name.removeprefix(f"{flaw.rule.lower()}-").replace("-", " ").replace("_", " ")
    return replace(
        found,
        flaw=replace(flaw, title=title, fix=_FIXES.get(flaw.rule, "")),
        message=found.message.replace(flaw.title, title) if flaw.title else found.message,
    )


def _whole(parts: Sequence[ScanResult], nameless: Sequence[str]) -> ScanResult:
    unnamed = (Excluded(shown_name(name), "its name is no text") for name in nameless)
    return ScanResult(
        scanner="bandit",
        version=parts[0].version if parts else "",
        units=tuple(sorted(chain.from_iterable(part.units for part in parts))),
        excluded=(*chain.from_iterable(part.excluded for part in parts), *unnamed),
        findings=tuple(sorted(chain.from_iterable(part.findings for part in parts), key=in_order)),
    )


SCANNER = Scanner(
    id="bandit",
    check="CG-SEC-BANDIT-001",
    summary="weaknesses in Python code (bandit)",
    topics=(
        Topic(
            "sast",
            "weaknesses in Python code",
            nothing="there is no Python file to look at; correct [security] paths, or leave bandit "
            "out of [security] scanners",
            controls=("164.308(a)(1)(ii)(A)", "CC7.1"),
        ),
    ),
    rules=re.compile(r"B\d{3}"),
    missing=missing,
    scan=scan,
    looks_at=_is_python,
)
