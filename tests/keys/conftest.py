"""A time-stamping authority of openssl's over HTTP, a token of SoftHSM's, and a small project."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from clinigate.config.loader import LoadedConfig, load_config
from clinigate.core import Criterion, Kind, Measurement, Observation, Relation
from clinigate.evidence.bundle import Bundle
from clinigate.evidence.envelope import Signer
from clinigate.evidence.recorder import Recorder
from clinigate.evidence.signing import LocalSigner, generate_signer
from clinigate.pipeline.conclude import Conclusion
from clinigate.pipeline.producing import produce_into_run

Answer = tuple[int, str, bytes]


# ---- a server that answers as it is told ---------------------------------------------------------


@dataclass
class Served:
    """A local HTTP server: where it is, and what it was asked."""

    url: str
    asked: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)


@pytest.fixture(scope="session")
def serving() -> Callable[..., Any]:
    """Serve `answer(method, path, headers, body) -> (status, type, bytes)` while a block runs."""

    @contextmanager
    def serve(answer: Callable[[str, str, Mapping[str, str], bytes], Answer]) -> Iterator[Served]:
        served = Served("")

        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): text for name, text in self.headers.items()}
                served.asked.append((self.command, self.path, headers, body))
                status, kind, data = answer(self.command, self.path, headers, body)
                self.send_response(status)
                name, _, more = kind.partition("\n")
                self.send_header("Content-Type", name)
                if more:
                    self.send_header(*more.split(": ", 1))
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = _any  # noqa: N815 - http.server's names

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        served.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    return serve


# ---- a time-stamping authority -------------------------------------------------------------------


Made = tuple[x509.Certificate, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey]
P256 = ec.SECP256R1()


def certificate(
    name: str,
    *,
    issuer: Made | None = None,
    days: tuple[int, int] = (-30, 365),
    purpose: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.TIME_STAMPING,
    is_rsa: bool = False,
    serial: int | None = None,
) -> Made:
    """A root; under an issuer an authority's certificate, without a purpose one between them."""
    key = rsa.generate_private_key(65537, 2048) if is_rsa else ec.generate_private_key(P256)
    issues = issuer is None or purpose is None
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer[0].subject)
        .public_key(key.public_key())
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=issues, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(_usage(authority=issues), critical=True)
    )
    if issuer is not None:
        builder = builder.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer[1].public_key()),
            critical=False,
        )
    if purpose is not None and issuer is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
    signing = key if issuer is None else issuer[1]
    return builder.sign(signing, hashes.SHA256()), key


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def pem(noun: Any) -> bytes:
    if isinstance(noun, x509.Certificate):
        return noun.public_bytes(serialization.Encoding.PEM)
    data: bytes = noun.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return data


@pytest.fixture(name="certificate", scope="session")
def certificate_fixture() -> Callable[..., Made]:
    return certificate


@dataclass(frozen=True)
class LocalAuthority:
    """An authority of `openssl ts`: its answers are real, its certificates ours."""

    home: Path

    @property
    def roots(self) -> Path:
        return self.home / "root.crt"

    def reply(self, query: bytes) -> bytes:
        (self.home / "q.tsq").write_bytes(query)
        _openssl(self.home, "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "q.tsq",
                 "-out", "r.tsr")  # fmt: skip
        return (self.home / "r.tsr").read_bytes()

    def answer(self, _method: str, _path: str, _headers: object, body: bytes) -> Answer:
        return 200, "application/timestamp-reply", self.reply(body)


def _openssl(home: Path, *words: str) -> None:
    subprocess.run(["openssl", *words], cwd=home, check=True, capture_output=True, timeout=60)


AUTHORITY = """\
[tsa]
default_tsa = t
[t]
serial = {home}/serial
crypto_device = builtin
signer_cert = {home}/tsa.crt
{chain}
signer_key = {home}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
accuracy = {accuracy}
ordering = no
tsa_name = yes
ess_cert_id_chain = no
"""


@pytest.fixture(scope="session")
def authority_in() -> Callable[..., LocalAuthority]:
    """Make an authority in a directory.

    `sent_along` names what it sends beside its own certificate, `between` who stands between it
    and the root. openssl puts what is sent along last; DER wants the smaller ones first.
    """

    def make(
        home: Path,
        *,
        sent_along: str | None = None,
        between: str | None = None,
        accuracy: str = "secs:1",
        **about: Any,
    ) -> LocalAuthority:
        home.mkdir(parents=True, exist_ok=True)
        root = certificate("R", days=(-3000, 3000))
        middle = None if between is None else certificate(between, issuer=root, purpose=None)
        tsa = certificate("A time-stamping authority of tests", issuer=middle or root, **about)
        made = {"root.crt": root[0], "tsa.crt": tsa[0], "tsa.key": tsa[1]}
        if middle is not None:
            made["middle.crt"] = middle[0]
        for name, noun in made.items():
            (home / name).write_bytes(pem(noun))
        chain = f"certs = {home}/{sent_along}" if sent_along else ""
        (home / "tsa.cnf").write_text(AUTHORITY.format(home=home, chain=chain, accuracy=accuracy))
        (home / "serial").write_text("01\n")
        return LocalAuthority(home)

    return make


