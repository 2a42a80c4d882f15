# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that became larger while the tier on it is in use."""

import pytest
from drives import MIB, scsi
from scene import CHECKS, GROWTH, SIZES
from tiers import OS, ROOT

BUSY = f"""exec 9>{ROOT}/hot/open
n=0
while [ ! -e /run/enough ]; do
  echo $n >&9
  n=$((n + 1))
  sleep 0.3
done
echo $n >/run/enough
"""


@pytest.mark.parametrize("fstype", ["ext4", "xfs", "btrfs"])
def test_a_filesystem_in_use_grows_to_its_disk(host, fstype):
    disk = scsi(1, host.blank("disk", SIZES[fstype]))
    host.plug(disk)
    wanted = [OS, {"name": "data-0", "tier": "hot", "fstype": fstype}]
    host.converge(wanted)
    node, uuid = host.node(disk), host.signature(host.node(disk))["UUID"]
    host.guest.write("/run/busy", BUSY)
    host.guest.run("systemd-run --quiet --unit=busy bash /run/busy")
    host.grow(disk, SIZES[fstype] + GROWTH)
    kept = host.run(wanted, grow=False)
    assert not kept.failed and kept["changed"] is False, kept
    assert host.run(wanted, check=True).ops == [("grow", "hot")]
    assert host.converge(wanted).ops == [("grow", "hot")]
    shown = host.guest.tool("findmnt", "-b", "-n", "-o", "SIZE", "-M", f"{ROOT}/hot")
    # xfs: without its log of 64 MiB
    assert int(shown) > SIZES[fstype] + GROWTH / 4
    assert host.mounts(node) == [f"{ROOT}/hot"]
    host.guest.run("touch /run/enough; while systemctl -q is-active busy; do sleep 0.1; done")
    count = int(host.guest.read("/run/enough"))
    written = host.guest.read(f"{ROOT}/hot/open").split()
    assert count > 0 and written == [str(n) for n in range(count)]
    host.guest.run(f"umount {ROOT}/hot; {CHECKS[fstype]} {node}")
    assert host.signature(node)["UUID"] == uuid


def test_swap_in_use_grows_to_its_disk(host):
    disk = scsi(1, host.blank("disk", SIZES["swap"]))
    host.plug(disk)
    wanted = [OS, {"name": "data-0", "tier": "swap"}]
    host.converge(wanted)
    node, uuid = host.node(disk), host.signature(host.node(disk))["UUID"]
    host.grow(disk, SIZES["swap"] + GROWTH)
    assert ("grow", "swap") in host.converge(wanted).ops
    (line,) = host.guest.read("/proc/swaps").splitlines()[1:]
    path, _, kib, *_ = line.split()
    assert path == node and int(kib) * 1024 > SIZES["swap"] + GROWTH - MIB
    assert host.signature(node)["UUID"] == uuid


def test_a_disk_that_became_smaller_than_its_filesystem_is_refused_untouched(make_host):
    host = make_host()
    host.resume()
    disk = scsi(1, host.blank("disk", SIZES["ext4"] + GROWTH))
    host.plug(disk)
    wanted = [OS, {"name": "data-0", "tier": "hot"}]
    host.converge(wanted)
    host.guest.power_off()
    with disk.image.open("r+b") as file:
        file.truncate(SIZES["ext4"])
    host.boot()  # without the tier: it can't be mounted
    assert host.source("hot") is None
    digest = host.digest(disk)
    result = host.run(wanted)
    assert result.failed and result["error_id"] == "larger-than-device", result
    assert host.digest(disk) == digest
