# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a task asks for: the result is the one that the stock way gives."""

from __future__ import annotations

import json

import pytest
from hosts import PASSWORD

STOCK = {"ANSIBLE_ACTION_PLUGINS": "/nonexistent"}
SUDO = {"become": True}
AS_WORKER = {"become": True, "become_user": "worker"}
WORDS = {"text": "a 'b' \"c\" $d `e` \\ \n %s {{'{{'}} ü \U0001f600", "list": [1, 2.5, None, True], "dict": {"k": ["v"]}}

# Name to a task's keys; `args` are the module's.
CASES = {
    "plain": {},
    "typed": {"args": WORDS},
    "as root": {**SUDO, "args": WORDS},
    "check": {**SUDO, "check_mode": True},
    "diff": {**SUDO, "diff": True},
    "silent": {**SUDO, "no_log": True, "args": {"password": "hunter2"}},
    "environment": {**SUDO, "environment": {"PROBE": "a 'b' \"c\" $HOME"}},
    "environment, no become": {"environment": {"PROBE": "x"}},
    "loop": {**SUDO, "loop": ["a", "b"], "args": {"word": "{{ item }}"}},
    "run once": {"run_once": True},
    "delegated": {**SUDO, "delegate_to": "gamma"},
    "delegated to the controller": {"delegate_to": "localhost"},
    "retried": {"args": {"exit": 1}, "until": "result.uid == 4711", "retries": 1, "delay": 0, "register": "result"},
    "failing condition": {"failed_when": True},
    "status": {"args": {"exit": 3}},
    "junk before": {"args": {"junk": True}},
    "no result": {"args": {"quiet": True, "exit": 3}},
    "killed": {"args": {"signal": 9}},
    "time-out": {"args": {"sleep": 5}, "timeout": 1},
    "status 255": {"args": {"quiet": True, "exit": 255}, "ignore_unreachable": True},
}
# What may differ: where temporary files lie, how an absent result looks on a terminal, and the Python
# that Mitogen looks for on the stock way.
OWN = ("_ansible_tmpdir", "_ansible_remote_tmp")
TEXTS = ("module_stdout", "module_stderr", "exception", "delta", "ansible_facts")


def task(name, module="probe_module"):
    case = dict(CASES[name])
    return {"name": name, module: case.pop("args", {}), "ignore_errors": True, **case}


def comparable(value, by):
    """Without what may differ. Takes the arguments' way to the module into `by`."""
    if isinstance(value, dict):
        if "by" in value:
            by.add(value["by"])
        if value.get("unreachable"):  # ssh's words depend on when it lost the host
            return {"unreachable": True}
        return {k: comparable(v, by) for k, v in value.items() if k not in (*OWN, *TEXTS, "by")}
    return [comparable(v, by) for v in value] if isinstance(value, list) else value


def results(site, controller, environment):
    hosts = "gamma" if controller.needs_python else "alpha"
    run = site.play(controller, [task(name) for name in CASES], hosts=hosts, environment=environment)
    by = set()
    found = {name: comparable([[r["event"], r["host"], r["result"]] for r in run.of(name)], by) for name in CASES}
    return found, by, run


def test_same_result(site, controller):
    ours, by, run = results(site, controller, {})
    assert by == {"standard input"}, run.output
    stock, by, _ = results(site, controller, STOCK)
    assert by == {"file"}
    for name in CASES:
        assert ours[name] == stock[name], name
        assert ours[name], name
    assert "hunter2" not in run.output
    assert ours["status 255"][0][0] == "unreachable" or controller.needs_python
    assert ours["time-out"][0][0] == "failed"


def test_become_user_and_without_become(site, controller):
    """The stock way can't do this without ACLs on the host."""
    hosts = "gamma" if controller.needs_python else "alpha"
    tasks = [{"name": "user", "probe_module": WORDS, **AS_WORKER}, {"name": "no", "probe_module": {}}]
    run = site.play(controller, tasks * 2, hosts=hosts)
    users = {r["result"]["uid"] for r in run.of("user")}
    assert len(users) == 1 and users.isdisjoint({0, run.of("no")[0]["result"]["uid"]}), run.output
    assert {r["result"]["by"] for r in run.records} == {"standard input"}, run.output


