# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever is wrong comes back as one sentence that says what to do, and the cluster is as it was."""

import http.server
import re
import socket
import ssl
import threading
import time

import pytest
from api import Api, Refused, annotations_of, labels_of, node_object, taint, taints_of
from certificates import EXPIRED, Authority
from module import after, installed, node, program

SECRETS = re.compile(r"(?:certificate-authority|client-certificate|client-key)-data: (\S+)|(?:token|password): (\S+)")


def failed(runner, error_id, *words, nodes=None, **options):
    """The message of a run that fails for that reason, in one line, and shows nothing of the kubeconfig."""
    started = time.monotonic()
    done = runner.run(nodes or [node("n1", "sts")], **options)
    assert done.failed and done["changed"] is False, done
    assert done.get("error_id") == error_id, done
    assert time.monotonic() - started < 60
    for word in words:
        assert word.lower() in done["msg"].lower(), done
    assert "\n" not in done["msg"].strip(), done
    shows_no_secret(runner, done)
    return done["msg"]


def shows_no_secret(role, done):
    text = role.kubeconfig.read_text() if role.kubeconfig and role.kubeconfig.exists() else ""
    secrets = [word for match in SECRETS.finditer(text) for word in match.groups() if word]
    for secret in secrets:
        assert secret[:40] not in done.output and secret not in done.output


def ours_of(found):
    """Labels, our annotation, and taints in no order; of what the server itself adds to a new Node nothing."""
    taints = [t for t in taints_of(found) if not t["key"].startswith("node.kubernetes.io/")]
    return labels_of(found), annotations_of(found).get("ecoma.io/k3s-role"), sorted(map(str, taints))


@pytest.fixture
def n1(api):
    """A Node, and the proof that a failed run left it alone."""
    api.create(node_object("n1"))
    before = api.node("n1")
    yield
    assert api.node("n1") == before


def test_no_kubectl(n1, role, tmp_path):
    failed(role, "kubectl-missing", kubectl=None, under=installed(tmp_path))


def test_a_kubectl_that_is_not_there(n1, role, tmp_path):
    role.kubectl = tmp_path / "nowhere/kubectl"
    failed(role, "kubectl-missing", "nowhere/kubectl")


def test_a_kubectl_that_can_not_be_run(n1, role, tmp_path):
    role.kubectl = tmp_path / "text"
    role.kubectl.write_text("no program")
    role.kubectl.chmod(0o755)
    failed(role, None, "kubectl")


def test_a_kubectl_that_prints_something_else(n1, role, tmp_path):
    role.kubectl = program(tmp_path / "kubectl", "echo Hello")
    failed(role, None, "answered")


def test_a_kubectl_that_stops_in_the_middle_of_its_answer(n1, role, tmp_path):
    role.kubectl = program(tmp_path / "kubectl", f'{role.kubectl} "$@" | head -c 300', "exit 0")
    failed(role, None, "answered")


def test_a_kubectl_that_is_killed(n1, role, tmp_path):
    role.kubectl = program(tmp_path / "kubectl", "kill -9 $$")
    failed(role, "kube-failed", "kubectl")


def test_no_kubeconfig(n1, role, tmp_path):
    role.kubeconfig = tmp_path / "nowhere.kubeconfig"
    failed(role, "kubeconfig-unreadable", "nowhere.kubeconfig")


@pytest.mark.parametrize("damage", [("client-key-data: ", "client-key-data: x"),
                                    ("client-key-data:", "client-lock-data:"), ("clusters:", "clusters: {"),
                                    ("kind: Config", "kind: Pod"),
                                    ("server: https://", "server: https://u:s3cret@x y"),
                                    ("    server:", "    proxy-url: http://u:s3cret@p:x\n    server:")])
def test_a_damaged_kubeconfig(n1, role, tmp_path, damage):
    text = role.kubeconfig.read_text()
    role.kubeconfig = tmp_path / "damaged"
    role.kubeconfig.write_text(text.replace(*damage))
    assert "s3cret" not in failed(role, "kubeconfig-broken")


def elsewhere(role, cluster, port, folder):
    """The kubeconfig with another port of this machine."""
    path = folder / "kubeconfig"
    path.write_text(role.kubeconfig.read_text().replace(f":{cluster.state['port']}", f":{port}"))
    return path


def test_the_api_server_is_down(role, tmp_path, cluster):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    role.kubeconfig = elsewhere(role, cluster, port, tmp_path)
    failed(role, "kube-unreachable", timeout=3)


def test_the_api_server_never_answers(role, tmp_path, cluster):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        role.kubeconfig = elsewhere(role, cluster, silent.getsockname()[1], tmp_path)
        failed(role, "kube-timeout", timeout=3)


def test_the_api_server_stops_and_comes_back(role, cluster):
    Api(cluster).create(node_object("n1"))
    cluster.stop_process("kube-apiserver")
    try:
        failed(role, "kube-unreachable", timeout=2)
    finally:
        cluster.start_apiserver()
    role.converge([node("n1", "sts")])
    Api(cluster).delete_all()


