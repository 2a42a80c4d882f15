# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles of Nodes change, and what is somebody else's doesn't."""

import json

import pytest
from api import annotations_of, labels_of, node_object, state_of, taint, taints_of
from module import after, between, installed, node, program

ADDED = "2026-01-02T03:04:05Z"
FOREIGN_TAINT = {**taint("example.org/maintenance=disk:NoExecute"), "timeAdded": ADDED}


def foreign_node(name):
    return node_object(name, {"example.org/rack": "r7", "ecoma.io/team": "storage"}, {"example.org/note": "a b"},
                       [FOREIGN_TAINT, taint("example.org/gpu:NoSchedule")])


def foreign_parts(found):
    ours = ("ecoma.io/role", "ecoma.io/storage-", "node-role.kubernetes.io/", "ecoma.io/k3s-role")
    keep = [{key: value for key, value in part.items() if not key.startswith(ours)}
            for part in (labels_of(found), annotations_of(found))]
    taints = [t for t in taints_of(found) if t["key"] not in ("ecoma.io/role", "CriticalAddonsOnly")]
    return json.dumps([*keep, taints])


def writes(entries):
    return [entry for entry in entries if entry["verb"] not in ("get", "list", "watch")]


EXPECTED = {
    "cpl": ({"ecoma.io/role": "cpl"}, ["CriticalAddonsOnly=true:NoExecute"]),
    "ops": ({"ecoma.io/role": "ops", "node-role.kubernetes.io/ops": "true"}, ["ecoma.io/role=ops:NoSchedule"]),
    "sts": ({"ecoma.io/role": "sts", "node-role.kubernetes.io/sts": "true"}, ["ecoma.io/role=sts:NoSchedule"]),
    "wkr": ({"ecoma.io/role": "wkr", "node-role.kubernetes.io/wkr": "true"}, []),
}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_role_has_its_labels_and_taints(api, role, name):
    api.create(node_object("n1", taints=[]))
    before = taints_of(api.node("n1"))
    role.converge([node("n1", name, storage_tiers=["hot", "warm"])])
    labels, taints = EXPECTED[name]
    found = api.node("n1")
    assert labels_of(found) == {**labels, "ecoma.io/storage-hot": "true", "ecoma.io/storage-warm": "true"}
    assert [t for t in taints_of(found) if t not in before] == [taint(t) for t in taints]


def test_further_labels_and_taints_in_place_of_the_roles(api, role):
    api.create(node_object("n1"))
    role.converge([node("n1", "sts", labels={"example.org/zone": "b"}, taints=["dedicated=db:NoExecute", "x:NoSchedule"])])
    found = api.node("n1")
    assert labels_of(found)["example.org/zone"] == "b"
    ours = [t for t in taints_of(found) if not t["key"].startswith("node.kubernetes.io/")]
    assert sorted(t["key"] for t in ours) == ["dedicated", "x"]
    role.converge([node("n1", "sts", taints=[])])
    found = api.node("n1")
    assert "example.org/zone" not in labels_of(found)
    assert not [t for t in taints_of(found) if not t["key"].startswith("node.kubernetes.io/")]


def test_what_is_foreign_stays_byte_for_byte_and_nothing_is_left_behind_by_wkr_sts_ops_wkr(api, role):
    api.create(foreign_node("n1"))
    foreign = foreign_parts(api.node("n1"))
    role.converge([node("n1", "wkr", storage_tiers=["hot"])])
    first = state_of(api.node("n1"))
    for name in ("sts", "ops"):
        role.converge([node("n1", name, storage_tiers=["hot", "cold"], labels={"example.org/further": name})])
        assert state_of(api.node("n1")) != first
        assert foreign_parts(api.node("n1")).replace(f'"example.org/further": "{name}", ', "") == foreign
    role.converge([node("n1", "wkr", storage_tiers=["hot"])])
    assert state_of(api.node("n1")) == first
    assert foreign_parts(api.node("n1")) == foreign


APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def test_what_kubectl_apply_keeps_on_a_node_stays(api, cluster, role, tmp_path):
    """With anything else there, who applies the manifest next takes away all that isn't in it."""
    metadata = {"name": "n1", "labels": {"example.org/rack": "r7"}}
    manifest = json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": metadata})
    cluster.kubectl("apply", "-f", "-", text=manifest)
    api.patch("n1", {"metadata": {"labels": {"example.org/by-hand": "x"}}})
    api.create(node_object("n2"))
    kept = annotations_of(api.node("n1"))[APPLIED]
    wanted = [node("n1", "sts", storage_tiers=["hot"]), node("n2", "sts")]
    assert not role.run(wanted, check=True, server_dry_run=True).failed
    assert "ecoma.io/role" not in labels_of(api.node("n1"))
    admin = f"{cluster.programs}/kubectl --kubeconfig {cluster.admin}"
    role.kubectl = between(tmp_path, cluster.programs / "kubectl", f"{admin} annotate node n1 example.org/late=1")
    role.converge(wanted)
    found = api.node("n1")
    assert annotations_of(found)[APPLIED] == kept and annotations_of(found)["example.org/late"] == "1"
    cluster.kubectl("apply", "-f", "-", text=manifest)
    assert state_of(api.node("n1")) == state_of(found)
    assert labels_of(api.node("n2"))["ecoma.io/role"] == "sts"


def test_absent_leaves_the_node_as_if_no_role_had_ever_been_given(api, role):
    api.create(foreign_node("n1"))
    untouched = state_of(api.node("n1"))
    role.converge([node("n1", "sts", storage_tiers=["hot"], labels={"example.org/further": "x"})])
    role.converge([{"name": "n1"}], state="absent")
    assert state_of(api.node("n1")) == untouched


def test_hand_made_labels_and_taints_of_our_roles_are_taken_over(api, role):
    by_hand = node_object("n1", {"ecoma.io/role": "ops", "node-role.kubernetes.io/ops": "", "ecoma.io/storage-hot": "yes"},
                          taints=[taint("ecoma.io/role=ops:NoSchedule"), FOREIGN_TAINT])
    api.create(by_hand)
    role.converge([node("n1", "sts")])
    found = api.node("n1")
    assert labels_of(found) == EXPECTED["sts"][0]
    assert FOREIGN_TAINT in taints_of(found) and taint("ecoma.io/role=sts:NoSchedule") in taints_of(found)
    assert taint("ecoma.io/role=ops:NoSchedule") not in taints_of(found)


def test_a_node_made_by_hand_exactly_as_wanted_keeps_its_labels_and_taints(api, role):
    labels, taints = EXPECTED["sts"]
    api.create(node_object("n1", labels, taints=[taint(t) for t in taints]))
    before = api.node("n1")
    done = role.converge([node("n1", "sts")])
    assert {op for op, _ in done.of("n1")} <= {"annotate"}
    assert labels_of(api.node("n1")) == labels_of(before) and taints_of(api.node("n1")) == taints_of(before)


def test_nodes_that_nobody_declared_are_never_touched(api, role):
    for name in ("n1", "undeclared"):
        api.create(node_object(name, {"ecoma.io/role": "ops"}))
    before = api.node("undeclared")
    role.converge([node("n1", "wkr")])
    assert api.node("undeclared") == before


def test_a_foreign_taint_that_appears_between_read_and_write_stays(api, cluster, role, tmp_path):
    api.create(node_object("n1"))
    admin = f"{cluster.programs}/kubectl --kubeconfig {cluster.admin}"
    role.kubectl = between(tmp_path, cluster.programs / "kubectl",
                           f"{admin} taint node n1 example.org/late=1:NoExecute")
    done = role.run([node("n1", "sts")])
    assert not done.failed and (tmp_path / "happened").exists(), done
    keys = [t["key"] for t in taints_of(api.node("n1"))]
    assert "example.org/late" in keys and "ecoma.io/role" in keys
    (late,) = [t for t in taints_of(api.node("n1")) if t["key"] == "example.org/late"]
    assert late["value"] == "1"


