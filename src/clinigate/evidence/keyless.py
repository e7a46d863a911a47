"""Sigstore, where a job has an identity and no key: a second signature over the sealed envelope.

It stands beside the seal and never in place of it: whether a bundle is signed by somebody who
counts, the trust file alone decides. The envelope's digest and the job's identity become public in
Sigstore's log. The library is large, and loads where it is asked for alone.
"""

from __future__ import annotations

from collections.abc import Mapping

from clinigate.errors import EvidenceError, IntegrityError, MissingExtraError
from clinigate.evidence.bundle import Bundle, open_bundle
from clinigate.evidence.files import naming, write_atomic

__all__ = ["SIGSTORE", "TOKEN_VARIABLE", "sign_keyless", "verify_keyless"]

SIGSTORE = "records/sigstore.json"
#: An identity token, as GitLab's jobs have it; others are found where the job runs.
TOKEN_VARIABLE = "SIGSTORE_ID_TOKEN"  # noqa: S105 - the variable's name


def sign_keyless(bundle: Bundle, environ: Mapping[str, str]) -> Bundle:
    """Sign a sealed envelope with Sigstore and keep its bundle as `records/sigstore.json`.

    Args:
        bundle: a sealed run, in its directory.
        environ: where an identity token is looked for, before the job itself is asked.

    Raises:
        MissingExtraError: Sigstore's library is not installed.
        EvidenceError: no identity token is at hand, or Sigstore's services refuse; the bundle is
            as it was.
    """
    try:
        from sigstore.models import ClientTrustConfig
        from sigstore.oidc import IdentityToken, detect_credential
        from sigstore.sign import SigningContext
    except ImportError as error:
        raise MissingExtraError("a signature of Sigstore", "sigstore") from error
    try:
        token = environ.get(TOKEN_VARIABLE) or detect_credential()
        if token:
            context = SigningContext.from_trust_config(ClientTrustConfig.production())
            with context.signer(IdentityToken(token)) as signer:
                text = signer.sign_artifact(bundle.envelope_bytes).to_json()
    except Exception as error:
        # Its words may quote the token.
        raise EvidenceError(f"Sigstore does not sign ({type(error).__name__})") from error
    if not token:
        raise EvidenceError(
            f"Sigstore does not sign: no identity token; set {TOKEN_VARIABLE}, or give the job one"
        )
    path = bundle.path / SIGSTORE
    with naming(path.parent, "created"):
        path.parent.mkdir(exist_ok=True)
    write_atomic(path, text.encode())
    return open_bundle(bundle.path)


def verify_keyless(bundle: Bundle, *, identity: str, issuer: str) -> str:
    """Return a sentence that says who signed the envelope with Sigstore, by its cached roots.

    Args:
        bundle: read, not believed.
        identity: who must have signed, as the certificate names them.
        issuer: who must have vouched for that identity.

    Raises:
        MissingExtraError: Sigstore's library is not installed.
        EvidenceError: there is no such signature, or no roots of Sigstore are cached here.
        IntegrityError: the signature is not theirs, or is over other bytes.
    """
    if SIGSTORE not in bundle.names:
        raise EvidenceError(f"{bundle.path}: Sigstore signed nothing here; there is no {SIGSTORE}")
    try:
        from sigstore.errors import VerificationError
        from sigstore.models import Bundle as SigstoreBundle
        from sigstore.models import InvalidBundle
        from sigstore.verify import Verifier
        from sigstore.verify.policy import Identity
    except ImportError as error:
        raise MissingExtraError(f"{SIGSTORE}", "sigstore") from error
    try:
        verifier = Verifier.production(offline=True)
    except Exception as error:
        raise EvidenceError(
            f"{SIGSTORE}: Sigstore's roots are not cached here ({type(error).__name__}); "
            "fetch them once with: sigstore plumbing update-trust-root"
        ) from error
    try:
        signed = SigstoreBundle.from_json(bundle.read(SIGSTORE))
        policy = Identity(identity=identity, issuer=issuer)
        verifier.verify_artifact(bundle.envelope_bytes, signed, policy)
    except (VerificationError, InvalidBundle, ValueError) as error:
        raise IntegrityError(
            f"{SIGSTORE}: not signed by {identity} (vouched for by {issuer}), or not over this "
            f"envelope ({type(error).__name__})"
        ) from error
    return f"{SIGSTORE}: this envelope was signed by {identity}, vouched for by {issuer}"
