"""The real server, asked as browsers, scripts and attackers ask: it shows, and never more."""

from __future__ import annotations

import http.client
import re
import ssl
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from clinigate.evidence.bundle import open_bundle
from clinigate.evidence.report import LevelStatus
from clinigate.evidence.trust import load_trust
from clinigate.evidence.verify import verify_bundle
from clinigate.portal.guard import HEADERS

TOKEN = "7f3a9c5e1b8d2046fa71c3e95d80b26417ce"

Ask = Callable[..., tuple[http.client.HTTPResponse, bytes]]


def asker(address: str) -> Ask:
    """Sends exactly this path and these headers: no client tidies them up."""
    place = urlsplit(address)

    def ask(
        path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        sent = {"Host": f"127.0.0.1:{place.port}", **headers}
        if body is not None:
            sent["Content-Length"] = str(len(body))
        for name, value in sent.items():
            if value:
                connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, content

    return ask


@pytest.fixture(scope="module")
def ask(shelf: Any, serving: Callable[..., str]) -> Ask:
    mine, _ = shelf
    return asker(serving(mine.folder))


def test_every_run_is_listed_with_what_became_of_it(ask: Ask, shelf: Any) -> None:
    _, fates = shelf
    page = until_verified(ask)
    for run in fates.values():
        assert run in page
    for word in ("Verified", "Broken", "Missing", "Not sealed", "aborted", "never finished"):
        assert word in page


def until_verified(ask: Ask) -> str:
    """The list, as soon as nothing on it is being verified any more."""
    for _ in range(2000):
        _, content = ask("/index.html")
        if b"Being verified" not in content:
            return content.decode()
    raise AssertionError("bundles stay unverified")


def test_every_page_is_there_and_every_answer_has_its_headers(ask: Ask, shelf: Any) -> None:
    _, fates = shelf
    run = fates["passed"]
    paths = ["/", "/index.html", "/trends.html", "/coverage.html", "/due.html", "/ledger.html"]
    paths += [f"/runs/{run}/{name}" for name in ("index.html", "report.html", "bundle.zip")]
    paths += [f"/runs/{run}/files/results.json", "/nothing.html", "/sign-in"]
    for path in paths:
        response, content = ask(path)
        assert response.status == (
            404 if path in ("/nothing.html", "/sign-in") else 307 * (path == "/") or 200
        )
        assert content or path == "/"
        for name, value in HEADERS.items():
            assert response.headers.get_all(name) == [value], (path, name)
        policy = response.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "server" not in response.headers
        assert "access-control-allow-origin" not in response.headers


def test_a_head_request_says_the_same_and_sends_nothing(ask: Ask, shelf: Any) -> None:
    _, fates = shelf
    for path in ("/ledger.html", f"/runs/{fates['passed']}/files/results.json"):
        response, content = ask(path, "HEAD")
        assert (response.status, content) == (200, b"")
        assert int(response.headers["content-length"]) > 100


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "MOVE"])
@pytest.mark.parametrize("path", ["/", "/index.html", "/sign-in", "/runs/x/files/results.json"])
def test_there_is_no_way_to_write(ask: Ask, method: str, path: str) -> None:
    response, content = ask(path, method, b"x=1")
    assert response.status == 405
    assert response.headers["allow"] == "GET, HEAD"
    assert b"only shows" in content


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:80", 200),
        ("LOCALHOST", 200),
        ("[::1]:9", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost@evil.example", 421),
        ("localhost:80:80", 421),
        ("", 400),
    ],
)
def test_a_name_that_was_made_to_lead_here_is_refused(ask: Ask, host: str, status: int) -> None:
    response, content = ask("/index.html", Host=host)
    assert response.status == status
    assert (b"calm companion" in content) == (status == 200)


def test_two_hosts_are_none(ask: Ask) -> None:
    response, _ = ask("/index.html", host="localhost")
    assert response.status == 400


SECRET = "nobody may read this"


@pytest.mark.parametrize(
    "name",
    [
        "../../../secret.txt",
        "..%2f..%2f..%2fsecret.txt",
        "%2e%2e/%2e%2e/%2e%2e/secret.txt",
        "%252e%252e/%252e%252e/secret.txt",
        "..%5c..%5csecret.txt",
        "blobs/../../../../secret.txt",
        "./../../../secret.txt",
        "results.json%00.txt",
        "results.json/",
        "%2fetc%2fpasswd",
        "//etc/passwd",
        "records",
        "..%c0%af..%c0%afsecret.txt",
    ],
)
def test_no_path_leads_out_of_a_run(ask: Ask, shelf: Any, name: str) -> None:
    mine, fates = shelf
    (mine.folder / "secret.txt").write_text(SECRET)
    response, content = ask(f"/runs/{fates['passed']}/files/{name}")
    assert response.status in (404, 400)
    assert SECRET.encode() not in content
    assert b"root:x:" not in content