def test_our_label_changed_by_another_between_read_and_write_is_ours_again(api, cluster, role, tmp_path):
    api.create(node_object("n1"))
    admin = f"{cluster.programs}/kubectl --kubeconfig {cluster.admin}"
    role.kubectl = between(tmp_path, cluster.programs / "kubectl", f"{admin} label node n1 ecoma.io/role=ops")
    assert not role.run([node("n1", "sts")]).failed
    assert labels_of(api.node("n1"))["ecoma.io/role"] == "sts"


def test_a_node_deleted_between_read_and_write_is_not_made_again(api, cluster, role, tmp_path):
    api.create(node_object("n1"))
    api.create(node_object("n2"))
    admin = f"{cluster.programs}/kubectl --kubeconfig {cluster.admin}"
    role.kubectl = between(tmp_path, cluster.programs / "kubectl", f"{admin} delete node n2")
    done = role.run([node("n1", "sts"), node("n2", "sts")], timeout=3)
    assert done.failed and "n2" in done["msg"], done
    assert "n2" not in api.nodes() and labels_of(api.node("n1"))["ecoma.io/role"] == "sts"


def test_a_node_that_registers_between_read_and_write_gets_its_role_too(api, cluster, role, tmp_path):
    api.create(node_object("n1"))
    late = tmp_path / "late.json"
    late.write_text(json.dumps(node_object("n2")))
    role.kubectl = between(tmp_path, cluster.programs / "kubectl",
                           f"{cluster.programs}/kubectl --kubeconfig {cluster.admin} create -f {late}")
    done = role.run([node("n1", "sts"), node("n2", "ops"), node("n3", "ops")], diff=True, missing="ignore", timeout=0)
    assert not done.failed and (tmp_path / "happened").exists(), done
    assert done["pending"] == ["n3"] and set(done["nodes"]) == {"n1", "n2"}
    assert done.of("n1") and done.of("n2")[("label", "ecoma.io/role")] == (None, "ops")
    assert [diff["after_header"] for diff in done["diff"]] == ["n1", "n2"]
    for name, given in ("n1", "sts"), ("n2", "ops"):
        assert labels_of(api.node(name))["ecoma.io/role"] == given


def test_our_label_changed_by_another_right_after_the_write_is_ours_again(api, cluster, role, tmp_path):
    api.create(node_object("n1"))
    admin = f"{cluster.programs}/kubectl --kubeconfig {cluster.admin}"
    role.kubectl = after(tmp_path, cluster.programs / "kubectl",
                         f"{admin} label --overwrite node n1 ecoma.io/role=ops")
    done = role.run([node("n1", "sts")])
    assert not done.failed and (tmp_path / "happened").exists(), done
    assert labels_of(api.node("n1"))["ecoma.io/role"] == "sts"
    values = [(a["before"], a["after"]) for a in done["actions"] if a["key"] == "ecoma.io/role" and a["op"] == "label"]
    assert values == [(None, "sts"), ("ops", "sts")]


def test_nothing_to_change_sends_nothing(api, cluster, role):
    for number in range(5):
        api.create(foreign_node(f"n{number}"))
    wanted = [node(f"n{number}", "sts", storage_tiers=["hot"]) for number in range(5)]
    role.converge(wanted)
    versions = {name: found["metadata"]["resourceVersion"] for name, found in api.nodes().items()}
    before = len(cluster.audit())
    assert role.run(wanted)["changed"] is False
    since = cluster.audit()[before:]
    assert since and not writes(since), writes(since)
    assert versions == {name: found["metadata"]["resourceVersion"] for name, found in api.nodes().items()}


def test_only_nodes_that_differ_are_written(api, cluster, role):
    for number in range(5):
        api.create(node_object(f"n{number}"))
    wanted = [node(f"n{number}", "sts") for number in range(5)]
    role.converge(wanted)
    wanted[3] = node("n3", "ops")
    before = len(cluster.audit())
    assert role.run(wanted)["changed"]
    assert [entry["objectRef"]["name"] for entry in writes(cluster.audit()[before:])] == ["n3"]


