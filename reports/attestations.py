"""What a run showed as in-toto's test result, for policy engines that read nothing else of ours.

The format knows passed, passed with warnings, and failed, and no test that was skipped, broke or
could not tell. Whatever the gate does not take for shown is therefore failed or warned here, and
our own word for it stands beside, under a name of ours, as in-toto lets predicates be extended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from clinigate.core.results import Results
from clinigate.core.verdict import Status
from clinigate.gate.decision import Decision
from clinigate.gate.document import digest_set, in_toto, subjects_of
from clinigate.gate.entries import CriterionEntry, Effect
from clinigate.reports.sealed import FileFact

__all__ = ["as_test_result"]

_TYPE = "https://in-toto.io/attestation/test-result/v0.1"
_VERDICTS = "https://clinigate.dev/test-result/verdicts"
#: What the test was made with, of the sealed files.
_CONFIGURATION = ("controls.lock.json", "environment.json", "plan.json")

_PASSED, _WARNED, _FAILED = "passedTests", "warnedTests", "failedTests"


def as_test_result(
    results: Results, decision: Decision, files: Iterable[FileFact] = ()
) -> dict[str, Any]:
    """Return what a run showed, as the gate took it, in an in-toto Test Result v0.1, unsigned.

    A test is a criterion. `PASSED` needs an open gate and every test passed; a gate that is shut
    for whatever reason is `FAILED`, and so is a run of no tests.

    Args:
        results: what the run found.
        decision: the gate's on it.
        files: the sealed set, of which those that configured the run are named.
    """
    sorted_out: dict[str, list[str]] = {_PASSED: [], _WARNED: [], _FAILED: []}
    for entry in decision.criteria:
        sorted_out[_list_of(entry)].append(entry.criterion.id)
    predicate = {
        "result": _result(decision, sorted_out),
        "configuration": list(_configuration(results, decision, files)),
        **sorted_out,
        _VERDICTS: [
            {
                "name": entry.criterion.id,
                "status": str(entry.verdict.status),
                "effect": str(entry.effect),
            }
            for entry in decision.criteria
        ],
    }
    return in_toto(_TYPE, subjects_of(decision), predicate)


def _list_of(entry: CriterionEntry) -> str:
    status = entry.verdict.status
    if status is Status.PASS:
        return _PASSED if entry.effect is not Effect.SHUTS else _FAILED
    # A waiver or a policy that only reports does not turn what failed into a warning.
    broken = status in (Status.FAIL, Status.ERROR) or entry.effect is Effect.SHUTS
    return _FAILED if broken else _WARNED


def _result(decision: Decision, sorted_out: Mapping[str, list[str]]) -> str:
    if not decision.opens or sorted_out[_FAILED] or not sorted_out[_PASSED]:
        return "FAILED"
    return "WARNED" if sorted_out[_WARNED] else "PASSED"


def _configuration(
    results: Results, decision: Decision, files: Iterable[FileFact]
) -> Iterator[dict[str, Any]]:
    yield {"name": f"policy {decision.policy}", "digest": digest_set(decision.policy_digest)}
    for file in files:
        if file.path in _CONFIGURATION:
            yield {"name": file.path, "digest": {"sha256": file.sha256}}
    for pack in results.packs:
        yield {
            "name": f"pack {pack.name} {pack.version}",
            "digest": {"sha256": pack.digest.removeprefix("sha256:")},
        }
