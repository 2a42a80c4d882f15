# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's role: the drop-in, read by another YAML reader than the module's."""

import socket
import stat
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import DROP_IN, K3S_ROLE, K3S_ROLE_INFO, STORAGE_TIER

ROLES = {
    "cpl": ({"ecoma.io/role=cpl"}, ["CriticalAddonsOnly=true:NoExecute"]),
    "ops": ({"ecoma.io/role=ops"}, ["ecoma.io/role=ops:NoSchedule"]),
    "sts": ({"ecoma.io/role=sts"}, ["ecoma.io/role=sts:NoSchedule"]),
    "wkr": ({"ecoma.io/role=wkr"}, None),
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role(host, role):
    labels, taints = ROLES[role]
    done = host.good(role=role)
    assert done["changed"] and done["restart_needed"] and done["restart_reasons"]
    said = yaml.safe_load(DROP_IN.read_text())
    assert said["node-name"] == "wkr-1.example.org"
    assert set(said["node-label+"]) == labels and said.get("node-taint+") == taints
    assert set(said) <= {"node-name", "node-label+", "node-taint+"}
    again = host.good(role=role)
    assert (again["changed"], again["actions"], again["restart_needed"]) == (False, [], False)


def test_nobody_else_can_read_it(host):
    host.good(role="wkr")
    status = DROP_IN.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o600, 0)
    DROP_IN.chmod(0o644)
    done = host.good(role="wkr")
    assert done["changed"] and not done["restart_needed"]
    assert stat.S_IMODE(DROP_IN.stat().st_mode) == 0o600


def test_no_label_that_a_kubelet_must_not_set(host):
    for role in ROLES:
        host.good(role=role, storage_tiers=["hot"], labels={"node.kubernetes.io/x": "y"})
        assert "node-role" not in DROP_IN.read_text()
    before = host.files()
    for key in "node-role.kubernetes.io/db", "kubernetes.io/x", "a.k8s.io/x":
        refused = host.run(role="wkr", labels={key: "true"})
        assert refused["error_id"] == "kubelet-label" and f"{key}=true" in refused["msg"]
    assert host.files() == before


def test_a_tour_of_roles_ends_where_it_began(host):
    host.good(role="wkr", storage_tiers=["cold", "hot"], labels={"b": "1", "a": "2"})
    first = host.files()
    for role in "sts", "ops", "cpl":
        host.good(role=role, labels={role: "x"})
        assert host.files() != first
    host.good(role="wkr", storage_tiers=["hot", "cold"], labels={"a": "2", "b": "1"})
    assert host.files() == first


def test_check_mode_says_what_the_run_does(host):
    for options in ({"role": "sts", "storage_tiers": ["hot"]}, {"role": "wkr"}, {"state": "absent"}):
        before = host.files()
        said = host.good(check=True, diff=True, **options)
        assert host.files() == before
        done = host.good(diff=True, **options)
        for key in "changed", "actions", "diff", "nodes", "restart_needed", "restart_reasons", "pending":
            assert said[key] == done[key]
        assert said["changed"]


def test_edited_by_hand(host):
    host.good(role="wkr")
    ours = DROP_IN.read_text()
    DROP_IN.write_text(ours.replace("role=wkr", "role=sts") + "flannel-iface: eth1\ntoken: >\n hunter2\n\n hunter3\n")
    done = host.good(role="wkr", diff=True)
    (diff,) = done["diff"]
    assert diff["after"] == ours and diff["before"].startswith(
        ours.replace("role=wkr", "role=sts") + "flannel-iface: ********\ntoken: ********\n")
    assert done["actions"][0]["before"] == diff["before"] and "hunter" not in done.output
    assert any("by hand" in reason for reason in done["restart_reasons"])
    assert DROP_IN.read_text() == ours


def test_lists_without_their_plus(host):
    """K3s has hidden those of its other files so far."""
    host.good(role="wkr")
    DROP_IN.write_text(DROP_IN.read_text().replace("node-label+", "node-label"))
    done = host.good(role="wkr")
    assert done["changed"] and done["restart_needed"] and done["restart_reasons"]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"- a\n", b"node-name: [", b"\x00" * 9, b"a: &a [*a]\n"])
def test_nonsense_in_its_place(host, content):
    host.good(role="wkr")
    ours = DROP_IN.read_bytes()
    DROP_IN.write_bytes(content)
    assert host.info()["exists"]
    assert host.good(role="wkr", diff=True)["changed"]
    assert DROP_IN.read_bytes() == ours


