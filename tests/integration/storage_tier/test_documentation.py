# SPDX-License-Identifier: GPL-3.0-or-later
"""What RETURN says is what a run on real disks returns."""

import subprocess

import pytest
import yaml
from documented import mismatches
from host import OS, STORAGE_TIER
from system import tool


@pytest.fixture(scope="module")
def documented():
    shown = subprocess.run([STORAGE_TIER, "--doc"], check=True, capture_output=True, text=True)
    return yaml.safe_load(shown.stdout)["RETURN"]


def check(documented, result, *expected):
    assert mismatches(documented, result.json) == []
    assert not set(expected) - set(result.json)


def test_first_run_change_and_nothing_to_do(host, documented):
    hot, swap = host.add_disk("data-0"), host.add_disk("data-1", 32 << 20)
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": hot.path},
              {"name": "data-1", "tier": "swap", "device": swap.path}]
    check(documented, host.run(wanted, check=True, diff=True), "actions", "diff")
    check(documented, host.run(wanted, backup=True), "actions", "backup_file")
    check(documented, host.run(wanted), "actions")


def test_refusals(host, documented):
    disk = host.add_disk("data-0")
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]
    tool("mkfs.ext4", "-q", disk.path)
    check(documented, host.run(wanted), "msg", "error_id")
    check(documented, host.run([OS, {"name": "data-0", "tier": "hott"}]), "msg")


def test_failure_halfway(host, documented):
    disk = host.add_disk("data-0")
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]
    result = host.run(wanted, prefix=["strace", "-f", "-o", "/dev/null", "-e", "trace=move_mount,mount",
                                      "-e", "inject=move_mount,mount:error=EIO"])
    assert result.failed and not host.tier("hot").is_mount()
    check(documented, result, "msg", "actions", "actions_done")