def test_the_certificate_has_expired(n1, role, cluster):
    """The server says only that it doesn't know who asks."""
    role.kubeconfig = cluster.identity("expired", "admin", ["system:masters"], days=EXPIRED)
    failed(role, "kube-unauthorized", "expired")


def test_the_servers_certificate_has_expired(role, cluster, tmp_path):
    cluster.authority.issue("expired-server", "/CN=kube-apiserver", "serverAuth", ["IP:127.0.0.1"], days=EXPIRED)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*(cluster.authority.folder / f"expired-server.{kind}" for kind in ("crt", "key")))
    server = http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    role.kubeconfig = elsewhere(role, cluster, server.server_address[1], tmp_path)
    failed(role, "kube-certificate-expired")
    server.shutdown()


def test_the_servers_certificate_is_of_another_authority(n1, role, tmp_path):
    text = role.kubeconfig.read_text()
    stranger = Authority(tmp_path / "stranger")
    stranger.create()
    other = stranger.encoded("ca.crt")
    role.kubeconfig = tmp_path / "kubeconfig"
    role.kubeconfig.write_text(re.sub("(certificate-authority-data: ).*", rf"\g<1>{other}", text))
    failed(role, "kube-certificate")


def test_the_user_may_not_read_nodes(n1, role, cluster):
    role.kubeconfig = cluster.identity("stranger", "stranger")
    failed(role, "kube-forbidden")


def test_a_nodes_own_identity_may_not_give_it_a_role(n1, role, cluster):
    role.kubeconfig = cluster.node_identity("n1")
    failed(role, "kube-forbidden")


def test_a_context_that_is_not_there(n1, role):
    failed(role, "kube-context", "nowhere", context="nowhere")


def test_a_missing_node_is_waited_for_and_then_named(n1, role):
    started = time.monotonic()
    message = failed(role, "node-missing", "n7", nodes=[node("n1", "sts"), node("n7")], timeout=2)
    assert "n1" not in message and time.monotonic() - started >= 2


def test_a_missing_node_can_be_ignored_and_is_pending(api, role):
    api.create(node_object("n1"))
    done = role.run([node("n1", "sts"), node("n7")], missing="ignore")
    assert not done.failed and done["pending"] == ["n7"], done
    assert labels_of(api.node("n1"))["ecoma.io/role"] == "sts" and "n7" not in api.nodes()
    assert role.run([node("n1", "sts"), node("n7")], missing="ignore")["changed"] is False


def test_a_node_that_joins_while_it_is_waited_for(api, role):
    api.create(node_object("n1"))
    later = threading.Timer(1.5, lambda: api.create(node_object("n7")))
    later.start()
    done = role.run([node("n1", "sts"), node("n7", "ops")], timeout=30)
    later.join()
    assert not done.failed and labels_of(api.node("n7"))["ecoma.io/role"] == "ops", done


@pytest.mark.parametrize("second", ["n1", "N1"])
def test_the_same_node_declared_twice(n1, role, second):
    failed(role, None, "n1", nodes=[node("n1", "sts"), node("n2"), node(second, "ops")])


def test_role_and_nodes_exclude_each_other(n1, role):
    failed(role, None, "role", "nodes", role="sts")


def faster(role, cluster, tmp_path, change):
    """A kubectl before each of whose writes somebody else is faster."""
    admin = f"{cluster.programs}/kubectl --kubeconfig {cluster.admin}"
    role.kubectl = program(tmp_path / "kubectl", f'echo "$@" >>{tmp_path}/calls',
                           f'case " $* " in *" get "*) ;; *) {admin} {change} >/dev/null ;; esac',
                           f'exec {cluster.programs}/kubectl "$@"')


def test_every_write_is_a_conflict(api, role, cluster, tmp_path):
    """With our own keys: the run ends, and says which Nodes."""
    for name in ("n1", "n2"):
        api.create(node_object(name, {"ecoma.io/role": "x"}))
    faster(role, cluster, tmp_path, 'label node n1 n2 --overwrite ecoma.io/role="$(date +%N)"')
    failed(role, "kube-conflict", "n1", "n2", "kept changing", nodes=[node("n1", "sts"), node("n2", "sts")], timeout=4)
    assert not [found for found in api.nodes().values() if taints_of(found) and "ecoma.io/role" in str(taints_of(found))]
    calls = (tmp_path / "calls").read_text()
    assert " patch " in calls and " replace " in calls


