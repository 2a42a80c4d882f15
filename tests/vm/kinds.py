# SPDX-License-Identifier: GPL-3.0-or-later
"""Disks that are parts of something larger, made by the tools of a real system."""

from dataclasses import dataclass

KEY = "/run/key"


@dataclass(frozen=True)
class Kind:
    """Shell scripts for $1, $2 …, the disks; `close` leaves them unused."""

    name: str
    make: str
    close: str
    found: str  # the type that wipefs names
    disks: int = 1
    in_sample: bool = False

    def script(self, what, nodes):
        return f"set -- {' '.join(nodes)}; {what}; udevadm settle"


def raid(metadata, level, disks, in_sample=False):
    create = (f"mdadm --create /dev/md0 --quiet --run --assume-clean --metadata={metadata} "
              f"--level={level} --raid-devices={disks}")
    return Kind(f"md-{metadata}-{level}", f'{create} "$@" 2>&1', "mdadm --stop --quiet /dev/md0",
                "linux_raid_member", disks, in_sample)


def luks(version, in_sample=False):
    make = (f"echo secret >{KEY}; cryptsetup luksFormat --batch-mode --type luks{version} "
            f"--pbkdf pbkdf2 --pbkdf-force-iterations 1000 --key-file {KEY} $1; "
            f"cryptsetup open --key-file {KEY} $1 opened")
    return Kind(f"luks{version}", make, "cryptsetup close opened", "crypto_LUKS",
                in_sample=in_sample)


KINDS = (
    Kind("lvm-volume-group", "pvcreate -q -q $1; vgcreate -q -q group $1; "
         "lvcreate -q -q -y -W n -L 32M -n volume group", "vgchange -q -q -an group",
         "LVM2_member", in_sample=True),
    raid("0.90", "raid1", 2),
    raid("1.0", "raid1", 2, in_sample=True),
    raid("1.1", "raid1", 2),
    raid("1.2", "raid1", 2),
    raid("1.2", "raid0", 2),
    raid("1.2", "linear", 2),
    raid("1.2", "raid5", 3),
    raid("1.2", "raid6", 4),
    raid("1.2", "raid10", 4),
    raid("1.0", "raid5", 3),
    raid("0.90", "raid5", 3),
    luks(1),
    luks(2, in_sample=True),
    Kind("bcache", "modprobe bcache; make-bcache -B $1 >/dev/null; sleep 1; udevadm settle; "
         "[ -e /sys/block/bcache0 ] || echo $1 >/sys/fs/bcache/register",
         "echo 1 >/sys/block/bcache0/bcache/stop; sleep 1", "bcache"),
)

# udev would put arrays together again as soon as they are taken apart.
NO_ASSEMBLY = ("mkdir -p /run/udev/rules.d; touch /run/udev/rules.d/64-md-raid-assembly.rules; "
               "udevadm control --reload")
