# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk images with one of many contents, for tests of what must never be formatted.

    from corpus import CASES, build, missing_tools
    for case in CASES:
        if not missing_tools(case):
            build(case, path)          # a sparse file of case.size bytes
            build(case, path, size)    # or larger

`python3 corpus.py` lists the cases; `python3 corpus.py NAME PATH [SIZE]` makes one.
"""

import os
import random
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import corpus_bytes as formats

KIB, MIB = 1 << 10, 1 << 20
XFS_SIZE = 304 * MIB  # mkfs.xfs refuses less than 300 MiB
BTRFS_SIZE = 128 * MIB
DATA = "data"


@dataclass(frozen=True)
class Case:
    name: str
    make: Callable[[Path], None]  # changes a file of zeros
    expected: str  # a type that wipefs names, or DATA: bytes without a known signature
    needs: tuple[str, ...] = ()  # programs
    size: int = 64 * MIB  # at least


def missing_tools(case):
    return [tool for tool in case.needs if not shutil.which(tool, path=search_path())]


def blank(path, size):
    """A sparse file of zeros."""
    path = Path(path)
    path.unlink(missing_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    return path


def build(case, path, size=None):
    size = size or case.size
    if size < case.size:
        raise ValueError(f"{case.name} needs {case.size} bytes")
    path = blank(path, size)
    case.make(path)
    if path.stat().st_size != size:  # some tools cut the file to what they use
        os.truncate(path, size)
    return path


# Tools and bytes


def search_path():
    return os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def run(*argv, **options):
    done = subprocess.run([str(a) for a in argv], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=False, env={**os.environ, "PATH": search_path()}, **options)
    if done.returncode:
        raise RuntimeError(f"{argv[0]}: {done.returncode}: {done.stdout.decode(errors='replace')}")


def size_of(path):
    return Path(path).stat().st_size


def peek(path, offset, length):
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(length)


def poke(path, offset, data):
    with open(path, "r+b") as file:
        file.seek(offset)
        file.write(data)


def zero(path, offset, length):
    poke(path, offset, bytes(length))


def flip(path, offset):
    poke(path, offset, bytes([peek(path, offset, 1)[0] ^ 0xFF]))


# Makers


def tool(*argv):
    """A program that is given the path last."""
    return lambda path: run(*argv, path)


def from_bytes(layout):
    """What a function of corpus_bytes returns."""

    def make(path):
        for offset, data in layout(size_of(path)).items():
            poke(path, offset, data)

    return make


def data_at(offset, data=b"somebody's data"):
    """Bytes at an offset; a negative one counts from the end."""
    return lambda path: poke(path, offset if offset >= 0 else size_of(path) + offset, data)


def then(*makers):
    def make(path):
        for maker in makers:
            maker(path)

    return make


def only(maker, *ranges):
    """The (offset, length) ranges of what `maker` makes, everything else zeros."""

    def make(path):
        maker(path)
        kept = [(offset, peek(path, offset, length)) for offset, length in ranges]
        blank(path, size_of(path))
        for offset, data in kept:
            poke(path, offset, data)

    return make


def script(label, program="sfdisk"):
    return lambda path: run(program, "-q", path, input=label.encode())


def packed(program, *options):
    """An image of a small directory: PROGRAM OPTIONS DIRECTORY IMAGE, then enlarged."""

    def make(path):
        size = size_of(path)
        folder, image = Path(f"{path}.folder"), Path(f"{path}.image")
        folder.mkdir()
        (folder / "file").write_bytes(random.Random(1).randbytes(20000))
        try:
            argv = [str(image) if o == "IMAGE" else str(folder) if o == "FOLDER" else o
                    for o in options]
            run(program, *argv)
            poke(path, 0, image.read_bytes())
            os.truncate(path, size)
        finally:
            shutil.rmtree(folder)
            image.unlink(missing_ok=True)

    return make


GPT = tool("sgdisk", "--new=1:2048:0")
EMPTY_GPT = tool("sgdisk", "--clear")
EXT4 = tool("mkfs.ext4", "-q", "-F")
XFS = tool("mkfs.xfs", "-q", "-f")
BTRFS = tool("mkfs.btrfs", "-q", "-f")
SWAP = tool("mkswap")
LUKS1, LUKS2 = (
    lambda path, version=version: run(
        "cryptsetup", "luksFormat", "--type", version, "--batch-mode", "--pbkdf", "pbkdf2",
        "--pbkdf-force-iterations", "1000", "--key-file", "-", path, input=b"secret")
    for version in ("luks1", "luks2"))


def gpt_backup_only(path):
    GPT(path)
    zero(path, 0, 34 * 512)


def gpt_of_two(path):
    """Header and backup of different tables, as after cloning one disk's head to another."""
    EMPTY_GPT(path)
    head = peek(path, 0, 34 * 512)
    run("sgdisk", "--disk-guid=R", path)
    poke(path, 0, head)