def test_every_write_comes_after_somebody_elses(api, role, cluster, tmp_path):
    """Who changes nothing of ours doesn't hold it up, whatever is to be done; the Node is as without them."""
    gpu = taint("example.org/gpu:NoSchedule")
    for name in ("n1", "n2"):
        api.create(node_object(name, taints=[gpu]))
    faster(role, cluster, tmp_path, 'annotate node n1 --overwrite example.org/at="$(date +%N)"')
    slow, fast = cluster.programs / "kubectl", role.kubectl
    for given, more in (("sts", {"storage_tiers": ["hot"]}),
                        ("ops", {"taints": ["a=1:NoSchedule", "b:NoExecute", "c:PreferNoSchedule"]}),
                        ("wkr", {"labels": {"example.org/x": "y"},
                                 "taints": ["c=2:PreferNoSchedule", "a=2:NoSchedule", "d:NoExecute"]}),
                        ("cpl", {"taints": []})):
        role.kubectl = fast
        assert not role.run([node("n1", given, **more)]).failed
        role.kubectl = slow
        role.converge([node("n2", given, **more)])
        assert ours_of(api.node("n1")) == ours_of(api.node("n2")) and gpu in taints_of(api.node("n1"))
    role.kubectl = fast
    assert not role.run([{"name": "n1"}], state="absent").failed
    found = api.node("n1")
    assert not labels_of(found) and set(annotations_of(found)) == {"example.org/at"}
    assert ours_of(found)[2] == [str(gpu)]
    assert (tmp_path / "calls").read_text().count(" --type=json ") >= 5


def test_a_user_who_may_replace_and_not_patch(api, role, cluster, tmp_path):
    """Goes on as without patches."""
    cluster.kubectl("create", "clusterrole", "replacer", "--verb=get,list,update", "--resource=nodes")
    cluster.kubectl("create", "clusterrolebinding", "replacer", "--clusterrole=replacer", "--user=replacer")
    role.kubeconfig = cluster.identity("replacer", "replacer")
    api.create(node_object("n1"))
    faster(role, cluster, tmp_path, 'annotate node n1 --overwrite example.org/at="$(date +%N)"')
    failed(role, "kube-conflict", "n1", nodes=[node("n1", "sts")], timeout=6)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert len([call for call in calls if " patch " in call]) == 1
    assert len([call for call in calls if " replace " in call]) > 5


def test_every_write_is_undone_at_once(api, role, cluster, tmp_path):
    """Somebody else takes our label away after each of our writes: the run ends, and says what is left."""
    admin = f"{cluster.programs}/kubectl --kubeconfig {cluster.admin}"
    api.create(node_object("n1"))
    role.kubectl = after(tmp_path, cluster.programs / "kubectl", f"{admin} label node n1 ecoma.io/role-", once=False)
    started = time.monotonic()
    done = role.run([node("n1", "sts")], timeout=4)
    assert done["error_id"] == "kube-conflict" and "others had changed" in done["msg"], done
    assert time.monotonic() - started < 30
    (left,) = done["actions_left"]
    assert (left["key"], left["before"], left["after"]) == ("ecoma.io/role", None, "sts")
    assert done["changed"] and left in done["actions_done"] and done["actions"]


def test_stale_versions_under_a_writer_that_updates_the_node_all_the_time(api, role, cluster):
    """Ends in bounded time, done or with a message that names the Node; the writer's values are there."""
    for name in ("n1", "n2"):
        api.create(node_object(name))
    stop, written = threading.Event(), []

    def write():
        writer = Api(cluster)
        while not stop.is_set():
            turn = str(len(written))
            writer.patch("n1", {"metadata": {"annotations": {"example.org/turn": turn}}})
            written.append(turn)
            stop.wait(0.3)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        done = role.run([node("n1", "sts"), node("n2", "sts")], timeout=20)
    finally:
        stop.set()
        thread.join()
    found = api.node("n1")
    assert found["metadata"]["annotations"]["example.org/turn"] == written[-1]
    assert labels_of(api.node("n2"))["ecoma.io/role"] == "sts"
    if done.failed:
        assert "n1" in done["msg"] and "n2" not in done["msg"], done
    else:
        assert labels_of(found)["ecoma.io/role"] == "sts"


def test_one_node_that_the_server_refuses_is_named_and_the_others_are_done(api, role):
    """An annotation so large that one more byte is too many."""
    api.create(node_object("n1"))
    full = 256 * 1024 - len("example.org/full") - 8
    api.create(node_object("n2", annotations={"example.org/full": "x" * full}))
    done = role.run([node("n1", "sts"), node("n2", "sts")], timeout=4)
    assert done.failed and done["error_id"] == "kube-refused" and "n2" in done["msg"], done
    assert labels_of(api.node("n1"))["ecoma.io/role"] == "sts"
    assert "ecoma.io/role" not in labels_of(api.node("n2"))


def test_a_taint_that_is_there_twice_by_hand_can_not_be_refused_later(api):
    """The server itself keeps key and effect unique, so a Node never has two to choose from."""
    with pytest.raises(Refused):
        api.create(node_object("n1", taints=[taint("a=1:NoSchedule"), taint("a=2:NoSchedule")]))
    api.create(node_object("n1", taints=[taint("a=1:NoSchedule"), taint("a=2:NoExecute")]))
    assert len([t for t in taints_of(api.node("n1")) if t["key"] == "a"]) == 2
