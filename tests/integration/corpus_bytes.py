# SPDX-License-Identifier: GPL-3.0-or-later
"""On-disk formats written by hand, for what no tool at hand can make in a plain file.

Each function returns {offset: bytes} for a device of `size` bytes. Layouts and checksums are those
that libblkid and the formats' own tools check; tests compare with `blkid -p`, `wipefs` and, where
it is installed, `mdadm --examine`.
"""

import struct
import uuid
import zlib

MIB = 1 << 20


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def crc64_we(data):
    crc = (1 << 64) - 1
    for byte in data:
        crc ^= byte << 56
        for _ in range(8):
            crc = (crc << 1 ^ (0x42F0E1EBA9EA3693 if crc >> 63 else 0)) & (1 << 64) - 1
    return crc ^ (1 << 64) - 1


def lvm_crc(data):
    """CRC-32 with LVM's own start value and no final inversion."""
    return zlib.crc32(data, 0xF597A6CF ^ 0xFFFFFFFF) ^ 0xFFFFFFFF


def lvm2(size):
    """A physical volume's label in sector 1: format_text/text_label.c."""
    pv_uuid = uuid.uuid4().hex.encode()
    pv_header = pv_uuid + struct.pack("<Q", size) + struct.pack("<QQ", MIB, 0) + bytes(16)
    pv_header += struct.pack("<QQ", 4096, MIB - 4096) + bytes(16)
    tail = struct.pack("<I", 32) + b"LVM2 001" + pv_header
    tail = tail.ljust(512 - 20, b"\0")
    return {512: b"LABELONE" + struct.pack("<QI", 1, lvm_crc(tail)) + tail}


