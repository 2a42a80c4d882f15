# SPDX-License-Identifier: GPL-3.0-or-later
"""Tiers that go: only what is theirs is taken away, and what stands in the way is found before."""

import contextlib
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import system
from disk import MIB
from existing import wanted_disk
from host import FSTAB, OS, RECORDS, ROOT
from test_changes import check_and_run, disk_of, read, write


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


def test_a_line_of_others_would_mount_it_again(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    text = FSTAB.read_text(encoding="utf-8")
    FSTAB.write_text(text.replace(",x-storage-tier=hot", ""), encoding="utf-8")
    check_refused(host, "fstab-foreign-line", f"{ROOT}/hot ext4", state="absent")
    FSTAB.write_text("", encoding="utf-8")
    check_and_run(host, [], state="absent")


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


@pytest.mark.parametrize("options", ({"prune": True}, {"state": "absent"}))
def test_a_tier_below_another_root(host, options):
    _, wanted = disk_of(host, "hot")
    elsewhere = Path("/var/srv/tiers")
    elsewhere.parent.mkdir()
    host.converge([OS, wanted], root=str(elsewhere))
    (elsewhere / "hot/file").write_text("precious", encoding="utf-8")
    check_and_run(host, [OS] if "prune" in options else [], **options)
    assert host.fstab_lines() == [] and system.mounts_at(str(elsewhere / "hot")) == []
    assert not (elsewhere / "hot").exists()
    host.converge([OS, wanted])
    assert read(host, "hot") == "precious"


def name_source(disk, source):
    uuid = system.blkid(disk.path)["UUID"]
    text = FSTAB.read_text(encoding="utf-8")
    assert f"UUID={uuid}" in text
    FSTAB.write_text(text.replace(f"UUID={uuid}", source), encoding="utf-8")


@pytest.mark.parametrize("source", ("device", "LABEL=tier-hot",
                                    "UUID=11111111-1111-4111-8111-111111111111"))
def test_a_line_whose_source_was_edited(host, source):
    disk, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    name_source(disk, disk.path if source == "device" else source)
    check_and_run(host, [OS], prune=True)
    assert host.fstab_lines() == [] and not host.tier("hot").exists()


def test_swap_whose_source_was_edited(host):
    disk, wanted = disk_of(host, "swap", "swap")
    host.converge([OS, wanted])
    name_source(disk, disk.path)
    assert ("swapoff", "swap") in check_and_run(host, [OS], prune=True).ops
    assert system.swaps() == {} and host.fstab_lines() == []


def check_refused(host, error_id, *says, **options):
    """In check mode and in the run alike, with nothing done."""
    fstab, mounts = FSTAB.read_bytes(), system.mounts()
    for check in (True, False):
        refusal = host.run([] if "state" in options else [OS], check=check, **options)
        assert refusal.failed and refusal["error_id"] == error_id, refusal
        assert all(text in refusal["msg"] for text in says), refusal["msg"]
        assert refusal["changed"] is False
    assert (FSTAB.read_bytes(), system.mounts()) == (fstab, mounts)


def test_something_else_is_mounted_there(host):
    disk, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    system.tool("umount", f"{ROOT}/hot")
    system.tool("mount", "-t", "tmpfs", "theirs", f"{ROOT}/hot")
    check_refused(host, "mount-point-in-use", "theirs", f"{ROOT}/hot", prune=True)
    system.tool("umount", f"{ROOT}/hot")
    system.tool("mount", disk.path, f"{ROOT}/hot")
    system.tool("mount", "-t", "tmpfs", "theirs", f"{ROOT}/warm")
    check_refused(host, "mount-point-in-use", "theirs", f"{ROOT}/warm", state="absent")


def test_a_root_that_is_a_mount_point_stays(host):
    host.mount_private("-t", "tmpfs", "-o", "mode=755", "host", "/srv")
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted], root="/srv")
    assert ("rmdir", "hot") in host.converge([], root="/srv", state="absent").ops
    assert list(Path("/srv").iterdir()) == []