@pytest.mark.parametrize("server_dry_run", [False, True])
def test_check_mode_changes_nothing_and_predicts_what_the_run_does(api, cluster, role, server_dry_run):
    api.create(foreign_node("n1"))
    api.create(node_object("n2", {"ecoma.io/role": "ops", "node-role.kubernetes.io/ops": "true"},
                           taints=[taint("ecoma.io/role=ops:NoSchedule")]))
    api.create(node_object("n3"))
    role.converge([node("n3", "cpl")])
    wanted = [node("n1", "sts", storage_tiers=["hot"]), node("n2", "wkr"), node("n3", "cpl")]
    before = api.nodes()
    predicted = role.run(wanted, check=True, diff=True, server_dry_run=server_dry_run)
    assert not predicted.failed and api.nodes() == before, predicted
    done = role.run(wanted, diff=True)
    for key in ("changed", "actions", "diff"):
        assert predicted[key] == done[key], key
    assert {action["node"] for action in done["actions"]} == {"n1", "n2"}
    after = api.node("n1")
    for (op, key), (_, value) in done.of("n1").items():
        if op == "label":
            assert labels_of(after).get(key) == value


def test_server_dry_run_brings_the_servers_own_refusals(api, cluster, role, tmp_path):
    """A user who may read and not write: only the server knows."""
    api.create(node_object("n1"))
    role.kubeconfig = reader(cluster, api)
    assert not role.run([node("n1", "sts")], check=True).failed
    done = role.run([node("n1", "sts")], check=True, server_dry_run=True)
    assert done.failed and "forbidden" in json.dumps(done).lower(), done
    assert "ecoma.io/role" not in labels_of(api.node("n1"))


def reader(cluster, api):
    rules = "/apis/rbac.authorization.k8s.io/v1"
    objects = {"clusterroles": {"kind": "ClusterRole", "metadata": {"name": "read-nodes"}, "rules": [
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]}]}}
    objects["clusterrolebindings"] = {
        "kind": "ClusterRoleBinding", "metadata": {"name": "read-nodes"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "read-nodes"},
        "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": "reader"}]}
    for plural, body in objects.items():
        api.call("POST", f"{rules}/{plural}", {"apiVersion": "rbac.authorization.k8s.io/v1", **body})
    return cluster.identity("reader", "reader")


def test_a_context_of_the_kubeconfig_can_be_chosen(api, cluster, role, tmp_path):
    api.create(node_object("n1"))
    text = cluster.admin.read_text().replace("current-context: admin", "current-context: other")
    role.kubeconfig = tmp_path / "kubeconfig"
    role.kubeconfig.write_text(text)
    assert role.run([node("n1", "sts")]).failed
    role.converge([node("n1", "sts")], context="admin")


def stand_in_for_k3s(path, kubectl):
    """A program whose first word is kubectl; keeps a list of its calls."""
    calls = path.with_suffix(".calls")
    program(path, f'echo "$@" >>{calls}', '[ "$1" = kubectl ] || exit 9', "shift", f'exec {kubectl} "$@"')
    return calls


def test_the_kubectl_inside_k3s_and_its_kubeconfig_are_found_by_themselves(api, role, tmp_path):
    calls = stand_in_for_k3s(tmp_path / "k3s", role.kubectl)
    under = installed(tmp_path, ("/usr/local/bin/k3s", tmp_path / "k3s"), ("/usr/bin/kubectl", "/bin/false"),
                      ("/etc/rancher/k3s/k3s.yaml", role.kubeconfig))
    api.create(node_object("n1"))
    role.converge([node("n1", "sts")], kubectl=None, kubeconfig=None, under=under)
    assert all(line.startswith("kubectl ") for line in calls.read_text().splitlines())


