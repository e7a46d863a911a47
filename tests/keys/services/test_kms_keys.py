"""Keys of clouds and vaults, each through the vendor's own client, against a small service.

The services are fakes (see conftest.py); the real ones, and their log-ins, are not reached.
"""

from __future__ import annotations

import sys
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from clinigate.core import Criterion, Kind, Measurement, Observation, Relation
from clinigate.errors import KeyFileError, MissingExtraError
from clinigate.evidence.envelope import sign_envelope, verify_envelope
from clinigate.evidence.recorder import is_sealed
from clinigate.evidence.remote_keys import open_remote_key
from clinigate.evidence.report import LevelStatus
from clinigate.evidence.signers import MODULES
from clinigate.evidence.spool import RunStatus
from clinigate.evidence.trust import TrustedKey, TrustStore
from clinigate.evidence.verify import verify_bundle
from clinigate.pipeline.conclude import conclude
from clinigate.pipeline.keys import configured_signer
from clinigate.pipeline.process_run import ProcessRun
from clinigate.pipeline.setup import Overrides, prepare

RTO = Criterion("chaos.kill.rto", "chaos.kill.rto", Relation.BELOW, 30, min_n=1)
GCP_KEY = "projects/p/locations/l/keyRings/r/cryptoKeys/k/cryptoKeyVersions/1"
MESSAGE = b"a message that is longer than its digest, so that nobody mixes them up"


URIS = {
    "aws": "awskms:alias/clinigate",
    "gcp": f"gcpkms:{GCP_KEY}",
    "azure": "azurekms://clinigate.vault.azure.net/keys/signing/0a1b",
    "vault": "hv:clinigate/10",
}
uris = pytest.mark.parametrize("uri", URIS.values(), ids=URIS)


def never() -> str:
    raise AssertionError("asked for a PIN")


@uris
def test_a_service_signs_what_its_public_key_verifies(service: Any, uri: str) -> None:
    signer = open_remote_key(uri, never)
    public = service.public
    assert signer.public == public
    envelope = sign_envelope(MESSAGE, "text/plain", [signer])
    assert verify_envelope(envelope, {public.keyid: public})[1] == {public.keyid}
    (sent,) = service.sent
    # Only Vault is told the message itself: Ed25519 needs it whole.
    assert (len(sent) == 32) is (not uri.startswith("hv:"))


def test_vault_signs_with_ed25519_too_and_the_newest_version_is_pinned(service: Any) -> None:
    service.key = ed25519.Ed25519PrivateKey.generate()
    signer = open_remote_key("hv:clinigate", never)
    assert signer.public.verifies(signer.sign(MESSAGE), MESSAGE)


def test_azure_takes_the_newest_version_where_none_is_named(service: Any) -> None:
    signer = open_remote_key("azurekms://clinigate.vault.azure.net/keys/signing", never)
    assert signer.public.verifies(signer.sign(MESSAGE), MESSAGE)


@uris
def test_an_rsa_key_is_refused(service: Any, uri: str) -> None:
    service.key = rsa.generate_private_key(65537, 2048)
    with pytest.raises(KeyFileError, match=r"wanted (an Ed25519|EC on P-256|ed25519)") as caught:
        open_remote_key(uri, never)
    assert str(caught.value).startswith(f"{uri}: ")


@uris
@pytest.mark.parametrize("status", [400, 403])
def test_a_service_that_refuses_is_told_without_its_words(
    service: Any, uri: str, status: int
) -> None:
    """Before it opens, and after; its words may quote a credential, and are not shown."""
    signer = open_remote_key(uri, never)
    service.refuses = status
    with pytest.raises(KeyFileError, match=r"cannot be opened \(.*\); look at") as opening:
        open_remote_key(uri, never)
    with pytest.raises(KeyFileError, match=r"does not sign \(.*\); look at") as signing:
        signer.sign(MESSAGE)
    for caught in (opening, signing):
        text = str(caught.value)
        assert text.startswith(f"{uri}: ")
        assert "\n" not in text
        assert service.secret not in text
    # What went wrong for a moment is tried again: no service locks a key for it.
    service.refuses = None
    assert signer.public.verifies(signer.sign(MESSAGE), MESSAGE)


