# SPDX-License-Identifier: GPL-3.0-or-later
"""A database host is no member of the cluster."""

from pathlib import Path

import pytest

PLACES = ["/etc/rancher/k3s/config.yaml", "/etc/rancher/k3s/k3s.yaml", "/etc/rancher/k3s/registries.yaml",
          "/etc/rancher/k3s/config.yaml.d/50-k3s-role.yaml", "/etc/rancher/k3s/config.yaml.d/10-x.yaml",
          "/etc/systemd/system/k3s.service", "/etc/systemd/system/k3s-agent.service",
          "/etc/systemd/system/k3s-agent.service.env", "/var/lib/rancher/k3s/agent/x", "/etc/init.d/k3s",
          "/etc/rancher/node/password", "/usr/local/lib/systemd/system/k3s.service",
          "/etc/default/k3s", "/etc/sysconfig/k3s-agent", "/etc/systemd/system/k3s.service.d/10-env.conf"]


def test_nothing_there(host):
    done = host.good(role="cdb")
    assert (done["changed"], done["actions"], done["nodes"]) == (False, [], {})
    assert not Path("/etc/rancher").exists()


def test_empty_directories_are_no_configuration(host):
    Path("/etc/rancher/k3s/config.yaml.d").mkdir(parents=True)
    assert host.good(role="cdb")["changed"] is False


@pytest.mark.parametrize("place", PLACES)
def test_found(host, place):
    path = Path(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x")
    named = place.removesuffix("/x")
    for check in True, False:
        refused = host.run(role="cdb", check=check)
        assert refused["error_id"] == "k3s-found" and named in refused["msg"] and refused["changed"] is False
    assert path.read_text() == "x"


def test_all_of_it_is_named_once(host):
    for place in PLACES:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        Path(place).write_text("x")
    message = host.run(role="cdb")["msg"]
    for place in PLACES:
        assert message.count(place.removesuffix("/x") + ",") + message.count(place.removesuffix("/x") + ";") == 1


def test_a_former_worker(host):
    host.good(role="wkr")
    assert host.run(role="cdb").failed
    host.good(state="absent")
    assert host.good(role="cdb")["changed"] is False


def test_a_former_worker_with_a_drop_in_elsewhere(host):
    path = "/var/x/50[1].yaml"
    host.good(role="wkr", config_file=path)
    assert host.good(role="cdb")["changed"] is False
    refused = host.run(role="cdb", config_file=path)
    assert refused["error_id"] == "k3s-found" and path in refused["msg"]
    host.good(state="absent", config_file=path)
    assert host.good(role="cdb", config_file=path)["changed"] is False


def test_whatever_stands_at_the_drop_ins_place(host):
    link, folder = Path("/var/link.yaml"), Path("/var/folder.yaml")
    link.symlink_to("/nowhere")
    folder.mkdir()
    for path in link, folder:
        refused = host.run(role="cdb", config_file=str(path))
        assert refused["error_id"] == "k3s-found" and str(path) in refused["msg"]
