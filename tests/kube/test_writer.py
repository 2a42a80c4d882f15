# SPDX-License-Identifier: GPL-3.0-or-later
"""Nodes that somebody else updates round-robin, as fast as the server takes it: no change of theirs is lost."""

import json
import time

import pytest
from api import Api, labels_of, node_object, taint, taints_of
from module import node
from witness import Witness

BOUND = 240  # seconds for a run on 1,000 Nodes on two processors that the writer shares


def create_many(cluster, names):
    items = [node_object(name, {"example.org/rack": "r7"}, taints=[taint("example.org/gpu:NoSchedule")]) for name in names]
    cluster.kubectl("create", "-f", "-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))


def reconcile_under_writer(cluster, role, tmp_path, count):
    api = Api(cluster)
    names = [f"n{number:04}" for number in range(count)]
    create_many(cluster, names)
    with Witness(cluster, tmp_path / "log") as witness:
        witness.wait_for_writes(count // 2)
        started = time.monotonic()
        done = role.run([node(name, "sts", storage_tiers=["hot"]) for name in names], timeout=BOUND)
        took = time.monotonic() - started
    assert not done.failed, done.get("msg")
    assert took < BOUND
    found = api.nodes()
    for name in names:
        assert labels_of(found[name])["ecoma.io/role"] == "sts"
        keys = {t["key"] for t in taints_of(found[name])}
        assert {"ecoma.io/role", "example.org/gpu", "example.org/moving"} <= keys
    compared, lost = witness.compare(found)
    assert not lost, lost[:5]
    assert compared > 2 * count
    print(f"\n{count} Nodes in {took:.1f} s beside {len(witness.lines())} foreign writes; {compared} versions compared")


@pytest.mark.parametrize("number", [3, 12])
def test_nodes_that_are_written_all_the_time(api, cluster, role, tmp_path, number):
    """One thread for each, without a pause: no write that names a version is fast enough."""
    names = [f"n{n}" for n in range(number)]
    create_many(cluster, names)
    with Witness(cluster, tmp_path / "log", threads=len(names)) as witness:
        witness.wait_for_writes(100)
        for given in ("sts", "ops", "wkr", "cpl"):
            started = time.monotonic()
            done = role.run([node(name, given, storage_tiers=["hot"]) for name in names], timeout=30)
            print(f"\n{given}: {time.monotonic() - started:.1f} s")
            assert not done.failed, done.get("msg")
        done = role.run([{"name": name} for name in names], state="absent", timeout=30)
        assert not done.failed, done.get("msg")
    found = api.nodes()
    compared, lost = witness.compare(found)
    assert not lost, lost[:5]
    for name in names:
        assert set(labels_of(found[name])) == {"example.org/rack", "example.org/turn"}
        keys = {t["key"] for t in taints_of(found[name]) if not t["key"].startswith("node.kubernetes.io/")}
        assert keys == {"example.org/gpu", "example.org/moving"}
    print(f"{len(witness.lines())} foreign writes; {compared} versions compared")


def test_a_hundred_nodes(api, cluster, role, tmp_path):
    reconcile_under_writer(cluster, role, tmp_path, 100)


@pytest.mark.long
def test_a_thousand_nodes(api, cluster, role, tmp_path):
    reconcile_under_writer(cluster, role, tmp_path, 1000)