def md_0_90(size):
    """Version 0.90: 64 KiB before the end, rounded down to 64 KiB: kernel md_p.h."""
    words = [0] * 1024
    set_uuid = struct.unpack("<4I", uuid.uuid4().bytes)
    words[0:14] = [0xA92B4EFC, 0, 90, 0, 0, set_uuid[0], 1700000000, 1, size // 2048, 2, 2, 0, 0,
                   set_uuid[1]]
    words[14:16] = set_uuid[2:]
    words[32:34] = [1700000000, 1]
    words[35:40] = [2, 2, 0, 0, 0]
    words[38] = (sum(words) + (sum(words) >> 32)) & 0xFFFFFFFF
    return {size // 65536 * 65536 - 65536: struct.pack("<1024I", *words)}


def md_1(size, offset):
    """Version 1.x: 1.0 near the end, 1.1 at 0, 1.2 at 4 KiB: kernel md_p.h."""
    sb = bytearray(256 + 4)
    struct.pack_into("<IIII", sb, 0, 0xA92B4EFC, 1, 0, 0)
    sb[16:32] = uuid.uuid4().bytes
    sb[32:40] = b"host:md0"
    struct.pack_into("<QIIQII", sb, 64, 1700000000, 1, 0, size // 512 - 4096, 0, 2)
    data_offset = 0 if offset > MIB else 2048
    struct.pack_into("<QQQ", sb, 128, data_offset, size // 512 - 4096, offset // 512)
    sb[168:184] = uuid.uuid4().bytes
    struct.pack_into("<QQQII", sb, 192, 1700000000, 1, (1 << 64) - 1, 0, 2)
    struct.pack_into("<HH", sb, 256, 0, 1)
    total = sum(struct.unpack(f"<{len(sb) // 4}I", sb))
    struct.pack_into("<I", sb, 216, ((total & 0xFFFFFFFF) + (total >> 32)) & 0xFFFFFFFF)
    return {offset: bytes(sb)}


def md_1_0(size):
    return md_1(size, (size // 4096 * 4096) - 8192)


def zfs(size):
    """Four labels of 256 KiB, two at each end, each with a configuration (an nvlist in XDR) and a
    ring of uberblocks: OpenZFS vdev_impl.h."""

    def pair(name, kind, value):
        text = name.encode()
        body = struct.pack(">I", len(text)) + text.ljust((len(text) + 3) // 4 * 4, b"\0")
        body += struct.pack(">II", kind, 1) + value
        return struct.pack(">II", len(body) + 8, len(body) + 8) + body

    def number(name, value):
        return pair(name, 8, struct.pack(">Q", value))

    def string(name, value):
        text = value.encode()
        return pair(name, 9, struct.pack(">I", len(text)) + text.ljust((len(text) + 3) // 4 * 4,
                                                                       b"\0"))

    pool, guid = (uuid.uuid4().int >> 64 for _ in range(2))
    nvlist = struct.pack(">BBHII", 1, 1, 0, 0, 1)
    nvlist += number("version", 5000) + string("name", "tank") + number("state", 0)
    nvlist += number("txg", 4) + number("pool_guid", pool) + number("guid", guid) + bytes(8)
    label = bytearray(256 * 1024)
    label[16 * 1024:16 * 1024 + len(nvlist)] = nvlist
    for i in range(4, 8):
        at = 128 * 1024 + i * 1024
        struct.pack_into("<QQQQQ", label, at, 0x00BAB10C, 5000, i, guid, 1700000000)
    ends = size // (256 * 1024) * (256 * 1024)
    return {offset: bytes(label)
            for offset in (0, 256 * 1024, ends - 512 * 1024, ends - 256 * 1024)}


def bitlocker(_size):
    """Windows 7 and later: libyal's description of BitLocker Drive Encryption."""
    header = bytearray(512)
    header[0:11] = b"\xeb\x58\x90-FVE-FS-"
    header[160:176] = bytes.fromhex("3bd66749292ed84a8399f6a339e3d001")
    struct.pack_into("<Q", header, 176, 0x100000)
    header[510:512] = b"\x55\xaa"
    fve = bytearray(112)
    fve[0:8] = b"-FVE-FS-"
    struct.pack_into("<HH", fve, 8, 4, 2)
    struct.pack_into("<IIII", fve, 64, 48, 1, 48, 48)
    fve[80:96] = uuid.uuid4().bytes
    return {0: bytes(header), 0x100000: bytes(fve)}


def bcache(_size):
    """A backing device: kernel bcache_ondisk.h."""
    body = struct.pack("<QQ", 8, 1)
    body += bytes.fromhex("c68573f64e1a45ca8265f57f48ba6d81") + uuid.uuid4().bytes
    body += uuid.uuid4().bytes + bytes(32) + bytes(8 * 10)
    body += struct.pack("<QHHHHIHH", 0, 1, 1024, 1, 0, 0, 0, 0)
    return {4096: struct.pack("<Q", crc64_we(body)) + body}


def stratis(size):
    """The first of two copies of a Stratis block device's header."""
    body = b"!Stra0tis\x86\xff\x02^\x41rh" + struct.pack("<Q", size // 512) + bytes(4)
    body += uuid.uuid4().hex.encode() + uuid.uuid4().hex.encode() + struct.pack("<4Q", 2048, 0, 0, 1)
    body = body.ljust(508, b"\0")
    return {512: struct.pack("<I", crc32c(body)) + body}


def drbd(size):
    """Internal metadata of DRBD 8.4, in the last 4 KiB."""
    sb = struct.pack(">Q", size // 512) + struct.pack(">4Q", 1, 2, 3, 4)
    sb += struct.pack(">QQ", uuid.uuid4().int >> 64, 0)
    sb += struct.pack(">IIIiIiI", 0, 0x8374026B, 2056, 8, 1237, -2048, 4096)
    return {size - 4096: sb}


def intel_raid(size):
    """Intel Matrix Storage: its name in the sector before the last."""
    return {size - 1024: b"Intel Raid ISM Cfg Sig. 1.3.00".ljust(512, b"\0")}


def ddf(size):
    """An SNIA DDF anchor header, in the last sector."""
    header = bytearray(b"\xff" * 512)
    header[0:4] = bytes.fromhex("de11de11")
    header[8:32] = b"Linux-MD\x00\x00\x00\x00\x11\x22\x33\x44" + uuid.uuid4().bytes[:8]
    header[32:40] = b"02.00.00"
    struct.pack_into(">QQ", header, 96, size // 512 - 1, size // 512 - 1)
    header[4:8] = b"\xff" * 4
    struct.pack_into(">I", header, 4, zlib.crc32(bytes(header)))
    return {size - 512: bytes(header)}


def vmfs_volume(_size):
    return {MIB: struct.pack("<II", 0xC001D00D, 5) + bytes(120) + uuid.uuid4().bytes}


def vdo(_size):
    return {0: b"dmvdo001" + bytes(32) + uuid.uuid4().bytes}


def bluestore(_size):
    return {0: b"bluestore block device\n" + str(uuid.uuid4()).encode() + b"\n"}


def dm_integrity(_size):
    return {0: struct.pack("<8sBBHIQIB", b"integrt\0", 1, 0, 4, 88, 100000, 0, 0)}


def snapshot_cow(_size):
    return {0: struct.pack("<IIII", 0x70416E53, 1, 1, 16)}


def refs(_size):
    return {0: b"\0\0\0ReFS\0" + bytes(8) + b"FSRS"}


def romfs(_size):
    words = [0x2D726F6D, 0x3166732D, 32, 0, 0x64617461, 0, 0, 0]
    words[3] = -sum(words) & 0xFFFFFFFF
    return {0: struct.pack(">8I", *words)}


def apfs(size):
    block = bytearray(4096)
    struct.pack_into("<QQHHHH", block, 8, 1, 1, 1, 0x8000, 0, 0)
    struct.pack_into("<4sIQ", block, 32, b"NXSB", 4096, size // 4096)
    block[72:88] = uuid.uuid4().bytes
    low = high = 0
    for (word,) in struct.iter_unpack("<I", bytes(block[8:])):
        low += word
        high += low
    first = ~((low + high) % 0xFFFFFFFF) & 0xFFFFFFFF
    second = ~((low + first) % 0xFFFFFFFF) & 0xFFFFFFFF
    struct.pack_into("<II", block, 0, first, second)
    return {0: bytes(block)}


def hfsplus(size):
    header = bytearray(512)
    header[0:2] = b"H+"
    struct.pack_into(">H", header, 2, 4)
    struct.pack_into(">II", header, 40, 4096, size // 4096)
    header[104:112] = uuid.uuid4().bytes[:8]
    return {1024: bytes(header)}


def mac_partition_map(_size):
    entry = struct.pack(">HHIII32s32s", 0x504D, 0, 1, 1, 63, b"Apple", b"Apple_partition_map")
    return {0: struct.pack(">HHI", 0x4552, 512, 131072), 512: entry}


def bsd_disklabel(_size):
    words = bytearray(276)
    struct.pack_into("<I", words, 0, 0x82564557)
    struct.pack_into("<I", words, 132, 0x82564557)
    struct.pack_into("<H", words, 138, 8)
    checksum = 0
    for (word,) in struct.iter_unpack("<H", bytes(words)):
        checksum ^= word
    struct.pack_into("<H", words, 136, checksum)
    return {512: bytes(words)}


def mbr_without_id(size):
    """As old tools write it: one partition, no disk identifier."""
    sector = bytearray(512)
    sector[446:462] = struct.pack("<BBBBBBBBII", 0x80, 0, 2, 0, 0x83, 0, 0, 0, 2048,
                                  size // 512 - 2048)
    sector[510:512] = b"\x55\xaa"
    return {0: bytes(sector)}


def btrfs_interrupted(_size):
    """What mkfs.btrfs leaves when it is killed: a superblock with its temporary magic, which
    libblkid doesn't know."""
    return {65536: bytes(32) + uuid.uuid4().bytes + struct.pack("<QQ", 65536, 1) + b"!BHRfS_M"}
