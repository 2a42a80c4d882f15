"""Tiers that go: only what is theirs is taken away, and what stands in the way is found before."""

from host import FSTAB, OS, RECORDS, ROOT
import system
from test_changes import check_and_run, disk_of


def test_a_line_of_cloud_init_stays(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    theirs = ("UUID=11111111-1111-4111-8111-111111111111 /mnt ext4 "
              "defaults,x-storage-tier=hot,comment=cloudconfig 0 2\n")
    FSTAB.write_text(theirs + FSTAB.read_text(encoding="utf-8"), encoding="utf-8")
    check_and_run(host, [], state="absent")
    assert host.fstab_lines() == [theirs.strip()]


def copy_line(old, new):
    text = FSTAB.read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if "x-storage-tier" in line]
    FSTAB.write_text(f"{text}{line.replace(old, new)}\n", encoding="utf-8")


def test_a_tier_with_two_lines_goes_at_once(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    copy_line("noatime", "noatime,ro")
    result = check_and_run(host, [], state="absent")
    assert result.ops.count(("fstab", "hot")) == 2
    assert host.fstab_lines() == [] and system.mounts_at(f"{ROOT}/hot") == []


def test_a_filesystem_with_lines_for_two_tiers(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    copy_line("hot", "cold")
    check_and_run(host, [OS, dict(wanted, tier="cold")])
    assert len(host.fstab_lines()) == 1 and len(system.mounts_at(f"{ROOT}/cold")) == 1
    assert not RECORDS.exists() or list(RECORDS.iterdir()) == []