@pytest.mark.parametrize("run", ["..", "%2e%2e", ".", "..%2f..", "20260821T100000000000Z-00000000"])
def test_no_run_is_made_up(ask: Ask, run: str) -> None:
    for rest in ("index.html", "report.html", "bundle.zip", "files/clinigate.toml"):
        assert ask(f"/runs/{run}/{rest}")[0].status in (404, 400)


def test_a_link_in_a_bundle_shows_nothing_of_where_it_leads(
    project: Any, serving: Callable[..., str]
) -> None:
    """Neither as a file, nor as a folder, nor as a whole run."""
    bundle = project.sealed()
    (project.folder / "secret.txt").write_text(SECRET)
    (bundle.path / "exports").mkdir(exist_ok=True)
    (bundle.path / "exports" / "secret.txt").symlink_to(project.folder / "secret.txt")
    foreign = "20260821T100000000000Z-00000000"
    (project.root / "runs" / foreign).symlink_to(bundle.path, target_is_directory=True)
    ask = asker(serving(project.folder))
    for path in ("files/exports/secret.txt", "files/results.json", "bundle.zip", "index.html"):
        response, content = ask(f"/runs/{bundle.run}/{path}")
        assert SECRET.encode() not in content
        assert response.status == (200 if path == "index.html" else 409), path
    assert "link" in ask(f"/runs/{bundle.run}/index.html")[1].decode()
    assert ask(f"/runs/{foreign}/index.html")[0].status == 404


def test_a_file_is_what_lies_there_and_runs_nowhere(ask: Ask, shelf: Any) -> None:
    mine, fates = shelf
    folder = mine.root / "runs" / fates["passed"]
    response, content = ask(f"/runs/{fates['passed']}/files/results.json")
    assert content == (folder / "results.json").read_bytes()
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    blob = next(p for p in (folder / "blobs").rglob("*") if p.is_file())
    response, content = ask(f"/runs/{fates['passed']}/files/{blob.relative_to(folder)}")
    assert content == blob.read_bytes()
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment")


def test_a_page_that_somebody_put_into_exports_is_saved_and_not_shown(
    project: Any, serving: Callable[..., str]
) -> None:
    bundle = project.sealed()
    (bundle.path / "exports").mkdir(exist_ok=True)
    (bundle.path / "exports" / "report.html").write_text("<script>alert(1)</script>")
    ask = asker(serving(project.folder))
    response, _ = ask(f"/runs/{bundle.run}/files/exports/report.html")
    assert response.headers["content-type"] == "application/octet-stream"
    assert response.headers["content-disposition"].startswith("attachment")
    assert response.headers["content-security-policy"].startswith("sandbox;")


def test_a_large_file_comes_whole(project: Any, serving: Callable[..., str]) -> None:
    """In pieces: what is large is never held at once."""
    blob = b"said so many times that it is long\n" * 100_000
    bundle = project.sealed(blob=blob)
    ask = asker(serving(project.folder))
    name = next(name for name in bundle.names if name.startswith("blobs/"))
    assert ask(f"/runs/{bundle.run}/files/{name}")[1] == blob


def test_a_saved_bundle_verifies_elsewhere(ask: Ask, shelf: Any, tmp_path: Path) -> None:
    mine, fates = shelf
    response, content = ask(f"/runs/{fates['passed']}/bundle.zip")
    assert (
        response.headers["content-disposition"] == f'attachment; filename="{fates["passed"]}.zip"'
    )
    assert zipfile.is_zipfile(BytesIO(content))
    path = tmp_path / "bundle.zip"
    path.write_bytes(content)
    trust = load_trust(mine.folder / "trust.toml")
    assert verify_bundle(open_bundle(path), trust=trust).overall is LevelStatus.OK


def test_a_run_that_was_never_sealed_hands_out_nothing(ask: Ask, shelf: Any) -> None:
    _, fates = shelf
    for rest in ("files/environment.json", "bundle.zip"):
        response, content = ask(f"/runs/{fates['unfinished']}/{rest}")
        assert response.status == 409
        assert b"not sealed" in content
    assert b"never sealed" in ask(f"/runs/{fates['unfinished']}/index.html")[1]