@pytest.fixture(scope="session")
def authority(
    tmp_path_factory: pytest.TempPathFactory, authority_in: Callable[..., LocalAuthority]
) -> LocalAuthority:
    return authority_in(tmp_path_factory.mktemp("tsa"))


# ---- a token -------------------------------------------------------------------------------------

PIN = "73512846"
SOFTHSM = (
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/local/lib/softhsm/libsofthsm2.so",
)


@dataclass(frozen=True)
class Token:
    """A token of SoftHSM's with a P-256 key (2) and a P-384 key (3)."""

    label: str
    library: str
    configuration: Path

    @property
    def uri(self) -> str:
        return f"hsm:2?label={self.label.replace(' ', '%20')}"


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Token:
    library = next((each for each in SOFTHSM if Path(each).is_file()), None)
    if library is None or not (shutil.which("softhsm2-util") and shutil.which("pkcs11-tool")):
        pytest.skip("needs softhsm2 and opensc (Debian packages)")
    home = tmp_path_factory.mktemp("softhsm")
    (home / "tokens").mkdir()
    configuration = home / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {home}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    token = Token("Officer One", library, configuration)
    environ = {**os.environ, "SOFTHSM2_CONF": str(configuration)}
    made = ["--init-token", "--free", "--label", token.label, "--pin", PIN, "--so-pin", "91827364"]
    commands = [["softhsm2-util", *made]]
    at = ["--module", library, "--token-label", token.label, "--login", "--pin", PIN]
    for number, curve in (("02", "prime256v1"), ("03", "secp384r1")):
        key = ["--keypairgen", "--key-type", f"EC:{curve}", "--id", number, "--label", curve]
        commands.append(["pkcs11-tool", *at, *key])
    for command in commands:
        subprocess.run(command, env=environ, check=True, capture_output=True, timeout=60)
    return token


@pytest.fixture
def token(softhsm: Token, monkeypatch: pytest.MonkeyPatch) -> Token:
    """The token, plugged in: SoftHSM reads its configuration when it is initialised."""
    monkeypatch.setenv("SOFTHSM2_CONF", str(softhsm.configuration))
    monkeypatch.setenv("PYKCS11LIB", softhsm.library)
    pkcs11.lib(softhsm.library).reinitialize()
    return softhsm


# ---- a project whose runs are sealed -------------------------------------------------------------

RTO = Criterion("chaos.kill.rto", "chaos.kill.rto", Relation.BELOW, 30, min_n=1)


@dataclass(frozen=True)
class Project:
    """A folder with a configuration; `run` evaluates something small and seals it."""

    home: Path

    def configure(self, **signing: object) -> LoadedConfig:
        lines = [f"{name} = {_toml(value)}" for name, value in signing.items()]
        text = "\n".join(['[subject]\nname = "small"\nversion = "2"\n[signing]', *lines, ""])
        path = self.home / "clinigate.toml"
        path.write_text(text)
        return load_config(path)

    def run(self, config: LoadedConfig, signer: Signer | None) -> Conclusion:
        outcome = produce_into_run(
            config,
            producer="chaos",
            target="local",
            criteria=[RTO],
            work=_measured,
            signer=signer,
            outside={},
        )
        assert outcome.conclusion is not None
        return outcome.conclusion

    def sealed(self, signer: Signer | None) -> Bundle:
        return self.run(self.configure(), signer).bundle


def _toml(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else f'"{value}"'


def _measured(recorder: Recorder, _environ: Mapping[str, str]) -> str | None:
    about = Measurement(RTO.metric, Kind.WORST, 12.0, 1, unit="s", events=0)
    recorder.observation(Observation("CG-CHAOS-KILL-001", about))
    return None


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.delenv("CLINIGATE_KEY", raising=False)
    monkeypatch.delenv("CLINIGATE_KEY_PASSPHRASE", raising=False)
    return Project(tmp_path)


@pytest.fixture(scope="session")
def machine() -> LocalSigner:
    return generate_signer()