def xfs_beside_gpt(path):
    """mkfs.xfs clears both ends; a table written later by a careless tool comes back like this."""
    EMPTY_GPT(path)
    backup = peek(path, size_of(path) - 33 * 512, 33 * 512)
    XFS(path)
    poke(path, size_of(path) - 33 * 512, backup)


def ext4_in_xfs(path):
    """Both superblocks: ext4's lies where xfs doesn't write."""
    EXT4(path)
    ext4 = peek(path, 1024, 1024)
    XFS(path)
    poke(path, 1024, ext4)


def ext4_in_btrfs(path):
    EXT4(path)
    ext4 = peek(path, 1024, 1024)
    BTRFS(path)
    poke(path, 1024, ext4)


def ext4_backup(block_size):
    """The first backup superblock alone: group 1 has 8 × block size blocks before it."""
    offset = (8 * block_size + (1 if block_size == 1024 else 0)) * block_size
    return only(tool("mkfs.ext4", "-q", "-F", "-b", str(block_size)), (offset, 1024))


def xfs_group(path):
    """The superblock of the second allocation group alone."""
    XFS(path)
    block_size, = struct.unpack(">I", peek(path, 4, 4))
    group_blocks, = struct.unpack(">I", peek(path, 84, 4))
    only(lambda _: None, (group_blocks * block_size, 512))(path)


def luks2_second_header(path):
    LUKS2(path)
    zero(path, 0, 4096)


def swap_of_other_pages(path):
    run("mkswap", "--pagesize", "65536", path)


def hibernated(path):
    SWAP(path)
    poke(path, 4086, b"S1SUSPEND\0")


def xfs_half_made(path):
    """mkfs.xfs interrupted: everything is there but sb_inprogress is still set."""
    XFS(path)
    poke(path, 126, b"\x01")
    sector = peek(path, 0, 512)
    checksum = formats.crc32c(sector[:224] + bytes(4) + sector[228:])
    poke(path, 224, struct.pack("<I", checksum))


