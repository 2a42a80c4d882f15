# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for each test: an /etc, /var and /usr/local of its own, and a name."""

import json
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

K3S_ROLE = os.environ.get("K3S_ROLE", "k3s_role")
K3S_ROLE_INFO = os.environ.get("K3S_ROLE_INFO", "k3s_role_info")
STORAGE_TIER = os.environ.get("STORAGE_TIER", "storage_tier")
DROP_IN = Path("/etc/rancher/k3s/config.yaml.d/50-k3s-role.yaml")
PRIVATE = ("/etc", "/var", "/usr/local")


class Result:
    """What one run printed: exactly one JSON object."""

    def __init__(self, done):
        assert done.stderr == ""
        (line,) = [line for line in done.stdout.splitlines() if line]
        self.output = done.stdout
        self.json = json.loads(line)
        assert done.returncode == (1 if self.json.get("failed") else 0)

    def __getitem__(self, key):
        return self.json[key]

    def __repr__(self):
        return json.dumps({k: v for k, v in self.json.items() if k != "invocation"}, indent=1)

    @property
    def failed(self):
        return self.json.get("failed", False)


class Host:
    def __init__(self, folder):
        self.folder = folder
        self.counter = 0

    def arguments(self, check=False, diff=False, **options):
        self.counter += 1
        path = self.folder / f"{self.counter}.json"
        path.write_text(json.dumps({**options, "_ansible_check_mode": check, "_ansible_diff": diff}))
        return str(path)

    def run(self, module=K3S_ROLE, under=(), **options):
        argv = [*map(str, under), module, self.arguments(**options)]
        return Result(subprocess.run(argv, capture_output=True, check=False, text=True, stdin=subprocess.DEVNULL))

    def good(self, **options):
        done = self.run(**options)
        assert not done.failed, done
        return done

    def info(self):
        return self.run(module=K3S_ROLE_INFO, cluster=False)["host"]

    @staticmethod
    def files():
        """Everything below /etc/rancher with its mode and bytes."""
        return {str(p): (oct(p.stat().st_mode), p.read_bytes() if p.is_file() else None)
                for p in sorted(Path("/etc/rancher").rglob("*"))}


def pytest_configure():
    if os.getuid() != 0:
        pytest.exit("skipped: takes root", returncode=77)
    if not shutil.which("strace"):
        pytest.exit("skipped: not installed: strace", returncode=77)


@pytest.fixture
def host(tmp_path_factory):
    folder = tmp_path_factory.mktemp("host")
    kept = {name: Path("/etc", name).read_bytes() for name in ("passwd", "nsswitch.conf", "ld.so.cache")
            if Path("/etc", name).exists()}
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    for path in PRIVATE:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "host", path], check=True)
    for name, data in kept.items():
        Path("/etc", name).write_bytes(data)
    socket.sethostname("Wkr-1.Example.org")
    yield Host(folder)
    for path in reversed(PRIVATE):
        subprocess.run(["umount", path], check=True)
