# SPDX-License-Identifier: GPL-3.0-or-later
"""fstab belongs to those who edit it: our own lines change, and no other byte of the file."""

import os
import stat
import struct

import pytest
import system
from host import FSTAB, OS, ROOT
from tracing import changes_of, trace

LINE = "UUID={uuid} /var/storage/hot ext4 noatime,nofail,x-systemd.device-timeout=30s," \
       "x-storage-tier=hot 0 2"
# linux/posix_acl_xattr.h: version 2, then tag, permissions and id of each entry.
ACL = "system.posix_acl_access"
USER_7_READS = struct.pack("<I", 2) + b"".join(
    struct.pack("<HHI", *entry) for entry in (
        (0x01, 6, 0xFFFFFFFF), (0x02, 4, 7), (0x04, 4, 0xFFFFFFFF), (0x10, 4, 0xFFFFFFFF),
        (0x20, 0, 0xFFFFFFFF)))
EDITED_BY_HAND = {
    "empty": b"",
    "one-newline": b"\n",
    "comments": b"# <file system> <mount point>\n\n   # indented\n#UUID=x /var/storage/hot ext4\n",
    "tabs-and-trailing-blanks": b"\tLABEL=root\t/\text4\terrors=remount-ro\t0\t1  \t\n  \t \n",
    "no-final-newline": b"LABEL=root / ext4 defaults 0 1",
    "comment-without-final-newline": b"LABEL=root / ext4 defaults 0 1\n# the end",
    "blank-end-without-newline": b"LABEL=root / ext4 defaults 0 1\n  ",
    "crlf": b"LABEL=root / ext4 defaults 0 1\r\nproc /proc proc defaults 0 0\r\n# old\r\n",
    "broken-line": b"LABEL=root / ext4 defaults 0 1\nhello\n# why is that here?\nthere\t\n",
    "broken-first-and-last": b"one\nLABEL=root / ext4 defaults 0 1\ntwo",
    "passno-missing": b"LABEL=root / ext4 defaults\n/dev/sr0 /cd auto ro,noauto\n",
    "octal-blanks": b"LABEL=root / ext4 defaults 0 1\n/srv/a\\040b /srv/c\\040d none bind 0 0\n",
    "latin-1": b"# Gr\xfc\xdfe\nLABEL=root / ext4 defaults 0 1\n",
    "long-line": b"# " + b"x" * 20000 + b"\nLABEL=root / ext4 defaults 0 1\n",
    "cloudconfig": b"LABEL=root / ext4 defaults 0 1\n"
                   b"/dev/vdz /mnt auto defaults,nofail,comment=cloudconfig 0 2\n",
    "another-swap": b"/swapfile none swap sw 0 0\nLABEL=root / ext4 defaults 0 1\n",
    "path-that-only-begins-alike": b"LABEL=x /var/storage/hotter ext4 defaults,nofail 0 2\n",
}


@pytest.fixture
def disk(host):
    return host.add_disk()


@pytest.fixture
def wanted(disk):
    return [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]


def expected(before, disk):
    line = LINE.format(uuid=system.blkid(disk.path)["UUID"]).encode() + b"\n"
    return before + (b"" if not before or before.endswith(b"\n") else b"\n") + line


@pytest.mark.parametrize("name", EDITED_BY_HAND)
def test_only_our_line_is_added_and_replaced(host, disk, wanted, name):
    before = EDITED_BY_HAND[name]
    FSTAB.write_bytes(before)
    complaints = system.verify_fstab()
    host.converge(wanted)
    after = FSTAB.read_bytes()
    assert after == expected(before, disk)
    assert set(system.verify_fstab()) <= set(complaints)

    # In the middle of the file, with other options, and then as it was.
    FSTAB.write_bytes(after + before)
    host.converge(wanted, mount_options="nodev,nofail")
    changed = after.replace(b" noatime,nofail,x-systemd.device-timeout=30s,", b" nodev,nofail,")
    assert FSTAB.read_bytes() == changed + before
    host.converge(wanted)
    assert FSTAB.read_bytes() == after + before