def test_a_path_to_k3s_serves_as_kubectl(api, role, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    stand_in_for_k3s(tmp_path / "elsewhere/k3s", role.kubectl)
    role.kubectl = tmp_path / "elsewhere/k3s"
    api.create(node_object("n1"))
    role.converge([node("n1", "sts")])


def test_an_installed_kubectl_and_the_users_kubeconfig_are_found_by_themselves(api, role, tmp_path):
    under = installed(tmp_path, ("/usr/local/bin/kubectl", role.kubectl))
    role.environment["KUBECONFIG"] = str(role.kubeconfig)
    api.create(node_object("n1"))
    role.converge([node("n1", "sts")], kubectl=None, kubeconfig=None, under=under)


@pytest.mark.parametrize("order", [["KUBECONFIG", "k3s.yaml", "home"], ["k3s.yaml", "home"], ["home"]])
@pytest.mark.parametrize("program_name", ["k3s", "kubectl"])
def test_the_first_kubeconfig_in_order_is_taken(api, role, tmp_path, order, program_name):
    """Those after it are damaged."""
    stand_in_for_k3s(tmp_path / "k3s", role.kubectl)
    files = [(f"/usr/local/bin/{program_name}", tmp_path / "k3s" if program_name == "k3s" else role.kubectl)]
    (tmp_path / "damaged").write_text("kind: {")
    (tmp_path / ".kube").mkdir()
    role.environment["KUBECONFIG"] = ""
    for name in order:
        target = role.kubeconfig if name == order[0] else tmp_path / "damaged"
        if name == "KUBECONFIG":
            role.environment["KUBECONFIG"] = str(target)
        elif name == "k3s.yaml":
            files.append(("/etc/rancher/k3s/k3s.yaml", target))
        else:
            (tmp_path / ".kube/config").symlink_to(target)
    api.create(node_object("n1"))
    role.converge([node("n1", "sts")], kubectl=None, kubeconfig=None, under=installed(tmp_path, *files))


@pytest.mark.parametrize("program_name", ["k3s", "kubectl"])
def test_without_any_kubeconfig(role, tmp_path, program_name):
    stand_in_for_k3s(tmp_path / "k3s", role.kubectl)
    target = tmp_path / "k3s" if program_name == "k3s" else role.kubectl
    under = installed(tmp_path, (f"/usr/local/bin/{program_name}", target))
    done = role.run([node("n1", "sts")], kubectl=None, kubeconfig=None, under=under)
    assert done["error_id"] == "kubeconfig-unreadable" and "there is no kubeconfig here" in done["msg"], done


def test_names_are_made_lower_case(api, role):
    api.create(node_object("worker-1"))
    role.converge([node("Worker-1", "sts")])
    assert labels_of(api.node("worker-1"))["ecoma.io/role"] == "sts"


def test_another_prefix_has_keys_of_its_own(api, role):
    api.create(node_object("n1", {"ecoma.io/role": "ops"}))
    role.converge([node("n1", "sts", storage_tiers=["hot"])], prefix="fleet.example")
    labels = labels_of(api.node("n1"))
    assert labels["fleet.example/role"] == "sts" and labels["fleet.example/storage-hot"] == "true"
    assert labels["ecoma.io/role"] == "ops"


def test_a_prefix_changes_as_the_page_says(api, role):
    api.create(foreign_node("n1"))
    untouched = state_of(api.node("n1"))
    role.converge([node("n1", "sts", storage_tiers=["hot"])], prefix="old.example")
    role.converge([node("n1", "sts")], prefix="new.example")
    assert "old.example" in state_of(api.node("n1"))
    role.converge([{"name": "n1"}], state="absent", prefix="old.example")
    role.converge([node("n1", "sts")], prefix="new.example")
    found = state_of(api.node("n1"))
    assert "old.example" not in found and labels_of(api.node("n1"))["node-role.kubernetes.io/sts"] == "true"
    role.converge([{"name": "n1"}], state="absent", prefix="new.example")
    assert state_of(api.node("n1")) == untouched
