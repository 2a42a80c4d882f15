# SPDX-License-Identifier: GPL-3.0-or-later
"""Flush order: the writes of a run are recorded by dm-log-writes, those to the disk and those to records
and fstab; then the next run meets the disks as they were at each flush, without anything that no flush
of that disk had made durable."""

import hashlib
import subprocess

import pytest
from drives import MIB, scsi
from scene import CHANGES, FSTYPES, GROWTH, SIZES, Change, neighbour
from write_log import SECTOR, read_log, states

SAMPLED_STATES = 4
RECORDED = [("first", fstype) for fstype in FSTYPES] + [
    (change, "ext4") for change in CHANGES[1:]] + [("grow", "swap")]
STATE_SIZE, THEIRS_SIZE = 48 * MIB, 66 * MIB
LOG_SIZE = 1000 * MIB
# The filesystem of records and fstab commits when it is told to, so that its flushes are the run's.
STATE_OPTIONS = "noatime,commit=1000"
USE_STATE = (f"mkdir -p /state; mount -o {STATE_OPTIONS} /dev/mapper/state /state; "
             "mkdir -p /state/records /var/lib/storage_tier; "
             "[ -e /state/fstab ] || cp /etc/fstab /state/fstab; ln -sf /state/fstab /etc/fstab; "
             "mount --bind /state/records /var/lib/storage_tier")
DATA = "/dev/mapper/data"


def copy(image, path):
    subprocess.run(["cp", "--sparse=always", image, path], check=True)
    return path


class Recorded:
    """One drive below three: the disk, somebody's disk beside it, and records and fstab. One log has the
    order of all their writes."""

    def __init__(self, change):
        self.change = change
        size = SIZES[change.fstype]
        self.data_sizes = size, size + GROWTH if change.name == "grow" else size
        starts = [0, self.data_sizes[1], self.data_sizes[1] + THEIRS_SIZE]
        sizes = [self.data_sizes[1], THEIRS_SIZE, STATE_SIZE]
        self.parts = [range(start, start + size) for start, size in zip(starts, sizes)]
        self.size = self.parts[-1].stop

    def make(self, host):
        """The drive on the host, with the neighbour's disk on it."""
        image = host.blank("all", self.size)
        theirs = neighbour(host.images / "theirs.img").read_bytes()
        with image.open("r+b") as file:
            file.seek(self.parts[1].start)
            file.write(theirs)
        return image

    def theirs(self, image):
        with image.open("rb") as file:
            file.seek(self.parts[1].start)
            return hashlib.sha256(file.read(THEIRS_SIZE)).hexdigest()

    def maps(self, below, data_size):
        """A script that makes data, theirs and state on the device below them."""
        lengths = [data_size, THEIRS_SIZE, STATE_SIZE]
        return "; ".join(
            f"echo 0 {length // SECTOR} linear {below} {part.start // SECTOR} | dmsetup create {name}"
            for name, length, part in zip(("data", "theirs", "state"), lengths, self.parts)
        ) + "; udevadm settle"

    def run(self, host):
        """(the log's entries, the image before the run, the run's arguments, the tier's UUID)"""
        image = self.make(host)
        drives = [scsi(1, image), scsi(2, host.blank("log", LOG_SIZE))]
        host.plug(*drives)
        node, log = [host.node(drive) for drive in drives]
        sectors = self.size // SECTOR
        host.guest.run(f"modprobe dm-log-writes; echo 0 {sectors} linear {node} 0 | dmsetup create all; "
                       + self.maps("/dev/mapper/all", self.data_sizes[0]) + "; "
                       "mkfs.ext4 -q -E lazy_itable_init=0,lazy_journal_init=0 /dev/mapper/state; "
                       + USE_STATE)
        wanted, options = self.change.prepare(host, DATA, device=DATA)
        uuid = host.signature(DATA).get("UUID")
        if self.change.name == "grow":
            host.guest.run(f"echo 0 {self.data_sizes[1] // SECTOR} linear /dev/mapper/all 0 | "
                           "dmsetup reload data; dmsetup resume data; udevadm settle")
        host.guest.run("sync; sync -f /state; dmsetup suspend all; blockdev --flushbufs " + node)
        before = copy(image, image.with_suffix(".before"))
        host.guest.run(f"echo 0 {sectors} log-writes {node} {log} | dmsetup reload all; "
                       "dmsetup resume all")
        result = host.run(wanted, **options)
        assert not result.failed and result["changed"], result
        host.guest.run("dmsetup message all 0 mark end; dmsetup suspend all; sync -d " + log)
        host.guest.cut()
        return read_log(drives[1].image), before, (wanted, options), uuid

    def check(self, host, image, arguments, uuid):
        """The next run on these disks converges."""
        wanted, options = arguments
        theirs = self.theirs(image)
        drive = scsi(1, image)
        host.plug(drive)
        host.guest.run(self.maps(host.node(drive), self.data_sizes[1]) + "; " + USE_STATE)
        host.converge(wanted, **options)
        lines = host.guest.read("/state/fstab").splitlines()
        count = len([line for line in lines if "x-storage-tier=" in line])
        assert count == (1 if self.change.after else 0)
        assert host.guest.tool("find", "/state/records", "-type", "f") == ""
        self.change.check(host, DATA, uuid)
        host.guest.run("sync")
        assert self.theirs(image) == theirs


def sweep(make_host, change, fstype, choose):
    """`choose` takes the number of flushes that were recorded, and gives the ones to replay."""
    recorded = Recorded(Change(change, fstype))
    recorder = make_host()
    recorder.resume()
    entries, image, arguments, uuid = recorded.run(recorder)
    theirs = recorded.theirs(image)
    total = sum(entry.is_durable_point for entry in entries)
    chosen = set(choose(total))
    done, lost = 0, []
    for number, _ in enumerate(states(entries, image, recorded.parts)):
        if number not in chosen:
            continue
        assert recorded.theirs(image) == theirs
        host = make_host()
        host.resume()
        try:
            recorded.check(host, copy(image, host.images / "all.img"), arguments, uuid)
        except Exception as problem:  # pylint: disable=broad-exception-caught
            print(f"{number}: {problem}", flush=True)
            lost.append((number, problem))
        host.end()
        done += 1
    print(f"\n{change} {fstype}, {total} recorded: {done} of {len(chosen)} flushes replayed, "
          f"{done - len(lost)} converged, {len(lost)} lost")
    assert done == len(chosen) > 0 and not lost, lost


def test_some_flushes_of_a_first_run(make_host):
    sweep(make_host, "first", "ext4",
          lambda total: {round(i * (total - 1) / (SAMPLED_STATES - 1)) for i in range(SAMPLED_STATES)})


@pytest.mark.long
@pytest.mark.parametrize("change, fstype", RECORDED)
@pytest.mark.parametrize("first", [0, 1])
def test_every_second_flush(make_host, change, fstype, first):
    sweep(make_host, change, fstype, lambda total: range(first, total, 2))
