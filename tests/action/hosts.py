# SPDX-License-Identifier: GPL-3.0-or-later
"""The nodes: tests/lab's, with an sshd that logs what it is asked for, and with more accounts."""

from __future__ import annotations

import subprocess
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

from controllers import REPO, python_of_trixie

ADMIN, PASSWORD = "admin", "Kennwort mit 'Zeichen'"
ACCOUNTS = ("worker", "mallory")


def load_fleet():
    loader = SourceFileLoader("fleet", str(REPO / "tests/lab/fleet"))
    module = module_from_spec(spec_from_loader("fleet", loader))
    loader.exec_module(module)
    return module


fleet = load_fleet()


class Nodes(fleet.Lab):
    names = ("alpha", "beta", "gamma")
    with_python = ("gamma",)
    disks = {"alpha": [{"name": "data-0", "tier": "hot"}]}

    def make_admin(self, node, user, password):
        super().make_admin(node, user, password)
        root = self.root(node["name"])
        for account in ACCOUNTS:
            fleet.run("chroot", root, "useradd", "-m", "-s", "/bin/sh", account)
        fleet.run("chroot", root, "chpasswd", text=f"root:{password}\n")
        fleet.write(root / "etc/ssh/sshd_config.d/log.conf", "LogLevel VERBOSE\nMaxSessions 100\nMaxStartups 300\n", 0o644)
        fleet.write(root / "etc/default/ssh", 'SSHD_OPTS="-E /var/log/sshd.log"\n', 0o644)
        if node["name"] in self.with_python:
            fleet.run("cp", "-a", "--no-clobber", f"{python_of_trixie()}/usr", root)

    def root(self, name):
        return self.node_dir(name) / "root"

    def outputs(self):
        vms = [{"hostname": name, "ip": "", "disks": self.disks.get(name, [])} for name in self.names]
        return {"username": ADMIN, "password": PASSWORD, "vms": {"wkr": vms}}

    def inventory(self):
        hosts = {node["name"]: {"ansible_host": node["address"]} for node in self.state["nodes"]}
        variables = {"ansible_user": ADMIN, "ansible_become_password": PASSWORD}
        return {"all": {"hosts": hosts, "vars": variables}}

    def ssh_settings(self):
        return {
            "ANSIBLE_SSH_COMMON_ARGS": f"-F {self.directory}/ssh_config",
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.directory / "cp"),
        }

    def way_into(self, name, user):
        """Not over SSH."""
        node = next(node for node in self.state["nodes"] if node["name"] == name)
        init = fleet.run("pgrep", "-P", node["pid"]).split()[0]
        return ["nsenter", "--all", "-t", init, "runuser", "-u", user, "--"]

    def in_node(self, name, *command, check=True, user="root"):
        """Runs a command as that account; its output."""
        return fleet.run(*self.way_into(name, user), *command, check=check)

    def start(self, name, user, *command):
        words = [*self.way_into(name, user), *command]
        return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def reboot(self, name):
        node = next(node for node in self.state["nodes"] if node["name"] == name)
        self.in_node(name, "systemctl", "--no-block", "reboot")
        assert fleet.wait_until(lambda: not fleet.is_running(node), fleet.STOP_SECONDS)
        self.boot(node)
        self.wait_for_ssh(node)

    def operations(self, name):
        """How many SSH operations sshd has carried out so far, and how many connections."""
        log = (self.root(name) / "var/log/sshd.log").read_text()
        return log.count("Starting session:"), log.count("Accepted publickey")
