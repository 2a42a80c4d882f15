# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run asks of the kernel, by strace."""

import re
from dataclasses import dataclass

LINE = re.compile(r"^(\d+) +(\w+)\((.*?)\) += (-?\d+|\?|0x[0-9a-f]+)(.*)$")
CUT = re.compile(r"^(\d+) +(\w+)\((.*) <unfinished \.\.\.>$")
REST = re.compile(r"^(\d+) +<\.\.\. (\w+) resumed>(.*?)\) += (-?\d+|\?|0x[0-9a-f]+)(.*)$")

RESULT = re.compile(r'\d+, "\\n\{\\"')

CHANGING = {
    "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "link",
    "linkat", "symlink", "symlinkat", "mknod", "mknodat", "mount", "umount2", "umount",
    "move_mount", "fsconfig", "mount_setattr", "fsmount", "fsopen", "swapon", "swapoff", "chmod",
    "fchmod", "fchmodat", "fchmodat2", "chown", "fchown", "lchown", "fchownat", "truncate",
    "ftruncate", "fallocate", "setxattr", "lsetxattr", "fsetxattr", "removexattr", "fremovexattr",
    "pwrite64", "pwritev", "pwritev2", "writev", "sendfile", "copy_file_range", "splice",
    "utimensat", "fork", "vfork", "clone", "clone3", "sync", "syncfs", "fsync", "fdatasync",
    "sync_file_range", "creat", "kill", "reboot", "pivot_root", "chroot", "setns", "unshare"}
# Questions, and BLKFLSBUF, which drops the kernel's cache of a device.
HARMLESS_IOCTLS = ("BLKGETSIZE64", "BLKSSZGET", "BLKPBSZGET", "BLKFLSBUF", "BLKROGET",
                   "BLKIOMIN", "BLKIOOPT", "BLKALIGNOFF", "BLKGETZONESZ",
                   "FS_IOC_GETFLAGS", "TCGETS", "CDROM_GET_CAPABILITY",
                   "FDGETFDCSTAT", "CDROM_LAST_WRITTEN", "CDROM_DRIVE_STATUS",
                   "BTRFS_IOC_FS_INFO", "BTRFS_IOC_DEV_INFO",
                   "_IOC(_IOC_READ, 0x58, 0x64")  # XFS_IOC_FSGEOMETRY_V1


@dataclass(frozen=True)
class Call:
    pid: int
    name: str
    arguments: str
    result: str


def parse(text):
    calls, open_calls = [], {}
    for line in text.splitlines():
        if match := CUT.match(line):
            open_calls[match[1]] = match[3]
            continue
        if match := REST.match(line):
            arguments = open_calls.pop(match[1], "") + match[3]
            calls.append(Call(int(match[1]), match[2], arguments, match[4]))
        elif match := LINE.match(line):
            calls.append(Call(int(match[1]), match[2], match[3], match[4]))
    return calls


def trace(host, disks, **options):
    """The result of a run and every call it made, children included."""
    log = host.folder / "strace.log"
    result = host.run(disks, prefix=("strace", "-f", "-s", "64", "-o", log), **options)
    return result, parse(log.read_text(errors="replace"))


def opens_for_writing(call):
    return (call.name in ("open", "openat", "openat2") and '"/dev/null"' not in call.arguments and
            re.search(r"\b(O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND)\b", call.arguments))


def changes_of(calls):
    """The calls that change anything, but for the one line of the result and of the system log."""
    found, results = [], 0
    for call in calls:
        if call.name == "write" and RESULT.match(call.arguments):
            results += 1
            if results > 1:
                found.append(call)
        elif call.name == "write" or call.name in CHANGING or opens_for_writing(call):
            found.append(call)
        elif call.name == "ioctl" and not any(name in call.arguments for name in HARMLESS_IOCTLS):
            found.append(call)
    return found