STOCK_WAYS = {
    "su": {"become": True, "become_method": "ansible.builtin.su", "vars": {"ansible_become_password": PASSWORD}},
    "no pipelining": {"environment": {"ANSIBLE_PIPELINING": "0"}},
    "keep remote files": {"environment": {"ANSIBLE_KEEP_REMOTE_FILES": "1"}},
    "no pipelining, sudo": {"become": True, "environment": {"ANSIBLE_PIPELINING": "0"}},
}


@pytest.mark.parametrize("way", STOCK_WAYS)
def test_stock_where_standard_input_is_not_to_be_had(site, ansible, way):
    keys = dict(STOCK_WAYS[way])
    environment = keys.pop("environment", {})
    run = site.play(ansible, [{"name": "probe", "probe_module": {}}], environment=environment, **keys)
    assert run.one("probe")["result"]["by"] == "file", run.output
    assert "WARNING" not in run.output


def test_async(site, controller):
    tasks = [
        {"name": "polled", "probe_module": {"word": "x"}, "async": 30, "poll": 1, "become": True},
        {"name": "started", "probe_module": {}, "async": 30, "poll": 0, "register": "job"},
        {"name": "later", "async_status": {"jid": "{{ job.ansible_job_id }}"}, "register": "seen",
         "until": "seen.finished", "retries": 20, "delay": 1},
    ]
    run = site.play(controller, tasks, hosts="gamma")
    assert run.one("polled")["result"]["arguments"]["word"] == "x", run.output
    assert run.one("started")["result"]["ansible_job_id"]
    assert run.one("later")["event"] == "ok"


def test_local_connection(site, controller):
    tasks = [{"name": "probe", "probe_module": {"word": "x"}}]
    run = site.play(controller, tasks, hosts="localhost", connection="local")
    assert run.one("probe")["result"]["by"] == "standard input", run.output


def test_ad_hoc_and_console(site, controller):
    host = "gamma" if controller.needs_python else "alpha"
    run = site.run(controller, "adhoc", host, "-b", "-m", "probe_module", "-a", "word=x")
    assert '"word": "x"' in run.output.replace("word: x", '"word": "x"'), run.output
    run = site.run(controller, "console", host, text="probe_module word=y\n")
    assert "standard input" in run.output, run.output


def test_verbose_shows_the_module_file_and_no_arguments(site, ansible):
    tasks = [{"name": "probe", "probe_module": {"password": "hunter2"}, "no_log": True}]
    run = site.play(ansible, tasks, options=["-vvv"])
    assert f"Using module file {site.library}/probe_module" in run.output
    assert "hunter2" not in run.output


def test_unreachable(nodes, site, ansible):
    inventory = nodes.inventory()
    inventory["all"]["hosts"]["nobody"] = {"ansible_host": "10.213.0.250"}
    (site.folder / "hosts.json").write_text(json.dumps(inventory))
    run = site.play(ansible, [{"name": "probe", "probe_module": {}}], hosts="nobody",
                    environment={"ANSIBLE_TIMEOUT": "2"})
    assert run.one("probe")["event"] == "unreachable", run.output


def test_wrong_password_is_told_as_by_raw(site, ansible):
    tasks = [{"name": "raw", "raw": "true", "ignore_errors": True}, {"name": "probe", "probe_module": {}}]
    run = site.play(ansible, tasks, become=True, vars={"ansible_become_password": "wrong"})
    raw, probe = (run.one(name)["result"]["msg"] for name in ("raw", "probe"))
    assert raw == probe


def test_reboot_between_tasks(nodes, site, ansible):
    """The copy is still there, and the connection that was shared is gone."""
    site.play(ansible, [{"name": "probe", "probe_module": {}}], become=True)
    nodes.reboot("alpha")
    before = nodes.operations("alpha")[0]
    run = site.play(ansible, [{"name": "probe", "probe_module": {}}], become=True)
    assert run.one("probe")["result"]["by"] == "standard input", run.output
    assert nodes.operations("alpha")[0] - before == 1
