# SPDX-License-Identifier: GPL-3.0-or-later
"""What a boot makes of the tiers: under systemd, with disks in another order, missing, exchanged."""

import pytest
from drives import MIB, scsi
from tiers import OS, ROOT

XFS_SIZE = 304 * MIB
HOT = {"name": "data-0", "tier": "hot"}
COLD = {"name": "data-1", "tier": "cold", "fstype": "xfs"}
SWAP = {"name": "data-2", "tier": "swap"}
# A consumer as the documentation asks for, and what it would do to a bare mount point.
SERVICE = f"""[Unit]
RequiresMountsFor={ROOT}/hot
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'echo started >>{ROOT}/hot/journal'
[Install]
WantedBy=multi-user.target
"""
SWAP_TIMEOUT = 10  # in the module's line for swap


def set_up(host):
    """Three tiers, a service that needs one; then the host is off."""
    disks = [scsi(1, host.blank("hot"), serial="hot-1"),
             scsi(2, host.blank("cold", XFS_SIZE), serial="cold-2"),
             scsi(3, host.blank("swap", 65 * MIB), serial="swap-3")]
    host.resume()
    host.plug(*disks)
    host.converge([OS, HOT, COLD, SWAP])
    host.guest.write("/etc/systemd/system/database.service", SERVICE)
    host.guest.run(f"systemctl enable --quiet --now database; echo kept >{ROOT}/cold/file")
    host.guest.power_off()
    return disks


def entered(host, unit):
    """Seconds since the boot."""
    text = host.guest.tool("systemctl", "show", "-P", "ActiveEnterTimestampMonotonic", unit)
    return int(text) / 1e6


def given_up(host, uuid):
    """How long systemd waited for a device, and when it gave up, in seconds since the boot."""
    lines = host.guest.tool("journalctl", "-b", "-q", "-o", "short-monotonic", "--no-hostname",
                            "_PID=1").splitlines()
    (line,) = [line for line in lines if uuid in line and "Timed out waiting" in line]
    end = float(line[1:].split("]")[0])
    begin = host.guest.tool("systemctl", "show", "-P", "UnitsLoadFinishTimestampMonotonic")
    return end - int(begin) / 1e6, end


def test_tiers_and_swap_come_up_after_a_reboot_with_disks_in_another_order(make_host):
    host = make_host()
    hot, cold, swap = set_up(host)
    host.guest.drives = [swap, cold, hot]
    assert host.boot() == "running"
    assert (host.source("hot"), host.source("cold")) == (host.node(hot), host.node(cold))
    assert host.swaps() == [host.node(swap)]
    assert host.guest.read(f"{ROOT}/hot/journal") == "started\n" * 2
    assert host.guest.read(f"{ROOT}/cold/file") == "kept\n"
    for provider in ({}, {"provider": "proxmox"}):
        result = host.run([OS, HOT, COLD, SWAP], **provider)
        assert not result.failed and result["changed"] is False and result["actions"] == [], result


def test_missing_disks_do_not_hold_the_boot_and_nothing_starts_on_the_bare_mount_point(make_host):
    host = make_host()
    hot, cold, swap = set_up(host)
    host.guest.drives = [cold]
    host.boot()
    waited, end = given_up(host, uuid_in_fstab(host, "hot"))
    assert waited >= 29 and entered(host, "basic.target") < end - 10
    waited, _ = given_up(host, uuid_in_fstab(host, "swap"))
    assert waited <= SWAP_TIMEOUT + 2
    assert host.source("cold") and host.source("hot") is None and host.swaps() == []
    state = host.guest.run("systemctl is-active database", check=False).out
    assert state == "inactive\n"
    assert host.guest.tool("ls", "-A", f"{ROOT}/hot") == ""
    written = host.guest.run(f"echo lost >{ROOT}/hot/file", check=False)
    assert written.status != 0 and "not permitted" in written.err
    result = host.run([OS, HOT, COLD, SWAP])
    assert result.failed and result["changed"] is False, result

    host.plug(hot, swap)  # back again: one run, and everything is there
    host.converge([OS, HOT, COLD, SWAP])
    assert host.source("hot") == host.node(hot) and host.swaps() == [host.node(swap)]
    host.guest.run("systemctl start database")
    assert host.guest.read(f"{ROOT}/hot/journal") == "started\n" * 2


@pytest.mark.long
def test_two_disks_exchanged_between_slots_keep_their_tiers(make_host):
    host = make_host()
    hot, cold, swap = set_up(host)
    in_slot = scsi(1, cold.image, serial="cold-2"), scsi(2, hot.image, serial="hot-1")
    host.guest.drives = [*in_slot, swap]
    assert host.boot() == "running"
    assert (host.source("hot"), host.source("cold")) == (host.node(hot), host.node(cold))
    assert host.guest.read(f"{ROOT}/hot/journal") == "started\n" * 2
    assert host.guest.read(f"{ROOT}/cold/file") == "kept\n"
    # Declared by serial they are the same disks; by slot the inventory no longer tells the truth.
    by_serial = [OS, {**HOT, "serial": "hot-1"}, {**COLD, "serial": "cold-2"}, SWAP]
    result = host.run(by_serial)
    assert not result.failed and result["changed"] is False, result
    result = host.run([OS, HOT, {**COLD, "fstype": "ext4"}, SWAP])
    assert result.failed and result["changed"] is False, result
    assert (host.source("hot"), host.source("cold")) == (host.node(hot), host.node(cold))


@pytest.mark.parametrize("other", [{"disks": [OS, COLD], "prune": True}, {"state": "absent"}],
                         ids=["prune", "absent"])
def test_what_is_pruned_stays_away_from_unrelated_restarts_and_boots(make_host, other):
    host = make_host()
    disks = set_up(host)
    host.guest.drives = disks
    assert host.boot() == "running"
    wanted = other.get("disks", [])
    options = {key: value for key, value in other.items() if key != "disks"}
    host.guest.run("systemctl stop database; systemctl disable --quiet database")
    host.converge(wanted, **options)
    cold = [f"{ROOT}/cold"] if wanted else []
    tiers = [host.mounts(host.node(disk)) for disk in disks[:2]]
    assert tiers == [[], cold] and host.swaps() == []
    host.guest.run("systemctl restart systemd-journald systemd-udevd; udevadm trigger --settle; "
                   "systemctl daemon-reload; systemctl restart dbus systemd-sysctl; "
                   "systemctl start local-fs.target swap.target; udevadm settle; sleep 2")
    assert [host.mounts(host.node(disk)) for disk in disks[:2]] == tiers and host.swaps() == []
    host.guest.power_off()
    assert host.boot() == "running"
    assert [host.mounts(host.node(disk)) for disk in disks[:2]] == tiers and host.swaps() == []
    result = host.run(wanted, **options)
    assert not result.failed and result["changed"] is False, result
    host.guest.run(f"mkdir -p /mnt/hot; mount {host.node(disks[0])} /mnt/hot")
    assert host.guest.read("/mnt/hot/journal") == "started\n" * 2  # the data stays


def uuid_in_fstab(host, tier):
    """The UUID in the module's line of fstab."""
    (line,) = [line for line in host.guest.read("/etc/fstab").splitlines()
               if f"x-storage-tier={tier} " in line]
    return line.split()[0].removeprefix("UUID=").replace("-", "\\x2d")