CASES = [
    # Partition tables
    Case("gpt", GPT, "gpt", ("sgdisk",)),
    Case("gpt-empty", EMPTY_GPT, "gpt", ("sgdisk",)),
    Case("gpt-backup-only", gpt_backup_only, "gpt", ("sgdisk",)),
    Case("gpt-without-protective-mbr", then(GPT, lambda p: zero(p, 0, 512)), "gpt", ("sgdisk",)),
    Case("gpt-primary-damaged", then(GPT, lambda p: flip(p, 512 + 56)), "gpt", ("sgdisk",)),
    Case("gpt-both-damaged", then(GPT, lambda p: flip(p, 512 + 56),
                                  lambda p: flip(p, size_of(p) - 512 + 56)), "PMBR", ("sgdisk",)),
    Case("gpt-of-two-disks", gpt_of_two, "gpt", ("sgdisk",)),
    Case("gpt-entries-only", only(GPT, (1024, 16384)), DATA, ("sgdisk",)),
    Case("pmbr-only", only(GPT, (0, 512)), "PMBR", ("sgdisk",)),
    Case("mbr", script("label: dos\n2048,,83\n"), "dos", ("sfdisk",)),
    Case("mbr-empty", script("label: dos\n"), "dos", ("sfdisk",)),
    Case("mbr-without-id", from_bytes(formats.mbr_without_id), "dos"),
    Case("sun-label", script("label: sun\n"), "sun", ("sfdisk",)),
    Case("sgi-label", script("label: sgi\n"), "sgi", ("sfdisk",)),
    Case("mac-partition-map", from_bytes(formats.mac_partition_map), "mac"),
    Case("bsd-disklabel", from_bytes(formats.bsd_disklabel), DATA),
    # Filesystems
    Case("ext2", tool("mkfs.ext2", "-q", "-F"), "ext2", ("mkfs.ext2",)),
    Case("ext3", tool("mkfs.ext3", "-q", "-F"), "ext3", ("mkfs.ext3",)),
    Case("ext4", EXT4, "ext4", ("mkfs.ext4",)),
    Case("ext4-foreign-label", tool("mkfs.ext4", "-q", "-F", "-L", "photos"), "ext4",
         ("mkfs.ext4",)),
    Case("ext4-external-journal", tool("mkfs.ext4", "-q", "-F", "-O", "journal_dev"), "jbd",
         ("mkfs.ext4",)),
    Case("xfs", XFS, "xfs", ("mkfs.xfs",), XFS_SIZE),
    Case("xfs-foreign-label", tool("mkfs.xfs", "-q", "-f", "-L", "photos"), "xfs", ("mkfs.xfs",),
         XFS_SIZE),
    Case("xfs-without-checksums", tool("mkfs.xfs", "-q", "-f", "-m", "crc=0"), "xfs",
         ("mkfs.xfs",), XFS_SIZE),
    Case("xfs-half-made", xfs_half_made, "xfs", ("mkfs.xfs",), XFS_SIZE),
    Case("btrfs", BTRFS, "btrfs", ("mkfs.btrfs",), BTRFS_SIZE),
    Case("vfat", tool("mkfs.vfat"), "vfat", ("mkfs.vfat",)),
    Case("vfat-32", tool("mkfs.vfat", "-F", "32"), "vfat", ("mkfs.vfat",)),
    Case("exfat", tool("mkfs.exfat"), "exfat", ("mkfs.exfat",)),
    Case("ntfs", tool("mkfs.ntfs", "-q", "-F", "-f"), "ntfs", ("mkfs.ntfs",)),
    Case("f2fs", tool("mkfs.f2fs", "-q", "-f"), "f2fs", ("mkfs.f2fs",)),
    Case("jfs", tool("mkfs.jfs", "-q"), "jfs", ("mkfs.jfs",)),
    Case("nilfs2", tool("mkfs.nilfs2", "-q", "-f"), "nilfs2", ("mkfs.nilfs2",), 160 * MIB),
    Case("reiserfs", tool("mkfs.reiserfs", "-q", "-ff"), "reiserfs", ("mkfs.reiserfs",)),
    Case("udf", tool("mkfs.udf", "--blocksize=512", "--media-type=hd"), "udf", ("mkfs.udf",)),
    Case("minix", tool("mkfs.minix"), "minix", ("mkfs.minix",)),
    Case("bfs", tool("mkfs.bfs"), "bfs", ("mkfs.bfs",)),
    Case("gfs2", tool("mkfs.gfs2", "-O", "-q", "-p", "lock_nolock", "-J", "8"), "gfs2",
         ("mkfs.gfs2",)),
    Case("iso9660", packed("genisoimage", "-quiet", "-V", "DISC", "-o", "IMAGE", "FOLDER"),
         "iso9660", ("genisoimage",)),
    Case("squashfs", packed("mksquashfs", "FOLDER", "IMAGE", "-quiet", "-no-progress"), "squashfs",
         ("mksquashfs",)),
    Case("erofs", packed("mkfs.erofs", "-T1", "IMAGE", "FOLDER"), "erofs", ("mkfs.erofs",)),
    Case("cramfs", packed("mkfs.cramfs", "FOLDER", "IMAGE"), "cramfs", ("mkfs.cramfs",)),
    Case("romfs", from_bytes(formats.romfs), "romfs"),
    Case("apfs", from_bytes(formats.apfs), "apfs"),
    Case("hfsplus", from_bytes(formats.hfsplus), "hfsplus"),
    Case("refs", from_bytes(formats.refs), "ReFS"),
    Case("swap", SWAP, "swap", ("mkswap",)),
    Case("swap-64k-pages", swap_of_other_pages, "swap", ("mkswap",)),
    Case("hibernation-image", hibernated, "swsuspend", ("mkswap",)),
    # Parts of something larger
    Case("lvm2", from_bytes(formats.lvm2), "LVM2_member"),
    Case("md-0.90", from_bytes(formats.md_0_90), "linux_raid_member"),
    Case("md-1.0", from_bytes(formats.md_1_0), "linux_raid_member"),
    Case("md-1.1", from_bytes(lambda size: formats.md_1(size, 0)), "linux_raid_member"),
    Case("md-1.2", from_bytes(lambda size: formats.md_1(size, 4096)), "linux_raid_member"),
    Case("ddf-raid", from_bytes(formats.ddf), "ddf_raid_member"),
    Case("intel-raid", from_bytes(formats.intel_raid), "isw_raid_member"),
    Case("drbd", from_bytes(formats.drbd), "drbd"),
    Case("zfs", from_bytes(formats.zfs), "zfs_member"),
    Case("bcache", from_bytes(formats.bcache), "bcache"),
    Case("stratis", from_bytes(formats.stratis), "stratis"),
    Case("vmfs-volume", from_bytes(formats.vmfs_volume), "VMFS_volume_member"),
    Case("vdo", from_bytes(formats.vdo), "vdo"),
    Case("ceph-bluestore", from_bytes(formats.bluestore), "ceph_bluestore"),
    Case("device-mapper-snapshot", from_bytes(formats.snapshot_cow), "DM_snapshot_cow"),
    Case("dm-integrity", from_bytes(formats.dm_integrity), "DM_integrity"),
    # Encrypted
    Case("luks1", LUKS1, "crypto_LUKS", ("cryptsetup",)),
    Case("luks2", LUKS2, "crypto_LUKS", ("cryptsetup",)),
    Case("luks2-second-header-only", luks2_second_header, "crypto_LUKS", ("cryptsetup",)),
    Case("bitlocker", from_bytes(formats.bitlocker), "BitLocker"),
    # Several at once
    Case("xfs-beside-gpt-backup", xfs_beside_gpt, "xfs", ("sgdisk", "mkfs.xfs"), XFS_SIZE),
    Case("ext4-in-xfs", ext4_in_xfs, "xfs", ("mkfs.ext4", "mkfs.xfs"), XFS_SIZE),
    Case("ext4-in-btrfs", ext4_in_btrfs, "btrfs", ("mkfs.ext4", "mkfs.btrfs"), BTRFS_SIZE),
    Case("ext4-in-md-1.0", then(EXT4, from_bytes(formats.md_1_0)), "ext4", ("mkfs.ext4",)),
    Case("lvm2-and-swap", then(SWAP, from_bytes(formats.lvm2)), "LVM2_member", ("mkswap",)),
    # Damaged
    Case("xfs-bad-checksum", then(XFS, lambda p: flip(p, 108)), "xfs", ("mkfs.xfs",), XFS_SIZE),
    Case("ext4-bad-checksum", then(EXT4, lambda p: flip(p, 1024 + 120)), "ext4", ("mkfs.ext4",)),
    Case("lvm2-bad-checksum", then(from_bytes(formats.lvm2), lambda p: flip(p, 512 + 100)),
         "LVM2_member"),
    Case("btrfs-bad-checksum", then(BTRFS, lambda p: flip(p, 65536 + 299)), "btrfs",
         ("mkfs.btrfs",), BTRFS_SIZE),
    Case("btrfs-interrupted", from_bytes(formats.btrfs_interrupted), DATA),
    # Backups alone
    Case("ext4-backup-1k", ext4_backup(1024), DATA, ("mkfs.ext4",)),
    Case("ext4-backup-2k", ext4_backup(2048), DATA, ("mkfs.ext4",)),
    Case("ext4-backup-4k", ext4_backup(4096), DATA, ("mkfs.ext4",), 256 * MIB),
    Case("xfs-second-group", xfs_group, DATA, ("mkfs.xfs",), XFS_SIZE),
    Case("btrfs-mirror", only(BTRFS, (64 * MIB, 4096)), DATA, ("mkfs.btrfs",), BTRFS_SIZE),
    # Raw data
    Case("first-byte", data_at(0, b"\x01"), DATA),
    Case("last-byte", data_at(-1, b"\x01"), DATA),
    Case("text-at-head", data_at(0), DATA),
    Case("text-at-tail", data_at(-512), DATA),
    Case("text-in-the-middle", data_at(37 * MIB + 12345), DATA),
    Case("all-ones", lambda p: poke(p, 0, b"\xff" * size_of(p)), DATA),
    Case("encrypted-without-header", lambda p: poke(p, 0, random.Random(2).randbytes(size_of(p))),
         DATA),
    Case("tar-archive", data_at(257, b"ustar\x0000"), DATA),
]


def main(argv):
    if len(argv) < 2:
        for case in CASES:
            missing = missing_tools(case)
            print(f"{case.name:32}{case.expected:20}{'needs ' + ', '.join(missing) if missing else ''}")
        return 0
    case = next(c for c in CASES if c.name == argv[0])
    build(case, argv[1], int(argv[2]) if len(argv) > 2 else None)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