@pytest.mark.parametrize("source", ["UUID={uuid}", "LABEL=photos", "{path}", "/dev/photos",
                                    "/dev/./{name}"])
@pytest.mark.parametrize("way", [{"existing": "adopt"}, {"wipe": "ext4:{uuid}"}])
def test_line_of_others_for_a_disk_that_is_adopted_or_wiped(host, disk, source, way):
    system.tool("mkfs.ext4", "-q", "-L", "photos", disk.path)
    os.symlink(disk.path, "/dev/photos")
    names = {"uuid": system.blkid(disk.path)["UUID"], "path": disk.path, "name": disk.kernel_name}
    keys = {key: value.format(**names) for key, value in way.items()}
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": disk.path, **keys}]
    FSTAB.write_text(source.format(**names) + " /var/photos ext4 defaults 0 2\n", encoding="ascii")
    refused(host, disk, wanted, "fstab-foreign-line", "/var/photos")
    # The label's own disk is another one, which is mounted there.
    FSTAB.write_text("LABEL=photos /var/lib ext4 defaults 0 2\n", encoding="ascii")
    other = host.add_disk("data-1")
    system.tool("mkfs.ext4", "-q", "-L", "photos", other.path)
    system.tool("mount", other.path, "/var/lib")
    host.converge(wanted)


@pytest.mark.parametrize("source", ["LABEL=", "/dev/disk/by-label/"])
@pytest.mark.parametrize("tier", ["hot", "swap"])
def test_line_of_others_for_the_label_that_a_blank_disk_gets(host, disk, tier, source):
    where = "none swap sw" if tier == "swap" else "/var/photos ext4 noauto"
    FSTAB.write_text(f"{source}tier-{tier} {where} 0 0\n", encoding="ascii")
    wanted = [OS, {"name": "data-0", "tier": tier, "device": disk.path}]
    refused(host, disk, wanted, "fstab-foreign-line", f"{source}tier-{tier}")


@pytest.mark.parametrize("source", ["UUID={uuid}", "LABEL=photos", "{path}"])
def test_line_of_others_for_a_partition_that_is_wiped(host, source):
    disk = host.add_disk("data-1", partitions=True)
    system.tool("sfdisk", "-q", disk.path, input="label: gpt\nstart=2048,size=32M\n")
    partition = disk.add_partition(1, 2048, 65536)
    system.tool("mkfs.ext4", "-q", "-L", "photos", partition)
    source = source.format(uuid=system.blkid(partition)["UUID"], path=partition)
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": disk.path}]
    wanted[1]["wipe"] = host.run(wanted)["token"]
    FSTAB.write_text(f"{source} /var/photos ext4 defaults 0 2\n", encoding="ascii")
    refused(host, disk, wanted, "fstab-foreign-line", "/var/photos")
    FSTAB.write_text("", encoding="ascii")
    assert not host.run(wanted, check=True).failed


@pytest.mark.parametrize("source", ["PARTUUID={}", 'PARTUUID="{}"'])
def test_line_of_others_for_a_partition_by_its_own_id(host, source):
    disk = host.add_disk("data-1", partitions=True)
    system.tool("sfdisk", "-q", disk.path, input="label: gpt\nstart=2048,size=32M\n")
    partition = disk.add_partition(1, 2048, 65536)
    wanted = [OS, {"name": "data-0", "tier": "hot", "device": partition}]
    os.makedirs("/dev/disk/by-partuuid")
    os.symlink(partition, "/dev/disk/by-partuuid/1111-22")
    FSTAB.write_text(source.format("1111-22") + " /var/photos ext4 noauto 0 2\n", encoding="ascii")
    result = host.run(wanted)
    assert result.json.get("error_id") == "fstab-foreign-line" and not result["changed"], result
    assert system.blkid(partition).get("TYPE") is None


@pytest.mark.parametrize("target", ["/var/storage//hot", "/var/storage/./hot",
                                    "/var/../var/storage/hot/"])
