"""MLflow in and out: a release and its baseline by run id, and what the gate said of the release.

A tracked release carries the sealed bundle as an artifact and its digest as a tag, so that the next
one can be held against it. What decides stays the bundle: tags and metrics can be edited by whoever
can write to the store, and a bundle that is not the one its tag names, or is not signed, is refused
like any other.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from clinigate.core.canonical import canonical_bytes, sha256_hex
from clinigate.core.codec import to_plain
from clinigate.core.verdict import Verdict
from clinigate.errors import EvidenceError, IntegrityError, MissingExtraError, UsageError
from clinigate.evidence.bundle import export_zip, open_bundle
from clinigate.modelgate.release import Released

__all__ = ["DIGEST_TAG", "Tracker", "open_tracker"]

T = TypeVar("T")

#: A tag `clinigate.digest.prompt` names a digest of the release.
DIGEST_TAG = "clinigate.digest."
_VERDICT, _BUNDLE, _RUN, _BASELINE = (
    "clinigate.verdict",
    "clinigate.bundle",
    "clinigate.run",
    "clinigate.baseline",
)
_FOLDER, _ZIP, _VERDICTS = "clinigate", "bundle.zip", "verdicts.json"
#: Up to the last @: whoever left out to encode a password may have one or a slash in it.
_CREDENTIALS = re.compile(r"(?<!file://)(?<=://)[^\s'\"]*@")
_SECRET_PARAMETERS = re.compile(
    r"([?&][^=&\s]*(?:token|password|passwd|secret|key)[^=&\s]*=)[^&\s'\"]*", re.IGNORECASE
)
#: MLflow reports its use to its makers, and draws bars for files of a few bytes.
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


@dataclass(frozen=True, slots=True)
class Tracker:
    """A tracking store.

    Attributes:
        client: MLflow's. failure: the class of its errors. place: the address, for messages.
    """

    client: Any
    failure: type[Exception]
    place: str

    def digests(self, run: str) -> Mapping[str, str]:
        """Return the digests that the tags of a run name, by name.

        Raises:
            EvidenceError: the store does not answer, or has no such run.
        """
        tags = self._tags(run)
        return {
            name.removeprefix(DIGEST_TAG): value
            for name, value in sorted(tags.items())
            if name.startswith(DIGEST_TAG)
        }

    def model_digest(self, run: str, path: str) -> str:
        """Return the digest of a model that a run logged: of the names and contents of its files.

        Raises:
            UsageError: the run logged nothing there.
            EvidenceError: as `digests`.
        """
        with tempfile.TemporaryDirectory(prefix="clinigate-model-") as folder:
            found = Path(self._told(lambda: self.client.download_artifacts(run, path, folder)))
            files = [found] if found.is_file() else sorted(found.rglob("*"))
            contents = {
                str(file.relative_to(found.parent)): _digest_of(file)
                for file in files
                if file.is_file()
            }
        if not contents:
            raise UsageError(f"{self.place}: run {run} logged no model at {path!r}")
        return f"sha256:{sha256_hex(canonical_bytes(contents))}"

    @contextmanager
    def bundle(self, run: str) -> Iterator[Path]:
        """Fetch the sealed bundle of a release, and throw the copy away at the end.

        Raises:
            UsageError: the run carries none: the model gate never logged to it.
            IntegrityError: it is another bundle than the run's tag names.
            EvidenceError: as `digests`.
        """
        named = self._tags(run).get(_BUNDLE)
        if named is None:
            raise UsageError(
                f"{self.place}: run {run} carries no bundle of Clinigate; log one with "
                f"`clinigate model-gate --record-baseline --mlflow-run {run}`"
            )
        with tempfile.TemporaryDirectory(prefix="clinigate-baseline-") as folder:
            place = f"{_FOLDER}/{_ZIP}"
            found = Path(self._told(lambda: self.client.download_artifacts(run, place, folder)))
            if open_bundle(found).statement_digest != named:
                raise IntegrityError(
                    f"{self.place}: the bundle of run {run} is not the one that its tag "
                    f"{_BUNDLE} names; take the baseline from where it was sealed"
                )
            yield found

    def log(self, run: str, released: Released, *, baseline: str | None) -> None:
        """Write what the gate said: verdict and bundle's digest as tags, numbers as metrics.

        Of each criterion that was measured: its value, the bound that decided (`.bound`) and on how
        many units it stands (`.n`).

        Raises:
            EvidenceError: as `digests`, or the run was not sealed here.
        """
        if released.conclusion is None:
            raise EvidenceError(
                f"run {released.run} is another's to seal; log it to MLflow once it is sealed"
            )
        bundle = released.conclusion.bundle
        tags = {
            _VERDICT: "PASS" if released.decision.opens else "NOT_PASSED",
            _BUNDLE: bundle.statement_digest,
            _RUN: released.run,
            **({} if baseline is None else {_BASELINE: baseline}),
        }
        with tempfile.TemporaryDirectory(prefix="clinigate-mlflow-") as folder:
            export_zip(bundle, Path(folder) / _ZIP)
            plain = {"reasons": released.decision.reasons, "verdicts": released.verdicts}
            (Path(folder) / _VERDICTS).write_bytes(canonical_bytes(to_plain(plain)))
            self._told(lambda: self.client.log_artifacts(run, folder, _FOLDER))
        for name, value in _metrics(released.verdicts):
            self._told(partial(self.client.log_metric, run, name, value))
        # Last: whoever reads the tags finds what they name.
        for name, text in tags.items():
            self._told(partial(self.client.set_tag, run, name, text))

    def _tags(self, run: str) -> Mapping[str, str]:
        found: Mapping[str, str] = self._told(lambda: self.client.get_run(run).data.tags)
        return found

    def _told(self, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except self.failure as error:
            raise EvidenceError(f"MLflow at {self.place}: {_said(error)}") from None
        except OSError as error:
            raise EvidenceError(f"MLflow at {self.place}: {type(error).__name__}") from None


def open_tracker(uri: str | None, base_dir: Path) -> Tracker:
    """Open a tracking store; without an address, the one that `MLFLOW_TRACKING_URI` names.

    A folder is read against `base_dir`.

    Raises:
        MissingExtraError: MLflow is not installed.
        UsageError: no address is given.
        EvidenceError: the store cannot be opened.
    """
    address = uri or os.environ.get("MLFLOW_TRACKING_URI")
    if not address:
        raise UsageError(
            "no MLflow store is named; give --mlflow-uri, [model_gate.mlflow] tracking_uri or "
            "MLFLOW_TRACKING_URI"
        )
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
    except ImportError:
        raise MissingExtraError("tracking releases with MLflow", "mlflow") from None
    place = _censored(address)
    try:
        if "://" not in address:
            address = (base_dir / address).resolve().as_uri()
            place = address
        client = MlflowClient(tracking_uri=address)
    except (MlflowException, ValueError) as error:  # a ValueError: it is no address at all
        raise EvidenceError(f"MLflow at {place}: {_said(error)}") from None
    return Tracker(client, MlflowException, place)


def _metrics(verdicts: tuple[Verdict, ...]) -> Iterator[tuple[str, float]]:
    for verdict in verdicts:
        for suffix, value in (("", verdict.value), (".bound", verdict.bound), (".n", verdict.n)):
            if value is not None:
                yield f"{verdict.criterion}{suffix}", float(value)


def _digest_of(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _said(error: Exception) -> str:
    """The first sentence of MLflow's own words; addresses in it lose their credentials."""
    said = str(error)
    if "MLFLOW_ALLOW_FILE_STORE" in said:
        return "it keeps no store of files by default any more; set MLFLOW_ALLOW_FILE_STORE=true"
    return _censored(said.splitlines()[0] if said else type(error).__name__)[:300]


def _censored(text: str) -> str:
    """The text without what credentials its addresses hold."""
    return _SECRET_PARAMETERS.sub(r"\1…", _CREDENTIALS.sub("", text))