def test_what_is_beside_it_stays(host):
    DROP_IN.parent.mkdir(parents=True, mode=0o700)
    others = {DROP_IN.parent / "10-other.yaml": b"token: x\n", DROP_IN.parents[1] / "config.yaml": b"x: y\n"}
    for path, content in others.items():
        path.write_bytes(content)
    host.good(role="sts")
    host.good(state="absent")
    assert not DROP_IN.exists()
    assert {path: path.read_bytes() for path in others} == others
    assert DROP_IN.parent.stat().st_mode & 0o777 == 0o700
    assert host.good(state="absent")["changed"] is False


def test_copies_of_it_stay(host):
    host.good(role="wkr")
    left = DROP_IN.with_name(f"{DROP_IN.name}.new-a1B2c3")
    left.touch()
    copies = [DROP_IN.with_name(f"{DROP_IN.name}.{ending}") for ending in ("backup", "rpmnew", "261121")]
    for path in copies:
        path.write_text("x")
    host.good(role="sts")
    host.good(role="wkr")
    assert [path.read_text() for path in copies] == ["x"] * 3 and not left.exists()


def test_tiers_from_fstab(host):
    Path("/etc/fstab").write_text(
        "# /etc/fstab\nUUID=1-1 / ext4 defaults 0 1\n"
        "UUID=2-2 /var/storage/hot ext4 noatime,x-storage-tier=hot 0 2\n"
        "/dev/vdz none swap sw 0 0\n"
        "UUID=3-3 none swap sw,x-storage-tier=swap 0 0\n"
        "this line is broken\n"
        "UUID=4-4 /mnt auto x-storage-tier=cold,comment=cloudconfig 0 2\n")
    host.good(role="sts", storage_tiers=["auto"])
    assert set(yaml.safe_load(DROP_IN.read_text())["node-label+"]) == {
        "ecoma.io/role=sts", "ecoma.io/storage-hot=true", "ecoma.io/storage-swap=true"}
    Path("/etc/fstab").unlink()
    assert host.good(role="sts", storage_tiers="auto")["changed"]
    assert yaml.safe_load(DROP_IN.read_text())["node-label+"] == ["ecoma.io/role=sts"]


@pytest.mark.parametrize("tier", ['h"ot', "hott", "os"])
def test_a_tier_in_fstab_that_is_none(host, tier):
    Path("/etc/fstab").write_text(f"UUID=2-2 /x ext4 x-storage-tier={tier} 0 2\n")
    refused = host.run(role="sts", storage_tiers="auto")
    assert refused["error_id"] == "fstab-tier" and "line 1" in refused["msg"]
    assert "swap, hot, warm and cold" in refused["msg"]
    assert not DROP_IN.exists()


def tiers():
    labels = yaml.safe_load(DROP_IN.read_text())["node-label+"]
    prefix = "ecoma.io/storage-"
    return {label.removeprefix(prefix).removesuffix("=true") for label in labels if label.startswith(prefix)}


@pytest.mark.parametrize("tier", ["hot", "warm", "cold"])
def test_the_os_disks_tier_as_storage_tier_makes_it(host, tier):
    init = ["unshare", "--pid", "--fork", "--mount-proc"]  # a host's PID 1 has the same mounts
    made = host.run(module=STORAGE_TIER, under=init, disks=[{"name": "os", "tier": tier}])
    assert not made.failed and made["storage"]["tiers"].keys() == {tier}, made
    host.good(role="sts", storage_tiers=["auto"])
    assert tiers() == {tier}


def test_the_os_disks_tier_beside_others(host):
    root = Path("/var/storage")
    for name in "hot", "warm", "other", "swap":
        (root / name).mkdir(parents=True)
    (root / "cold").symlink_to("hot")
    Path("/etc/fstab").write_text("UUID=2-2 /var/storage/warm ext4 noatime,x-storage-tier=warm 0 2\n"
                                  "UUID=3-3 none swap sw,x-storage-tier=swap 0 0\n")
    host.good(role="sts", storage_tiers=["auto"])
    assert tiers() == {"hot", "warm", "swap"}


