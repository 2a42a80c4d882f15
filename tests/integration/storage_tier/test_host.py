# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts on which nothing can be set up say why, before anything is written; and what a host has."""

import json
import os
import subprocess

import pytest
import system
from host import FSTAB, OS, SIZES, STORAGE_TIER, STORAGE_TIER_INFO, Result
from tracing import changes_of, parse


@pytest.fixture
def disk(host):
    return host.add_disk()


@pytest.fixture
def wanted(disk):
    return [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]


def refused(host, disk, wanted, error_id, *parts, prefix=()):
    digest, fstab = disk.digest(), FSTAB.read_bytes()
    for check in (True, False):
        result = host.run(wanted, check=check, prefix=prefix)
        assert result.json.get("error_id") == error_id and result["changed"] is False, result
        for part in parts:
            assert part in result["msg"]
    assert disk.digest() == digest and FSTAB.read_bytes() == fstab
    assert not host.tier("").exists()


def test_not_root(wanted):
    done = subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "--", STORAGE_TIER, "-"],
                          input=json.dumps({"disks": wanted}), capture_output=True, check=False,
                          text=True)
    if done.returncode == 126:
        pytest.skip(f"only root can start {STORAGE_TIER} where it lies")
    result = Result(done)
    assert result["error_id"] == "not-root" and "become" in result["msg"]


def test_another_mount_namespace(host, disk, wanted):
    refused(host, disk, wanted, "foreign-namespace", "mount namespace",
            prefix=("unshare", "--mount"))


def test_without_the_right_to_mount(host, disk, wanted):
    refused(host, disk, wanted, "foreign-namespace", "CAP_SYS_ADMIN",
            prefix=("setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "--"))


def test_records_on_a_read_only_filesystem(host, disk, wanted):
    host.mount_private("-t", "tmpfs", "-o", "ro", "host", "/var/lib")
    refused(host, disk, wanted, "records-unwritable", "/var/lib", "read-only")


def test_records_on_a_full_filesystem(host, disk, wanted):
    host.mount_private("-t", "tmpfs", "-o", "size=128k", "host", "/var/lib")
    with open("/var/lib/filler", "wb") as file:
        file.write(bytes(100 << 10))
    refused(host, disk, wanted, "records-unwritable", "/var/lib", "full")


def test_damaged_record_is_named(host, disk, wanted):
    host.converge(wanted)
    record = "/var/lib/storage_tier/intent/11111111-2222-4333-8444-555555555555"
    with open(record, "w", encoding="utf-8") as file:
        file.write('{"uuid": "1111')
    result = host.run(wanted)
    assert result.failed and record in result["msg"]


def test_a_filesystem_without_immutable_attribute_is_a_warning(host, disk, wanted):
    """A directory on a filesystem that has no such attribute: the tier is set up all the same."""
    os.mkdir("/var/plain")
    host.mount_private("-t", "ramfs", "-o", "mode=755", "host", "/var/plain")
    result = host.converge(wanted, root="/var/plain")
    assert any("immutable" in warning for warning in result["warnings"])
    assert ("chattr", "hot") not in result.ops


def info(host, *prefix):
    path = host.arguments_file("{}")
    done = subprocess.run([*prefix, STORAGE_TIER_INFO, path], capture_output=True,
                          check=False, text=True, stdin=subprocess.DEVNULL)
    return Result(done)


def test_info_tells_what_is_on_each_disk_and_changes_nothing(host, disk, wanted):
    photos = host.add_disk("photos", SIZES["xfs"])
    system.tool("mkfs.xfs", "-q", photos.path)
    token = host.run([OS, {**wanted[1], "device": photos.path}])["token"]
    log = host.folder / "strace.log"
    result = info(host, "strace", "-f", "-o", log)
    assert result["changed"] is False
    assert changes_of(parse(log.read_text())) == []
    text = json.dumps(result.json)
    for part in (disk.path, photos.path, token):
        assert part in text
