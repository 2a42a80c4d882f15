# SPDX-License-Identifier: GPL-3.0-or-later
"""A sparse file as a loop device of one host, that goes away by itself."""

import errno
import fcntl
import hashlib
import os
import re
import stat
import struct
from pathlib import Path

import system

LOOP_SET_CAPACITY = 0x4C07
MIB = 1 << 20

# linux/loop.h
CONFIGURE, GET_FREE = 0x4C0A, 0x4C82
AUTOCLEAR, PARTSCAN = 4, 8
LOOP_MAJOR = 7
BLKZEROOUT = 0x127F  # linux/fs.h


def nonzero(data):
    return data.count(0) != len(data)


class Disk:
    """The kernel detaches the device when the last descriptor is closed, ours among them: also
    after a test that died."""

    def __init__(self, name, image, nodes, links, partitions=False, read_only=False):
        """`nodes` and `links` are the directories that the host has as /dev and as
        /sys/class/block."""
        self.name, self.image = name, Path(image)
        self.nodes, self.links = Path(nodes), Path(links)
        self.made_nodes = []
        number, self.fd = attach(self.image, self.nodes, partitions, read_only)
        self.kernel_name = f"loop{number}"
        self.path = f"/dev/{self.kernel_name}"
        self.made_nodes.append(self.nodes / self.kernel_name)
        self.add_link(self.kernel_name, self.kernel_name)

    def add_link(self, name, folder):
        (self.links / name).symlink_to(f"/sys/devices/virtual/block/{folder}")

    @property
    def paths(self):
        """Of the disk and its partitions."""
        return [f"/dev/{node.name}" for node in self.made_nodes]

    def add_partition(self, number, start, sectors):
        """Told to the kernel by number: not every kernel reads partition tables itself."""
        system.tool("addpart", self.path, number, start, sectors)
        name = f"{self.kernel_name}p{number}"
        self.add_link(name, f"{self.kernel_name}/{name}")
        device = (self.links / name / "dev").read_text(encoding="ascii").split(":")
        make_node(self.nodes / name, os.makedev(*map(int, device)))
        self.made_nodes.append(self.nodes / name)
        return f"/dev/{name}"

    def detach(self):
        for node in self.made_nodes:
            node.unlink(missing_ok=True)
            (self.links / node.name).unlink(missing_ok=True)
        os.close(self.fd)

    @property
    def size(self):
        return self.image.stat().st_size

    def enlarge(self, by):
        os.truncate(self.image, self.size + by)
        fcntl.ioctl(self.fd, LOOP_SET_CAPACITY)

    def sync(self):
        os.fsync(self.fd)

    def is_in_use(self):
        """Mounted or swap, the disk or a partition: the kernel writes to it at any time."""
        used = {mount["source"].split("[")[0] for mount in system.mounts()} | set(system.swaps())
        return not used.isdisjoint(self.paths)

    def digest(self):
        """Of every byte and of what is allocated: a zero written into a hole counts as well.
        Only of a disk that isn't in use."""
        assert not self.is_in_use()
        self.sync()
        return digest(self.image)

    def bytes_at(self, offset, length):
        self.sync()
        with self.image.open("rb") as file:
            file.seek(offset)
            return file.read(length)

    def write_at(self, offset, data):
        with open(self.path, "r+b", buffering=0) as file:
            file.seek(offset)
            file.write(data)
            os.fsync(file.fileno())

    def holds(self, text):
        """Whether the bytes are at the beginning of a sector. Elsewhere the kernel may have swapped out a
        process that has them in its memory, such as this one."""
        self.sync()
        with self.image.open("rb") as file:
            return any((offset + found.start()) % 512 == 0 for offset, data in segments(file.fileno())
                       for found in re.finditer(re.escape(text), data))

    def zero(self):
        fd = os.open(self.path, os.O_RDWR)
        try:
            fcntl.ioctl(fd, BLKZEROOUT, struct.pack("<QQ", 0, self.size))
            os.fsync(fd)
        finally:
            os.close(fd)


def segments(fd):
    """(offset, bytes) of what is allocated in a sparse file."""
    at, end = 0, os.fstat(fd).st_size
    while at < end:
        try:
            at = os.lseek(fd, at, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:
                return
            raise
        hole = os.lseek(fd, at, os.SEEK_HOLE)
        while at < hole:
            data = os.pread(fd, min(MIB, hole - at), at)
            yield at, data
            at += len(data)


def digest(image):
    with open(image, "rb") as file:
        sha = hashlib.sha256(str(os.fstat(file.fileno()).st_size).encode())
        for offset, data in segments(file.fileno()):
            sha.update(struct.pack("<Q", offset) + data)
    return sha.hexdigest()


def copy_sparse(source, target):
    """Replaces the content of `target`, which may be attached, by that of `source`."""
    with open(source, "rb") as old, open(target, "r+b") as new:
        size = os.fstat(old.fileno()).st_size
        new.truncate(0)
        new.truncate(size)
        for offset, data in segments(old.fileno()):
            os.pwrite(new.fileno(), data, offset)


def make_node(path, number):
    path.unlink(missing_ok=True)
    os.mknod(path, stat.S_IFBLK | 0o660, number)
    return path


def attach(image, nodes, partitions, read_only):
    """(number, descriptor) of a free loop device that is now the image."""
    mode, flags = ("rb", os.O_RDONLY) if read_only else ("r+b", os.O_RDWR)
    info = struct.pack("<5Q4I64s64s32s2Q", 0, 0, 0, 0, 0, 0, 0, 0,
                       AUTOCLEAR | (PARTSCAN if partitions else 0), os.fsencode(image)[-63:],
                       b"", b"", 0, 0)
    with open(image, mode) as file, open(nodes / "loop-control", "rb") as control:
        config = struct.pack("<II", file.fileno(), 512) + info + bytes(64)
        while True:
            number = fcntl.ioctl(control, GET_FREE)
            node = make_node(nodes / f"loop{number}", os.makedev(LOOP_MAJOR, number))
            fd = os.open(node, flags)
            try:
                fcntl.ioctl(fd, CONFIGURE, config)
                return number, fd
            except OSError as error:
                os.close(fd)
                node.unlink()
                if error.errno != errno.EBUSY:  # another process was quicker
                    raise
