# SPDX-License-Identifier: GPL-3.0-or-later
"""The disks of a guest: files on this machine, and QEMU devices that show them.

The SCSI disks are given as Proxmox gives them (qemu-server, PVE/QemuServer/DriveDevice.pm): drive
scsiN is LUN N of the controller scsihw0, with the device id drive-scsiN.
"""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20
SCSI, NVME, VIRTIO = "scsi-hd", "nvme", "virtio-blk-pci"
PORTS = tuple(f"port{i}" for i in range(1, 7))  # PCIe slots of the guest, for NVME and VIRTIO


@dataclass
class Drive:
    """One disk: its file, and how the guest sees it."""

    name: str
    image: Path
    kind: str
    device: dict = field(default_factory=dict)  # further properties
    below: dict = field(default_factory=dict)  # another block driver between device and file
    shared: bool = False  # several drives show this file

    def blockdevs(self):
        """What `blockdev-add` takes, the file last but one; the last has the drive's name."""
        file = {"node-name": f"{self.name}-file", "driver": "file", "filename": str(self.image)}
        if self.shared:
            file["locking"] = "off"
        format_ = "qcow2" if self.image.suffix == ".qcow2" else "raw"
        top = {"node-name": self.name, "driver": format_, "file": file["node-name"]}
        if not self.below:
            return [file, top]
        between = {"node-name": f"{self.name}-between", "image": file["node-name"], **self.below}
        top["file"] = between["node-name"]
        return [file, between, top]

    def frontend(self):
        """What `device_add` takes."""
        return {"driver": self.kind, "id": f"dev-{self.name}", "drive": self.name,
                "share-rw": self.shared, **self.device}

    def digest(self):
        """Of every byte of a raw image."""
        sha = hashlib.sha256()
        with self.image.open("rb") as file:
            while data := file.read(MIB):
                sha.update(data)
        return sha.hexdigest()


def blank(path, size=64 * MIB):
    """A sparse file of zeros."""
    with Path(path).open("wb") as file:
        os.truncate(file.fileno(), size)
    return Path(path)


def scsi(number, image, below=None, shared=False, **device):
    """Proxmox' drive scsiN."""
    name = f"drive-scsi{number}"
    place = {"bus": "scsihw0.0", "channel": 0, "scsi-id": 0, "lun": number}
    return Drive(name, Path(image), SCSI, {**place, "device_id": name, **device}, below or {},
                 shared)


def virtio(number, image, **device):
    """Proxmox' drive virtioN."""
    return Drive(f"drive-virtio{number}", Path(image), VIRTIO, {"bus": PORTS[number], **device})


def nvme(number, image, serial, **device):
    return Drive(f"drive-nvme{number}", Path(image), NVME,
                 {"bus": PORTS[number], "serial": serial, **device})