def test_line_of_others_for_our_path_in_another_spelling(host, disk, wanted, target):
    FSTAB.write_text(f"UUID=1111-2222 {target} vfat defaults 0 2\n", encoding="ascii")
    refused(host, disk, wanted, "fstab-foreign-line", target)


def test_broken_line_of_another_path_is_no_concern(host, wanted):
    FSTAB.write_text("/dev/sdz1 /var/storage/hotel\n", encoding="ascii")
    host.converge(wanted)


def test_white_space_in_our_line_is_not_ours_to_change(host, disk, wanted):
    host.converge(wanted)
    line = host.fstab_lines("hot")[0]
    text = FSTAB.read_text(encoding="utf-8")
    FSTAB.write_text(text.replace(line, "  " + "\t".join(line.split(" ")) + "  "), encoding="utf-8")
    edited = FSTAB.read_bytes()
    assert host.run(wanted)["changed"] is False
    assert FSTAB.read_bytes() == edited


def test_missing_file_is_made(host, disk, wanted):
    FSTAB.unlink()
    host.converge(wanted)
    assert FSTAB.read_bytes() == expected(b"", disk)
    assert stat.S_IMODE(FSTAB.stat().st_mode) == 0o644


def test_mode_owner_and_attributes_stay(host, disk, wanted):
    before = FSTAB.read_bytes()
    FSTAB.chmod(0o600)
    os.chown(FSTAB, 1, 2)
    os.setxattr(FSTAB, "user.origin", b"the installer")
    os.setxattr(FSTAB, ACL, USER_7_READS)
    kept = (FSTAB.stat().st_mode, os.getxattr(FSTAB, ACL))
    host.converge(wanted)
    assert FSTAB.read_bytes() == expected(before, disk)
    assert (FSTAB.stat().st_mode, os.getxattr(FSTAB, ACL)) == kept
    assert (FSTAB.stat().st_uid, FSTAB.stat().st_gid) == (1, 2)
    assert os.getxattr(FSTAB, "user.origin") == b"the installer"


@pytest.mark.parametrize("target", ["/etc/real/fstab.host", "real/fstab.host"])
def test_symlink_is_followed_and_stays(host, disk, wanted, target):
    os.mkdir("/etc/real")
    before = FSTAB.read_bytes()
    FSTAB.rename("/etc/real/fstab.host")
    FSTAB.symlink_to(target)
    host.converge(wanted)
    assert os.readlink(FSTAB) == target
    assert FSTAB.read_bytes() == expected(before, disk)
    assert os.listdir("/etc/real") == ["fstab.host"]


def refused(host, disk, wanted, error_id, *parts):
    """Before anything was written: neither to the disk nor to the host."""
    is_idle = not disk.is_in_use()
    text, digest = FSTAB.read_bytes(), is_idle and disk.digest()
    for check in (True, False):
        result, calls = trace(host, wanted, check=check)
        assert result["error_id"] == error_id, result
        for part in ("disk data-0", disk.path, *parts):
            assert part in result["msg"]
        assert [c for c in changes_of(calls) if "storage_tier.lock" not in c.arguments] == []
    assert FSTAB.read_bytes() == text and (not is_idle or disk.digest() == digest)


@pytest.mark.parametrize("line", [
    "LABEL=photos /var/storage/hot ext4 defaults,nofail 0 2",
    "nas:/export /var/storage/hot/ nfs defaults,nofail 0 0",
    "LABEL=photos /var/storage/hot auto defaults,nofail,comment=cloudconfig 0 2"])
def test_foreign_line_for_our_path_is_refused(host, disk, wanted, line):
    FSTAB.write_text(f"LABEL=root / ext4 defaults 0 1\n{line}\n", encoding="utf-8")
    refused(host, disk, wanted, "fstab-foreign-line", "line 2", line)


def test_foreign_line_for_our_device_is_refused(host, disk, wanted):
    line = f"{disk.path} /srv ext4 defaults,nofail 0 2"
    FSTAB.write_text(line + "\n", encoding="utf-8")
    refused(host, disk, wanted, "fstab-foreign-line", "line 1", line)