def test_what_is_mounted_or_immutable_is_no_tier_of_the_os_disk(host):
    for name in "hot", "warm":
        Path("/var/storage", name).mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "other", "/var/storage/hot"], check=True)
    immutable = subprocess.run(["chattr", "+i", "/var/storage/warm"], stderr=subprocess.DEVNULL, check=False).returncode == 0
    host.good(role="sts", storage_tiers=["auto"])
    assert tiers() == (set() if immutable else {"warm"})
    subprocess.run(["umount", "/var/storage/hot"], check=True)
    host.good(role="sts", storage_tiers=["auto"])
    assert "hot" in tiers()
    if immutable:
        subprocess.run(["chattr", "-i", "/var/storage/warm"], check=True)


def test_the_tiers_are_storage_tiers(host):
    def choices(module, *path):
        found = yaml.safe_load(subprocess.run([module, "--doc"], capture_output=True, check=True).stdout)
        found = found["DOCUMENTATION"]["options"]
        for name in path:
            found = found[name]
        return found["choices"]

    known = choices(STORAGE_TIER, "disks", "suboptions", "tier")
    assert choices(K3S_ROLE, "storage_tiers") == ["auto", *known]
    assert choices(K3S_ROLE, "nodes", "suboptions", "storage_tiers") == known


def test_a_name_of_its_own(host):
    done = host.good(role="wkr", node_name="DB.Example.ORG")
    assert list(done["nodes"]) == ["db.example.org"]
    assert yaml.safe_load(DROP_IN.read_text())["node-name"] == "db.example.org"


def test_another_file_and_prefix(host):
    path = Path("/etc/other/deep/role.yaml")
    host.good(role="ops", config_file=str(path), prefix="example.org", taints=[])
    assert yaml.safe_load(path.read_text())["node-label+"] == ["example.org/role=ops"]
    assert not DROP_IN.exists()


def test_a_host_name_that_kubernetes_does_not_take(host):
    socket.sethostname("wkr_1")
    refused = host.run(role="wkr")
    assert "wkr_1" in refused["msg"] and "give node_name" in refused["msg"]
    assert host.good(role="wkr", node_name="wkr-1")["changed"]


@pytest.mark.parametrize("check", [True, False])
def test_nodes_with_nothing_after_it(host, check):
    """It is null, which counts as given; the host's role isn't given either."""
    host.good(role="cpl")
    before = host.files()
    refused = host.run(nodes=None, check=check)
    assert refused.failed and "role or nodes" in refused["msg"]
    assert host.files() == before


@pytest.mark.parametrize("core", ["2.14.18", "2.16.1", "2.19.0"])
@pytest.mark.parametrize("options", [{"role": "wkr", "prefix": None}, {"role": "wkr", "config_file": None},
                                     {"nodes": [{"name": None, "role": "wkr"}]}])
def test_null_in_place_of_a_text(host, core, options):
    """Which core takes it for what differs."""
    before = host.files()
    refused = host.run(_ansible_version=core, **options)
    assert refused.failed and any(word in refused["msg"] for word in ("prefix", "config_file", "name"))
    assert host.files() == before


@pytest.mark.parametrize("path", ["x.yaml", "/etc/new/", "/etc/new/.", "/"])
def test_a_path_that_names_no_file(host, path):
    before = host.files()
    for check in True, False:
        refused = host.run(role="wkr", config_file=path, check=check)
        assert refused.failed and "config_file" in refused["msg"] and refused["changed"] is False
    assert host.files() == before and not Path("/etc/new").exists()


def test_a_directory_in_its_place(host):
    DROP_IN.mkdir(parents=True)
    assert host.run(role="wkr")["error_id"] == "config-file-no-file"
    assert DROP_IN.is_dir()


def test_info_of_nodes_without_the_cluster(host):
    refused = host.run(module=K3S_ROLE_INFO, cluster=False, nodes=[{"name": "n1", "role": "wkr"}])
    assert refused.failed and "cluster: false" in refused["msg"]


def test_info(host):
    assert host.info() == {"config_file": str(DROP_IN), "exists": False, "node_name": None, "labels": [],
                           "taints": [], "other_keys": [], "problem": None}
    host.good(role="sts", storage_tiers=["hot"])
    DROP_IN.write_text(DROP_IN.read_text() + "snapshotter: native\n")
    shown = host.info()
    assert shown["node_name"] == "wkr-1.example.org" and shown["taints"] == ["ecoma.io/role=sts:NoSchedule"]
    assert shown["labels"] == ["ecoma.io/role=sts", "ecoma.io/storage-hot=true"]
    assert shown["other_keys"] == ["snapshotter"]
    DROP_IN.write_text("a: [")
    assert host.info()["problem"]