@uris
def test_a_key_that_was_replaced_signs_nothing(service: Any, uri: str) -> None:
    """The service turned to another key under the same name."""
    signer = open_remote_key(uri, never)
    service.signs_with = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(KeyFileError, match="does not verify with its own public key"):
        signer.sign(MESSAGE)


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("hv:clinigate/newest", "wanted hv:NAME/VERSION"),
        ("hv:../../sys/seal", "wanted hv:NAME/VERSION"),
        ("hv:..", "wanted hv:NAME/VERSION"),
        ("gcpkms:projects/p", "wanted the version's full name"),
        (f"gcpkms:{GCP_KEY}/../2", "wanted the version's full name"),
        ("azurekms://v.vault.azure.net@elsewhere/keys/a", "wanted azurekms://VAULT"),
        ("hv:clinigate/11", "has no version 11; the newest is 10"),
        ("azurekms://v.vault.azure.net/secrets/x", "wanted azurekms://VAULT.vault.azure.net/keys"),
        ("azurekms:signing", "wanted azurekms://VAULT.vault.azure.net/keys"),
        ("azurekms://v.vault.azure.net/keys/a/b/c", "wanted azurekms://VAULT"),
    ],
)
def test_a_uri_of_another_form_is_refused(service: Any, uri: str, said: str) -> None:
    with pytest.raises(KeyFileError) as caught:
        open_remote_key(uri, never)
    assert str(caught.value).startswith(f"{uri}: {said}")
    assert service.sent == []


@given(scheme=st.sampled_from(["hsm", "awskms", "gcpkms", "azurekms", "hv"]), place=st.text())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_whatever_stands_behind_the_colon_is_one_refusal(
    service: Any, scheme: str, place: str
) -> None:
    service.refuses = 403
    with pytest.raises(KeyFileError) as caught:
        open_remote_key(f"{scheme}:{place}", lambda: "0000")
    assert str(caught.value).startswith(f"{scheme}:{place}: ")


@pytest.mark.parametrize("uri", ["rsa:x", "gnupg:", "file2:x", "x"])
def test_an_unknown_scheme_names_those_that_are_known(uri: str) -> None:
    with pytest.raises(KeyFileError, match="known are file:PATH, env:VARIABLE, hsm:"):
        open_remote_key(uri, never)


@pytest.mark.parametrize(
    ("uri", "library"),
    [
        ("hsm:2", "pkcs11"),
        ("awskms:x", "boto3"),
        (f"gcpkms:{GCP_KEY}", "google.cloud.kms"),
        ("azurekms://v.vault.azure.net/keys/a", "azure.identity"),
        ("azurekms://v.vault.azure.net/keys/a", "azure.keyvault.keys"),
        ("hv:x", "hvac"),
        ("hv:x", "securesystemslib.signer"),
    ],
)
def test_a_missing_library_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, uri: str, library: str
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    for name in [*MODULES.values(), "clinigate.evidence.signers.bridge"]:
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(MissingExtraError, match=r"pip install 'clinigate\[kms\]'"):
        open_remote_key(uri, never)


def test_a_home_that_is_away_at_the_end_loses_nothing(service: Any, project: Any) -> None:
    """The run was begun with the key; at the seal nobody answers; later somebody does."""
    config = project.configure(key="hv:clinigate/10")
    signer = configured_signer(config, environ={})
    begun = ProcessRun.begin(prepare(config, Overrides()), producer="chaos", signer=signer)
    begun.recording.announce("local", [RTO])
    about = Measurement(RTO.metric, Kind.WORST, 12.0, 1, unit="s", events=0)
    begun.recording.recorder.observation(Observation("CG-CHAOS-KILL-001", about))
    service.refuses = 403
    with pytest.raises(KeyFileError, match=r"^hv:clinigate/10: does not sign \("):
        begun.end(None)
    assert not is_sealed(begun.directory)
    service.refuses = None
    bundle = conclude(begun.directory, signer=signer).bundle
    trust = TrustStore((TrustedKey(service.public, "CI", "machine"),))
    report = verify_bundle(bundle, trust=trust, ledger=project.home / ".clinigate" / "ledger")
    assert report.overall is LevelStatus.OK, report.problems
    assert bundle.status is RunStatus.COMPLETE