def test_a_report_is_made_of_what_is_sealed_and_shut_in(ask: Ask, shelf: Any) -> None:
    _, fates = shelf
    response, content = ask(f"/runs/{fates['passed']}/report.html")
    assert response.status == 200
    assert response.headers["content-security-policy"].startswith("sandbox allow-scripts")
    assert "allow-same-origin" not in response.headers["content-security-policy"]
    assert fates["passed"].encode() in content
    response, content = ask(f"/runs/{fates['damaged']}/report.html")
    assert response.status == 409
    assert b"results.json" in content


def test_a_token_lets_in_by_a_form_and_nothing_else_does(
    shelf: Any, serving: Callable[..., str]
) -> None:
    mine, _ = shelf
    ask = asker(serving(mine.folder, CLINIGATE_PORTAL_TOKEN=TOKEN))
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    for path in ("/", "/index.html", f"/index.html?token={TOKEN}", "/runs/x/files/y"):
        response, content = ask(path)
        assert response.status == 401
        assert b"calm companion" not in content
    assert b"stays in histories" in ask(f"/index.html?token={TOKEN}")[1]
    for body in (b"token=", b"token=wrong", f"token={TOKEN}&token={TOKEN}".encode(), b"x" * 9000):
        response, _ = ask("/sign-in", "POST", body, **form)
        assert response.status == 401
        assert "set-cookie" not in response.headers
    response, _ = ask("/sign-in", "POST", f"token={TOKEN}".encode(), **form)
    assert (response.status, response.headers["location"]) == (303, "index.html")
    cookie = response.headers["set-cookie"]
    assert TOKEN not in cookie
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(re.split(r"; ", cookie))
    value = cookie.split(";")[0]
    assert ask("/index.html", Cookie=value)[0].status == 200
    assert ask("/index.html", Cookie=value[:-1] + "0" * (value[-1] != "0"))[0].status == 401
    assert ask("/index.html", Authorization=f"Bearer {TOKEN}")[0].status == 200
    assert ask("/index.html", Authorization=f"Bearer {TOKEN}x")[0].status == 401
    assert ask("/index.html", "POST", b"x", Cookie=value)[0].status == 405


def test_a_proxy_is_believed_by_its_address_alone(
    project: Any, serving: Callable[..., str]
) -> None:
    config = project.folder / "clinigate.toml"
    text = config.read_text()
    table = (
        '[portal]\nuser_header = "X-Auth-User"\ntrusted_proxies = ["{}"]\n'
        'hosts = ["portal.example"]\n'
    )
    project.sealed()
    config.write_text(text + table.format("127.0.0.1"))
    ask = asker(serving(project.folder))
    response, content = ask("/index.html", Host="portal.example", X_Auth_User="Ada Officer")
    assert response.status == 200
    assert b"Ada Officer" in content
    assert ask("/index.html")[0].status == 401
    assert ask("/index.html", X_Auth_User="a\tb")[0].status == 401
    config.write_text(text + table.format("10.1.2.3"))
    ask = asker(serving(project.folder))
    forged = {"X_Auth_User": "Ada Officer", "X_Forwarded_For": "10.1.2.3"}
    response, content = ask("/index.html", **forged)
    assert response.status == 403
    assert b"calm companion" not in content


def test_by_tls_the_cookie_goes_by_tls_alone(project: Any, serving: Callable[..., str]) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(str(project.folder / "tls.pem"))
    config = project.folder / "clinigate.toml"
    config.write_text(
        f'{config.read_text()}\n[portal]\ntls_certificate = "tls.pem"\ntls_key = "tls.pem"\n'
    )
    project.sealed()
    address = serving(project.folder, CLINIGATE_PORTAL_TOKEN=TOKEN)
    assert address.startswith("https://127.0.0.1:")
    context = ssl.create_default_context()
    authority.configure_trust(context)
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    place = urlsplit(address)
    connection = http.client.HTTPSConnection("127.0.0.1", place.port, timeout=30, context=context)
    connection.request("POST", "/sign-in", f"token={TOKEN}", form)
    response = connection.getresponse()
    response.read()
    connection.close()
    cookie = response.headers["set-cookie"]
    assert cookie.startswith("__Host-clinigate=")
    assert "Secure" in cookie.split("; ")