def test_broken_line_that_names_our_path_is_refused(host, disk, wanted):
    FSTAB.write_text("LABEL=root / ext4 defaults 0 1\n/var/storage/hot\n", encoding="utf-8")
    refused(host, disk, wanted, "fstab-broken-line", "line 2")


def test_two_lines_of_ours_are_refused(host, disk, wanted):
    host.converge(wanted)
    system.tool("umount", f"{ROOT}/hot")
    other = host.fstab_lines("hot")[0].replace("UUID=", "UUID=0")
    with FSTAB.open("a", encoding="utf-8") as file:
        file.write(other + "\n")
    refused(host, disk, wanted, "fstab-duplicate-lines")


def test_the_same_line_twice_is_refused(host, disk, wanted):
    host.converge(wanted)
    with FSTAB.open("a", encoding="utf-8") as file:
        file.write(host.fstab_lines("hot")[0] + "\n")
    refused(host, disk, wanted, "fstab-duplicate-lines")


def test_bind_mounted_file_is_refused(host, disk, wanted):
    (host.folder / "fstab").write_bytes(FSTAB.read_bytes())
    system.tool("mount", "--bind", host.folder / "fstab", FSTAB)
    refused(host, disk, wanted, "fstab-unwritable", "bind mount")


def test_read_only_filesystem_is_refused(host, disk, wanted):
    system.tool("mount", "-o", "remount,ro", "/etc")
    refused(host, disk, wanted, "fstab-unwritable", "read-only")


def test_full_filesystem_is_refused(host, disk, wanted):
    with open("/etc/filler", "wb") as file:
        try:
            while True:
                file.write(bytes(1 << 20))
        except OSError:
            pass
    refused(host, disk, wanted, "fstab-unwritable", "full")


def test_immutable_file_is_refused(host, disk, wanted):
    system.tool("chattr", "+i", FSTAB)
    refused(host, disk, wanted, "fstab-unwritable", "immutable")


def test_nul_bytes_are_refused(host, disk, wanted):
    FSTAB.write_bytes(b"LABEL=root / ext4 defaults 0 1\n\0\0\0")
    refused(host, disk, wanted, "fstab-unwritable", "NUL")


def test_unwritable_file_does_not_matter_where_nothing_is_to_be_written(host, disk, wanted):
    host.converge(wanted)
    system.tool("mount", "-o", "remount,ro", "/etc")
    assert host.run(wanted)["changed"] is False
    system.tool("umount", f"{ROOT}/hot")
    assert host.converge(wanted).ops == [("mount", "hot")]


def test_backup_keeps_the_old_content(host, disk, wanted):
    FSTAB.write_bytes(EDITED_BY_HAND["crlf"])
    FSTAB.chmod(0o640)
    swap = host.add_disk("data-1")
    disks = [*wanted, {"name": "data-1", "tier": "swap", "device": swap.path}]
    result = host.run(disks, backup=True)
    backup = result["backup_file"]
    assert os.path.dirname(backup) == "/etc"
    with open(backup, "rb") as file:
        assert file.read() == EDITED_BY_HAND["crlf"]
    assert stat.S_IMODE(os.stat(backup).st_mode) == 0o640
    assert [n for n in os.listdir("/etc") if "fstab" in n and n.endswith("~")] == [
        os.path.basename(backup)]
    second = host.run(disks, backup=True)
    assert second["changed"] is False and "backup_file" not in second.json


def test_our_lines_of_undeclared_tiers_stay_and_are_named(host, disk, wanted):
    host.converge(wanted)
    text = FSTAB.read_bytes()
    result = host.run([OS])
    assert not result.failed and FSTAB.read_bytes() == text
    assert any("tier hot was set up earlier" in w for w in result["warnings"])
    assert system.mounts_at(f"{ROOT}/hot")


def test_stale_temporary_files_are_removed(host, disk, wanted):
    stale = FSTAB.with_name(".fstab.storage_tier.abc123")
    stale.write_text("half", encoding="utf-8")
    host.converge(wanted)
    assert not stale.exists()
