"""A lab's servers are real, run unprivileged, and leave nothing behind however their owner ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from clinigate.chaos.labs import failover, keeper, pair, postgres
from clinigate.chaos.labs.processes import Lab, wait_until
from clinigate.chaos.labs.redis import redis_missing, redis_server
from clinigate.errors import TargetError, UsageError

needs_postgres = pytest.mark.skipif(
    postgres.postgres_missing() is not None, reason=str(postgres.postgres_missing())
)
needs_redis = pytest.mark.skipif(redis_missing() is not None, reason=str(redis_missing()))

OWNER = """
import sys, time
from clinigate.chaos.labs.postgres import running_postgres
with running_postgres(fsync=False) as server:
    print(server.pid, server.port, server.data.parent, flush=True)
    time.sleep(600)
"""


def _refuses(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@needs_postgres
class TestPostgres:
    def test_answers_on_loopback_with_a_password_as_a_plain_user_and_syncs_by_default(self) -> None:
        with postgres.running_postgres() as server:
            with psycopg.connect(server.dsn) as link:
                assert link.execute("SHOW fsync").fetchone() == ("on",)
                assert link.execute("SHOW listen_addresses").fetchone() == ("127.0.0.1",)
            assert Path(f"/proc/{server.pid}").stat().st_uid != 0
            assert server.password not in Path(f"/proc/{server.pid}/cmdline").read_text()
            wrong = server.dsn.replace(server.password, "guess")
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                psycopg.connect(wrong)

    def test_nothing_is_left_when_the_context_ends(self) -> None:
        with postgres.running_postgres(fsync=False) as server:
            pid, port, home = server.pid, server.port, server.data.parent
        assert keeper.start_ticks(pid) is None
        assert _refuses(port)
        assert not home.exists()

    def test_a_kill_takes_the_backends_too_and_frees_their_shared_memory(self) -> None:
        with postgres.running_postgres(fsync=False) as server:
            link = psycopg.connect(server.dsn, autocommit=True)
            backend = link.info.backend_pid
            server.kill()
            assert keeper.start_ticks(backend) is None
            assert not server.alive
            with pytest.raises(psycopg.OperationalError):
                link.execute("SELECT 1")
            segment = int((server.data / "postmaster.pid").read_text().splitlines()[6].split()[1])
            shared = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
            assert segment not in {int(line.split()[1]) for line in shared}
            link.close()

    def test_settings_reach_the_server_and_bad_ones_say_what_the_server_said(self) -> None:
        chosen = postgres.postgres_server(fsync=False, settings={"work_mem": "7MB"})
        with chosen as dsn, psycopg.connect(dsn) as link:
            assert link.execute("SHOW work_mem").fetchone() == ("7MB",)
        unknown = postgres.postgres_server(settings={"no_such_setting": "1"})
        with pytest.raises(TargetError, match=r"did not start.*no_such_setting"), unknown:
            pytest.fail("a server with an unknown setting runs")

    def test_a_killed_owner_leaves_no_server_and_no_directory(self) -> None:
        owner = subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE, text=True)
        assert owner.stdout is not None
        pid, port, home = owner.stdout.readline().split()
        ticks = keeper.start_ticks(int(pid))
        assert ticks is not None
        os.kill(owner.pid, signal.SIGKILL)
        owner.communicate()
        assert wait_until(lambda: not Path(home).exists(), within_s=20)
        assert keeper.start_ticks(int(pid)) != ticks
        assert _refuses(int(port))


@pytest.mark.parametrize("named", [None, "1\n", "42"])
def test_what_is_no_postmaster_is_not_killed_with_all_that_works_beside_it(
    tmp_path: Path, named: str | None
) -> None:
    if named is not None:
        (tmp_path / "postmaster.pid").write_text(named)
    with subprocess.Popen(["sleep", "600"], cwd=tmp_path) as process:
        ticks = keeper.start_ticks(process.pid)
        assert ticks is not None
        try:
            with pytest.raises(TargetError, match="is no PostgreSQL server"):
                postgres.kill_server(process.pid, ticks)
            assert keeper.start_ticks(process.pid) == ticks
            (tmp_path / "postmaster.pid").write_text(f"{process.pid}\n{tmp_path}\n")
            assert postgres.kill_server(process.pid, ticks)
        finally:
            process.kill()


class TestWithoutPrograms:
    def test_a_host_without_postgres_is_told_what_to_install(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(postgres, "find_programs", lambda: None)
        absent = pytest.raises(UsageError, match="Debian package `postgresql`")
        with absent, postgres.postgres_server():
            pytest.fail("a server that is not there runs")

    def test_the_lab_as_a_program_says_so_in_one_sentence(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
    ) -> None:
        monkeypatch.setattr(pair, "postgres_missing", lambda: "no PostgreSQL programs here")
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        assert failover.main(["--topology", str(tmp_path / "pair.json")]) == 4
        assert capsys.readouterr().err == "no PostgreSQL programs here\n"
        assert not (tmp_path / "pair.json").exists()


@needs_redis
def test_redis_asks_for_its_password_and_goes_with_its_context() -> None:
    with redis_server() as url:
        with redis.Redis.from_url(url) as client:
            assert client.ping()
        port = urlsplit(url).port
        assert port is not None
        # Left to itself, its client tries again for seconds.
        stranger = redis.Redis(port=port, retry=Retry(NoBackoff(), 0))
        with stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
    assert _refuses(port)


class TestKeeper:
    def test_a_frozen_process_is_ended_too(self, tmp_path: Path) -> None:
        with Lab() as lab:
            process = lab.start(["sleep", "600"], cwd=Path("/"), log=tmp_path / "log")
            process.send_signal(signal.SIGSTOP)
        assert process.returncode == -signal.SIGTERM

    def test_a_process_that_is_not_the_one_that_was_named_is_left_alone(
        self, tmp_path: Path
    ) -> None:
        with subprocess.Popen(["sleep", "600"]) as stranger:
            order: dict[str, object] = {
                "pid": stranger.pid,
                "start_ticks": 1,
                "signal": int(signal.SIGTERM),
            }
            with Lab() as lab:
                lab._tell(order)
            assert stranger.poll() is None
            stranger.kill()
