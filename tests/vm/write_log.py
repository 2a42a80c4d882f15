# SPDX-License-Identifier: GPL-3.0-or-later
"""What device-mapper's log-writes target recorded, and a disk as it was at any flush.

The format is linux/drivers/md/dm-log-writes.c's: a superblock, then entries of one sector, each followed
by its data. A completed write is logged when a flush comes, or at once when it was FUA; a mark keeps its
text in the sector of the entry.
"""

import struct
from dataclasses import dataclass

SECTOR = 512
MAGIC, VERSION = 0x6A736677736872, 1
SUPER, ENTRY = struct.Struct("<QQQI"), struct.Struct("<QQQQ")
FLUSH, FUA, DISCARD, MARK = 1, 2, 4, 8


@dataclass(frozen=True)
class Entry:
    flags: int
    offset: int
    data: bytes

    @property
    def is_durable_point(self):
        return bool(self.flags & (FLUSH | FUA))


def read_log(image):
    """Every entry but the marks."""
    entries = []
    with open(image, "rb") as file:
        magic, version, count, sector = SUPER.unpack(file.read(SECTOR)[:SUPER.size])
        assert (magic, version, sector) == (MAGIC, VERSION, SECTOR)
        for _ in range(count):
            at, sectors, flags, _ = ENTRY.unpack_from(file.read(SECTOR))
            if flags & MARK:
                continue
            size = sectors * SECTOR
            data = bytes(size) if flags & DISCARD else file.read(size)
            entries.append(Entry(flags, at * SECTOR, data))
    return entries


def part_of_flush(parts, waiting, following):
    """Device-mapper passes a flush on without saying which map it came through. A journal's commit is a
    flush and then a write with FUA; any other flush is taken for one of the disk that has writes waiting."""
    if following and following.flags & FUA:
        return next(part for part in parts if following.offset in part)
    return next((part for part in parts if waiting[part]), parts[0])


def states(entries, image, parts):
    """Replays a log onto the image; yields at every point at which something had become durable.

    `parts` are the ranges of disks with a cache each: a flush of one says nothing about the others.
    """
    waiting = {part: [] for part in parts}
    with open(image, "r+b", buffering=0) as file:
        for entry, following in zip(entries, [*entries[1:], None]):
            durable = [entry]
            if entry.flags & FLUSH:
                part = part_of_flush(parts, waiting, following)
                durable = waiting[part] + durable
                waiting[part] = []
            elif not entry.flags & FUA:
                (part,) = [part for part in parts if entry.offset in part]
                waiting[part].append(entry)
                continue
            for write in durable:
                file.seek(write.offset)
                file.write(write.data)
            yield
