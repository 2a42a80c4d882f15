# SPDX-License-Identifier: GPL-3.0-or-later
"""What k3s_role takes for granted about Kubernetes."""

import subprocess

import pytest
from api import APPLY, JSON_PATCH, NODES, Api, Refused, labels_of, node_object, taint, taints_of

ROLE_LABEL = "node-role.kubernetes.io/sts"


@pytest.fixture(scope="module")
def kubelet(cluster):
    """The API as a node's own identity; the Node n1 is its own."""
    cluster.node_identity("n1")
    return Api(cluster, "node-n1")


def refused(call, *arguments, status=403, **options):
    with pytest.raises(Refused) as error:
        call(*arguments, **options)
    assert error.value.status == status, error.value
    return error.value.message


def test_a_node_registers_itself_with_free_labels_and_taints(api, kubelet):
    kubelet.create(node_object("n1", labels={"ecoma.io/role": "sts", "x.node.kubernetes.io/y": "z"},
                               taints=[taint("ecoma.io/role=sts:NoSchedule")]))
    found = api.node("n1")
    assert labels_of(found)["ecoma.io/role"] == "sts"
    assert [t["key"] for t in taints_of(found)][:1] == ["ecoma.io/role"]


def test_a_node_may_not_register_another(kubelet):
    refused(kubelet.create, node_object("n2"))


@pytest.mark.parametrize("key", [ROLE_LABEL, "node-role.kubernetes.io/anything", "example.kubernetes.io/x",
                                 "node-restriction.kubernetes.io/x"])
def test_a_node_may_not_set_labels_of_kubernetes_on_itself(api, kubelet, key):
    refused(kubelet.create, node_object("n1", labels={key: "true"}))
    api.create(node_object("n1"))
    refused(kubelet.patch, "n1", {"metadata": {"labels": {key: "true"}}})


def test_a_node_may_change_its_free_labels_and_never_its_taints(api, kubelet):
    api.create(node_object("n1"))
    kubelet.patch("n1", {"metadata": {"labels": {"ecoma.io/role": "wkr"}}})
    kubelet.patch("n1", {"metadata": {"labels": {"ecoma.io/role": None}}})
    refused(kubelet.patch, "n1", {"spec": {"taints": [taint("ecoma.io/role=sts:NoSchedule")]}})


def test_the_kubelet_itself_refuses_to_start_with_a_role_label(cluster, tmp_path):
    done = subprocess.run([cluster.programs / "kubelet", f"--node-labels={ROLE_LABEL}=true", f"--root-dir={tmp_path}"],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1 and "--node-labels" in done.stderr and ROLE_LABEL in done.stderr


def test_a_running_kubelet_registers_with_labels_and_taints(cluster, api):
    cluster.start_node("real", {"ecoma.io/role": "sts"}, ["ecoma.io/role=sts:NoSchedule"])
    try:
        found = api.node("real")
        assert labels_of(found)["ecoma.io/role"] == "sts"
        assert taint("ecoma.io/role=sts:NoSchedule") in taints_of(found)
    finally:
        cluster.stop_process("node-real")


def test_patches_replace_the_whole_list_of_taints(api):
    for name, kind in {"merge": "application/merge-patch+json", "strategic": "application/strategic-merge-patch+json"}.items():
        api.create(node_object(name, taints=[taint("example.org/foreign:NoSchedule")]))
        api.patch(name, {"spec": {"taints": [taint("ecoma.io/role=sts:NoSchedule")]}}, kind)
        keys = [t["key"] for t in taints_of(api.node(name))]
        assert "example.org/foreign" not in keys and "ecoma.io/role" in keys


def test_server_side_apply_makes_a_ghost_of_a_node_that_is_not_there(api):
    ghost = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "ghost"}}
    api.patch("ghost", ghost, APPLY, fieldManager="test", force="true")
    assert api.node("ghost")


def test_a_stale_version_is_refused_and_a_write_without_a_change_leaves_the_version(api):
    read = api.create(node_object("n1"))
    assert api.replace(read)["metadata"]["resourceVersion"] == read["metadata"]["resourceVersion"]
    api.patch("n1", {"metadata": {"labels": {"a": "b"}}})
    refused(api.replace, read, status=409)
    version = [{"op": "test", "path": "/metadata/resourceVersion", "value": read["metadata"]["resourceVersion"]}]
    refused(api.patch, "n1", version, JSON_PATCH, status=422)


def test_pages_are_of_one_moment(api):
    for number in range(4):
        api.create(node_object(f"n{number}"))
    first = api.call("GET", NODES, limit=2)
    api.patch("n3", {"metadata": {"labels": {"later": "yes"}}})
    second = api.call("GET", NODES, limit=2, **{"continue": first["metadata"]["continue"]})
    assert "later" not in labels_of(second["items"][1])
