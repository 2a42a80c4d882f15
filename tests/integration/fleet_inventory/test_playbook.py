# SPDX-License-Identifier: GPL-3.0-or-later
"""playbook.yaml as it is, with modules that only write down what they are asked."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from test_ansible import command

ROOT = Path(__file__).resolve().parents[3]
MODULE = """\
#!/usr/bin/python3
# WANT_JSON
import json
import sys

given = {{k: v for k, v in json.load(open(sys.argv[1])).items() if not k.startswith("_ansible")}}
with open({log!r}, "a") as file:
    file.write(json.dumps(given) + "\\n")
if given.get("node_name") == "broken":
    print(json.dumps({{"failed": True, "msg": "broken"}}))
else:
    nodes = {{given.get("node_name") or "n": {{"labels": {{"ecoma.io/storage-cold": "true"}}}}}}
    print(json.dumps({{"changed": False, "restart_needed": True, "pending": [], "nodes": nodes}}))
"""
DISKS = [{"name": "os", "tier": "none"}]  # which the real modules would refuse, should they ever be found


class Site:
    def __init__(self, folder):
        self.folder, self.log = folder, folder / "asked"
        self.hosts = {"cpl": {"cpl-1": {}}, "wkr": {"wkr-1": {}}}
        self.kubeconfig = folder / "k3s.yaml"
        (folder / "library").mkdir()  # beside the playbook, so before any other
        shutil.copy(ROOT / "playbook.yaml", folder)
        for name in "k3s_role", "storage_tier":
            (folder / "library" / name).write_text(MODULE.format(log=str(self.log)))

    def play(self, *options):
        everywhere = {"ansible_connection": "local", "ansible_become": False, "provider": "generic", "disks": DISKS,
                      "ansible_python_interpreter": sys.executable, "k3s_role_unit": "none.service",
                      "k3s_role_config_file": str(self.folder / "role.yaml"),
                      "k3s_role_kubeconfig": str(self.kubeconfig)}
        groups = {role: {"hosts": hosts} for role, hosts in self.hosts.items()}
        inventory = self.folder / "inventory.json"
        inventory.write_text(json.dumps({"all": {"vars": everywhere, "children": groups}}))
        self.log.write_text("")
        (self.folder / "ansible.cfg").touch()
        environment = {**os.environ, "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1",
                       "ANSIBLE_ROLES_PATH": str(ROOT / "roles"), "HOME": str(self.folder)}
        done = subprocess.run([command("ansible-playbook"), "-i", inventory, "playbook.yaml", *options],
                              capture_output=True, text=True, check=False, env=environment,
                              cwd=self.folder)
        self.output = done.stdout + done.stderr
        return [json.loads(line) for line in self.log.read_text().splitlines()]

    def nodes(self, *options):
        """What the cluster is told, by the Nodes' names."""
        (told,) = [asked for asked in self.play(*options) if "nodes" in asked] or [{"nodes": []}]
        return {node["name"]: node for node in told["nodes"]}

    def restarted(self):
        """Hosts where a restart was considered."""
        parts = re.findall(r"TASK \[.*: Restart K3s where.*\n((?:\w+: .*\n)*)", self.output)
        return sorted(re.findall(r"^(?:ok|changed): \[(.*?)\]", "".join(parts), re.MULTILINE))


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


def test_nothing_restarts_before_the_cluster_was_told(site):
    """A starting K3s sets labels, and never a taint."""
    assert site.nodes() == {} and site.restarted() == [], site.output
    site.kubeconfig.write_text("")
    assert set(site.nodes()) == {"cpl-1", "wkr-1"} and site.restarted() == ["cpl-1", "wkr-1"], site.output


def test_null_is_not_given(site):
    """Terraform's optional attributes come as null."""
    site.kubeconfig.write_text("")
    site.hosts["wkr"]["wkr-1"] = {"k3s_labels": None, "k3s_taints": None, "k3s_node_name": None}
    node = site.nodes()["wkr-1"]
    assert node == {"name": "wkr-1", "role": "wkr", "labels": {}, "storage_tiers": ["none"]}, site.output


@pytest.mark.parametrize("tiers", ["auto", ["auto"]])
def test_tiers_that_a_host_found_itself(site, tiers):
    site.kubeconfig.write_text("")
    site.hosts["wkr"]["wkr-1"] = {"k3s_role_storage_tiers": tiers}
    assert site.nodes()["wkr-1"]["storage_tiers"] == ["cold"], site.output


def test_the_cluster_is_not_told_of_a_host_whose_file_could_not_be_written(site):
    """Its K3s would set the labels of the file again."""
    site.kubeconfig.write_text("")
    site.hosts["wkr"].update({"wkr-2": {"k3s_node_name": "broken"},
                              "wkr-3": {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 1}})
    assert set(site.nodes()) == {"cpl-1", "wkr-1"}, site.output
    assert set(site.nodes("--tags", "nodes")) == {"cpl-1", "wkr-1", "broken", "wkr-3"}, site.output


def test_a_kubeconfig_below_the_home_directory(site):
    """As the module finds it."""
    site.kubeconfig.write_text("")
    site.kubeconfig = Path("~/k3s.yaml")
    assert set(site.nodes()) == {"cpl-1", "wkr-1"}, site.output


@pytest.mark.parametrize("tiers", [["none"], ["auto"]])
def test_with_a_limit_the_cluster_is_told_of_no_other_host(site, tiers):
    """Whose drop-ins are as they were; and what they found themselves nobody knows."""
    site.kubeconfig.write_text("")
    site.hosts["wkr"]["wkr-2"] = {"k3s_role_storage_tiers": tiers}
    assert set(site.nodes("--limit", "cpl-1,wkr-1")) == {"cpl-1", "wkr-1"}, site.output
