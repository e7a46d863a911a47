"""Each local fault hits exactly what was frozen, and each undo takes it back, also from outside."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import pytest
from local_fault_support import Local, ask, check_undo, elsewhere, spec, wait_for

from clinigate.chaos.drivers.base import NotAvailableError, VictimGoneError, fault_types
from clinigate.chaos.faults import procfs
from clinigate.errors import ConfigError, UsageError


def test_kill_kills_exactly_its_victim(local):
    one, other = local.start("api-1"), local.start("api-2")
    driver = local.driver
    (victim,) = driver.resolve({"name": "api-1"})
    steps = driver.undo_steps(spec("process.kill"), (victim,))
    driver.inject(spec("process.kill"), (victim,))
    assert one.wait(10) == -signal.SIGKILL
    assert ask(other) == "written"
    assert [each.name for each in driver.members(victim.group)] == ["api-2"]
    check_undo(steps)


def test_a_frozen_process_answers_nothing_until_it_is_continued_from_outside(local):
    process = local.start("api-1")
    driver = local.driver
    victims = driver.resolve({"app": "api"})
    steps = driver.undo_steps(spec("process.freeze"), victims)
    driver.inject(spec("process.freeze"), victims)
    ticks = local.said["processes"][0]["start_ticks"]
    assert procfs.stopped(process.pid, ticks)
    assert elsewhere(steps[0].verify, steps[0]) is False
    check_undo(steps)
    assert not procfs.stopped(process.pid, ticks)
    assert ask(process) == "written"


def test_an_undo_of_what_never_came_to_be_is_harmless(local):
    process = local.start("api-1")
    driver = local.driver
    victims = driver.resolve({"app": "api"})
    for kind in ("process.kill", "process.freeze"):
        check_undo(driver.undo_steps(spec(kind), victims))
    local.write(storage=[{"name": "audit", "path": str(local.folder)}])
    check_undo(driver.undo_steps(spec("storage.full"), driver.resolve({"name": "audit"})))
    assert ask(process) == "written"


def test_another_process_under_the_same_name_is_never_hit(local):
    local.start("api-1")
    driver = local.driver
    victims = driver.resolve({"name": "api-1"})
    local.write(processes=[])
    replacement = local.start("api-1")
    for kind in ("process.kill", "process.freeze"):
        with pytest.raises(VictimGoneError, match="plan the experiment anew"):
            driver.inject(spec(kind), victims)
    assert ask(replacement) == "written"


def test_a_pid_with_other_start_ticks_gets_no_signal(local):
    process = local.start("api-1")
    ticks = procfs.start_ticks(process.pid)
    assert ticks is not None
    assert procfs.send(process.pid, ticks + 1, signal.SIGKILL) is False
    assert ask(process) == "written"
    assert procfs.send(process.pid, ticks, signal.SIGKILL) is True
    process.wait()
    assert procfs.send(process.pid, ticks, signal.SIGKILL) is False


def test_a_zombie_counts_as_gone(local):
    process = local.start("api-1")
    ticks = procfs.start_ticks(process.pid)
    assert ticks is not None
    process.kill()
    wait_for(lambda: not procfs.same(process.pid, ticks))
    assert local.driver.resolve({"app": "api"}) == ()


@pytest.fixture
def linked(local, proxy) -> Local:
    link = {"name": "api-db", "labels": {"link": "db"}, "upstream": "127.0.0.1:1"}
    local.write(links=[{**link, "listen": str(proxy.listen), "control": str(proxy.control)}])
    return local


@pytest.mark.parametrize(
    ("kind", "parameters", "stands"),
    [
        ("link.latency", {"delay": "100ms", "jitter": "5ms"}, "latency"),
        ("link.partition", {}, "blackhole"),
        ("link.refuse", {}, "refuse"),
        ("link.reset", {}, "reset"),
    ],
)
def test_a_link_fails_as_told_and_is_cleared_from_outside(linked, proxy, kind, parameters, stands):
    driver, fault = linked.driver, spec(kind, **parameters)
    victims = driver.resolve({"kind": "link", "link": "db"})
    steps = driver.undo_steps(fault, victims)
    driver.inject(fault, victims)
    status = proxy.tell("status")
    assert status["fault"] == stands
    assert fault.duration_s < status["clears_in_s"] <= fault.duration_s + 2
    assert elsewhere(steps[0].verify, steps[0]) is False
    check_undo(steps)
    assert proxy.tell("status")["fault"] is None


def test_undoing_a_link_whose_proxy_is_gone_is_done(local, running_proxy):
    with running_proxy("--upstream", "127.0.0.1:1") as proxy:
        control = str(proxy.control)
        local.write(links=[{"name": "l", "upstream": "127.0.0.1:1", "control": control}])
        driver = local.driver
        steps = driver.undo_steps(spec("link.partition"), driver.resolve({"kind": "link"}))
    check_undo(steps)


def test_a_link_without_a_proxy_is_a_gap_where_none_can_be_put_in_its_way(local, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    local.write(links=[{"name": "api-db", "upstream": "127.0.0.1:1"}])
    driver = local.driver
    with pytest.raises(NotAvailableError, match=r"api-db has no proxy of its own: .* needs root"):
        driver.undo_steps(spec("link.partition"), driver.resolve({"kind": "link"}))


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (spec("link.latency"), r"parameters\.delay: 'None' is no duration"),
        (spec("link.latency", delay="soon"), "'soon' is no duration"),
        (spec("link.latency", delay="1s", direction="left"), "none of down, up, both"),
        (spec("link.partition", delay="1s"), "has no such parameter; it has none"),
        (spec("process.freeze", delay="1s"), "has no such parameter"),
        (spec("storage.full", size="1"), "has no such parameter"),
        (spec("certificate.expired", days="1"), "has no such parameter; it has ago"),
    ],
)
def test_parameters_that_cannot_be_meant_are_refused_before_anything_happens(local, fault, says):
    with pytest.raises(ConfigError, match=says):
        local.driver.undo_steps(fault, ())


def test_a_fault_of_another_kind_of_thing_is_refused(local):
    local.start("api-1")
    driver = local.driver
    with pytest.raises(UsageError, match=r"link\.partition hits a link.*add kind: link"):
        driver.undo_steps(spec("link.partition"), driver.resolve({"app": "api"}))
    with pytest.raises(UsageError, match=r"offers no fault 'process\.melt'; it offers cert"):
        driver.undo_steps(spec("process.melt"), ())


def test_every_fault_of_the_driver_is_known_by_name():
    assert fault_types("local") == (
        "certificate.expired",
        "certificate.expiring",
        "link.latency",
        "link.partition",
        "link.refuse",
        "link.reset",
        "process.freeze",
        "process.kill",
        "storage.full",
        "storage.read-only",
    )


def test_victims_stay_the_same_between_two_looks(local):
    local.start("api-1")
    driver = local.driver
    first, second = driver.resolve({"app": "api"}), local.driver.resolve({"app": "api"})
    assert first == second
    assert driver.resolve({"app": "api", "tier": "none"}) == ()
    gone = replace(first[0], id="process/api-7")
    with pytest.raises(VictimGoneError):
        driver.inject(spec("process.kill"), (gone,))