def test_an_adopted_disk_without_its_line(host):
    disk, wanted = disk_of(host, "hot")
    system.tool("mkfs.ext4", "-q", "-L", "photos", disk.path)
    host.converge([OS, dict(wanted, existing="adopt")])
    FSTAB.write_text("", encoding="utf-8")
    check_refused(host, "mount-point-in-use", disk.path, state="absent")


def test_an_adopted_filesystem_of_an_older_kind(host):
    disk = host.add_disk()
    system.tool("mkfs.ext3", "-q", disk.path)
    host.converge([OS, wanted_disk(disk, existing="adopt")])
    assert ("umount", "hot") in check_and_run(host, [], state="absent").ops
    assert host.fstab_lines() == [] and system.mounts_at(f"{ROOT}/hot") == []


MAPPING = """
import ctypes, os, time
fd = os.open({path!r}, os.O_RDWR)
libc = ctypes.CDLL(None)
libc.mmap.restype = ctypes.c_void_p
libc.mmap(None, 4096, 1, 2, fd, 0)
os.close(fd)
print("ready", flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def process(*argv):
    """Running from its first line of output on."""
    with subprocess.Popen(list(map(str, argv)), stdout=subprocess.PIPE,
                          stdin=subprocess.PIPE) as started:
        started.stdout.readline()
        try:
            yield started
        finally:
            started.kill()


def test_a_program_runs_from_it(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    shutil.copy("/bin/sh", host.tier("hot") / "program")
    with process(host.tier("hot") / "program", "-c", "echo ready; read x; sleep 600") as user:
        check_refused(host, "mount-busy", f"program of process {user.pid} (program)", prune=True)


def test_a_file_of_it_is_mapped(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    write(host, "hot")
    code = MAPPING.format(path=str(host.tier("hot") / "file"))
    with process(sys.executable, "-c", code) as user:
        check_refused(host, "mount-busy", f"mapped by process {user.pid}", prune=True)


def test_a_file_in_a_subvolume_is_open(host):
    _, wanted = disk_of(host, "hot", "btrfs")
    host.converge([OS, wanted])
    system.tool("btrfs", "subvolume", "create", host.tier("hot") / "sub")
    file = host.tier("hot") / "sub/file"
    file.write_text("line\n", encoding="utf-8")
    with process("tail", "-f", file) as user:
        check_refused(host, "mount-busy", f"open in process {user.pid} (tail)", prune=True)


def test_it_is_mounted_elsewhere_or_over(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    part, elsewhere = host.tier("hot") / "part", Path("/var/elsewhere")
    part.mkdir()
    elsewhere.mkdir()
    system.tool("mount", "--bind", part, elsewhere)
    check_refused(host, "mount-busy", f"also mounted at {elsewhere}", state="absent")
    system.tool("umount", elsewhere)
    system.tool("mount", "-t", "tmpfs", "theirs", part)
    check_refused(host, "mount-busy", f"theirs mounted at {part}", state="absent")
    system.tool("umount", part)
    check_and_run(host, [], state="absent")


def test_the_kernel_uses_files_of_it(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    image = host.tier("hot") / "image"
    with image.open("wb") as file:
        file.truncate(8 * MIB)
    inner = host.add_disk("inner", image=image)
    check_refused(host, "mount-busy", f"{inner.path} is a loop device on {image}", prune=True)
    host.remove_disk(inner)
    image.write_bytes(bytes(8 * MIB))
    image.chmod(0o600)
    system.tool("mkswap", image)
    system.tool("swapon", image)
    try:
        check_refused(host, "mount-busy", f"swap is on {image}", prune=True)
    finally:
        system.tool("swapoff", image)


def test_containers_have_their_layers_on_it(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    layers = [host.tier("hot") / name for name in ("lower", "upper", "work")]
    elsewhere = Path("/var/elsewhere")
    for directory in (*layers, elsewhere):
        directory.mkdir()
    lower, upper, work = layers
    system.tool("mount", "-t", "overlay", "container", elsewhere, "-o",
                f"lowerdir={lower},upperdir={upper},workdir={work}")
    check_refused(host, "mount-busy", f"overlay with a layer of it mounted at {elsewhere}",
                  prune=True)
    system.tool("umount", elsewhere)
    check_and_run(host, [OS], prune=True)


def test_another_namespace_has_it_mounted(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    with process("unshare", "-m", "--propagation", "private", "sh", "-c",
                 "echo ready; read x; sleep 600") as user:
        check_refused(host, "mount-busy", "in the mount namespace of process", prune=True)
        user.kill()
    check_and_run(host, [OS], prune=True)


def test_a_namespace_that_follows_is_in_nobodys_way(host):
    _, wanted = disk_of(host, "hot")
    system.tool("mount", "--make-shared", "/var")
    host.converge([OS, wanted])
    with process("unshare", "-m", "--propagation", "slave", "sh", "-c",
                 "echo ready; read x; sleep 600"):
        check_and_run(host, [OS], prune=True)
    assert not host.tier("hot").exists()


@pytest.mark.parametrize("part, place", (("part", "/var/elsewhere"), ("", "/var/elsewhere"),
                                         ("part", f"{ROOT}/hot/part")))
def test_a_namespace_that_follows_has_it_mounted_once_more(host, part, place):
    """As of services with BindPaths= or ReadWritePaths=, and of containers."""
    _, wanted = disk_of(host, "hot")
    system.tool("mount", "--make-shared", "/var")
    host.converge([OS, wanted])
    Path("/var/elsewhere").mkdir()
    (host.tier("hot") / "part").mkdir()
    with process("unshare", "-m", "--propagation", "slave", "sh", "-c",
                 f"mount --bind {ROOT}/hot/{part} {place}; echo ready; read x; sleep 600") as user:
        check_refused(host, "mount-busy", f"mounted at {place} in the mount namespace", prune=True)
        user.kill()
    check_and_run(host, [OS], prune=True)


@pytest.mark.parametrize("wanted_then", ("pruned", "moved"))
def test_what_is_found_only_by_umount(host, wanted_then):
    _, wanted = disk_of(host, "hot")
    _, swap = disk_of(host, "swap", "swap", "data-1")
    host.converge([OS, wanted, swap])
    fstab, moved = FSTAB.read_bytes(), [OS, dict(wanted, tier="cold"), swap]
    options = {"disks": [OS], "prune": True} if wanted_then == "pruned" else {"disks": moved}
    with socket.socket(socket.AF_UNIX) as held:
        held.bind(str(host.tier("hot") / "socket"))
        result = host.run(**options)
        assert result.failed and "fstab is as it was" in result["msg"]
        assert FSTAB.read_bytes() == fstab and len(system.mounts_at(f"{ROOT}/hot")) == 1
        assert not RECORDS.exists() or list(RECORDS.iterdir()) == []
        assert host.run([OS, wanted, swap])["changed"] is False
    (host.tier("hot") / "socket").unlink()
    host.converge(**options)


def keep_namespace():
    """A mount namespace that only a file holds. Kernels that number namespaces by processor refuse some."""
    keep = Path("/run/keep")
    keep.touch()
    for _ in range(50):
        with contextlib.suppress(system.Failed):
            system.tool("unshare", f"--mount={keep}", "--propagation", "private", "true")
            return keep
    pytest.skip("no mount namespace can be kept by a file here")


def test_a_namespace_without_processes_is_found_after_the_unmount(host):
    _, hot = disk_of(host, "hot")
    _, cold = disk_of(host, "cold", name="data-1")
    host.converge([OS, hot, cold])
    fstab, keep = FSTAB.read_bytes(), keep_namespace()
    result = host.run([OS], prune=True)
    assert result.failed and "fstab is as it was" in result["msg"], result
    assert f"{ROOT}/hot has been unmounted" in result["msg"] and FSTAB.read_bytes() == fstab
    assert len(system.mounts_at(f"{ROOT}/cold")) == 1
    system.tool("umount", keep)
    check_and_run(host, [OS], prune=True)


def test_left_files_are_told_and_not_immutable(host):
    _, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    below = host.below(host.tier("hot"))
    system.tool("chattr", "-i", below)
    (below / "file").write_text("hidden", encoding="utf-8")
    system.tool("chattr", "+i", below)
    result = check_and_run(host, [OS], prune=True)
    assert str(host.tier("hot")) in " ".join(result["warnings"])
    assert not system.is_immutable(host.tier("hot")) and read(host, "hot") == "hidden"


def test_files_of_the_os_disks_tier_are_told_when_it_changes(host):
    host.converge([OS])
    write(host, "warm")
    result = check_and_run(host, [{"name": "os", "tier": "cold"}])
    assert f"{ROOT}/warm" in " ".join(result["warnings"])


def test_the_os_disks_tier_is_told_as_it_will_be(host):
    disk, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    disks = [{"name": "os", "tier": "hot"}, dict(wanted, tier="cold")]
    announced = host.run(disks, check=True, diff=True)
    _, tiers = announced["diff"]
    assert tiers["before"].split()[:3] == ["hot", f"{ROOT}/hot", disk.path]
    assert len(tiers["before"].splitlines()) == 1
    result = host.run(disks)
    unknown = {"size_bytes", "available_bytes"}
    for tier, told in announced["storage"]["tiers"].items():
        now = result["storage"]["tiers"][tier]
        assert {k: v for k, v in told.items() if k not in unknown} == \
            {k: v for k, v in now.items() if k not in unknown}
    assert "tier cold" in " ".join(result["warnings"])


@pytest.mark.parametrize("options", ({"prune": True}, {"state": "absent"}))
def test_what_goes_is_in_the_diff(host, options):
    disk, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    result = host.run([OS] if "prune" in options else [], check=True, diff=True, **options)
    _, tiers = result["diff"]
    assert f"hot   {ROOT}/hot  {disk.path}  ext4" in tiers["before"]
    assert "hot" not in tiers["after"]


def test_nothing_is_told_of_data_that_is_wiped(host):
    disk, wanted = disk_of(host, "hot")
    host.converge([OS, wanted])
    disks = [{"name": "os", "tier": "hot"}, {"name": "data-0", "tier": "swap", "device": disk.path}]
    disks[1]["wipe"] = host.run(disks)["token"]
    assert "warnings" not in check_and_run(host, disks).json


@pytest.mark.parametrize("then", ("exchanged", "given up"))
def test_an_exchange_that_stops_between_two_unmounts(host, then):
    _, hot = disk_of(host, "hot")
    _, cold = disk_of(host, "cold", name="data-1")
    host.converge([OS, hot, cold])
    write(host, "hot", "was hot")
    write(host, "cold", "was cold")
    fstab, exchanged = FSTAB.read_bytes(), [OS, dict(hot, tier="cold"), dict(cold, tier="hot")]
    with socket.socket(socket.AF_UNIX) as held:
        held.bind(str(host.tier("cold") / "socket"))
        result = host.run(exchanged)
        assert result.failed and "fstab is as it was" in result["msg"]
        assert f"{ROOT}/hot has been unmounted" in result["msg"]
        assert FSTAB.read_bytes() == fstab and list(RECORDS.iterdir()) == []
    (host.tier("cold") / "socket").unlink()
    check_and_run(host, exchanged if then == "exchanged" else [OS, hot, cold])
    swapped = then == "exchanged"
    assert read(host, "hot") == ("was cold" if swapped else "was hot")
    assert read(host, "cold") == ("was hot" if swapped else "was cold")
