# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes from Terraform is data: whatever its strings hold, no ansible-core makes a template of them,
and no name in it becomes a variable that means something."""

import json
import os
import re
import shutil
import string
import subprocess
import sys
from pathlib import Path

import jinja2
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
sys.path.append(str(ROOT / "tests/action"))
import controllers  # noqa: E402

CORES = [name for name in controllers.CONTROLLERS if name != "mitogen"]
TOLD = '{"changed": false, "restart_needed": false, "pending": [], "nodes": {"n": {"labels": {}}}}'
PLAIN = string.ascii_letters + string.digits + " _.,:/@%+-"
DOCUMENTED = {"ansible_port", "ansible_user", "k3s_labels", "k3s_taints", "k3s_node_name", "provider", "disks"}
# Words of Ansible's that machines have too; no variable of that name means anything to it.
ORDINARY = {"name", "namespace", "order", "serial", "tags", "timeout"}

# What one who plays with everything in `terraform` would do: even a fact isn't templated again.
READER = """
- hosts: all
  gather_facts: false
  tasks:
    - set_fact: {kept: "{{ terraform }}", listed: "{{ terraform.nested.values() | list }}"}
    - debug: {msg: "{{ kept }} {{ listed }} {{ hostvars[inventory_hostname].terraform }}"}
    - debug: {msg: "{{ item.key }} {{ item.value }}"}
      loop: "{{ terraform.nested | dict2items }}"
"""


@pytest.fixture(params=CORES)
def core(request):
    try:
        return controllers.CONTROLLERS[request.param]()
    except controllers.Missing as missing:
        pytest.skip(str(missing))


class Site:
    """The playbook and the roles as they are, with modules that only write down what they are asked."""

    def __init__(self, folder, core, program):
        self.folder, self.core, self.program = folder, core, program
        self.asked, self.log, self.outputs = folder / "asked", folder / "log", folder / "outputs.json"
        self.asked.mkdir()
        self.attacks = Attacks(folder / "made")
        (folder / "library").mkdir()
        shutil.copy(ROOT / "playbook.yaml", folder)
        (folder / "reader.yaml").write_text(READER)
        (folder / "k3s.yaml").touch()
        for name in "k3s_role", "storage_tier":
            module = folder / "library" / name
            module.write_text(f"#!/bin/sh\n# WANT_JSON\ncat \"$1\" >\"$(mktemp {self.asked}/XXXXXX)\"\necho '{TOLD}'\n")
            module.chmod(0o755)

    def source(self, form):
        if form == "executable":
            return self.program
        file = self.folder / "inventory.yaml"
        subprocess.run([self.program, "--yaml", "--output", file, self.outputs], check=True, capture_output=True)
        return file

    def ansible(self, program, form, *words, **variables):
        (self.folder / "ansible.cfg").touch()
        environment = {**{k: v for k, v in os.environ.items() if not k.startswith(("ANSIBLE_", "FLEET_"))},
                       **self.core.environment, "ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"),
                       "ANSIBLE_NOCOLOR": "1", "ANSIBLE_ROLES_PATH": str(ROOT / "roles"), "HOME": str(self.folder),
                       "LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", "FLEET_OUTPUTS": str(self.outputs),
                       "FLEET_PYTHON": ""}
        command = self.core.command(program, "-i", self.source(form), "-e", json.dumps(variables), *words)
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=self.folder)
        return done.returncode, done.stdout + done.stderr

    def play(self, form, *words):
        """What was printed, when no attack made its file."""
        status, output = self.ansible("playbook", form, *words, ansible_connection="local", ansible_become=False,
                                      k3s_role_kubeconfig=str(self.folder / "k3s.yaml"))
        assert self.attacks.succeeded() == [], output
        assert status == 0, output
        return output


@pytest.fixture
def site(tmp_path, core, program):
    return Site(tmp_path, core, program)


class Attacks:
    """Strings that make a file if they are templated, each a file of its own."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()

    def lookup(self, name, kind):
        return f"lookup('ansible.builtin.pipe', 'touch {self.folder}/{name}-{kind}')"

    def template(self, name):
        return "{{ " + self.lookup(name, "template") + " }}"

    def statement(self, name):
        return "{% set _ = " + self.lookup(name, "statement") + " %}x"

    def header(self, name):
        return ("#jinja2:variable_start_string:'<<',variable_end_string:'>>'\n<< " + self.lookup(name, "header") + " >>")

    def line(self, name):
        """A header that needs none of Jinja's own characters later."""
        return "#jinja2: line_statement_prefix:'%'\n% set a = " + self.lookup(name, "line") + "\nx"

    def all(self, name):
        return [self.template(name), self.statement(name), self.header(name), self.line(name)]

    def succeeded(self):
        return sorted(path.name for path in self.folder.iterdir())


def hostile(attacks):
    """Every place of the outputs that takes a string."""
    def data(number, name, tier, make):
        return {"name": make(f"name-{number}").replace("\n", " ") if name is None else name, "tier": tier,
                "serial": make(f"serial-{number}"), "wwn": make(f"wwn-{number}"),
                "mount_options": make(f"mount-{number}"), "mkfs_options": attacks.all(f"mkfs-{number}"),
                "owner": make(f"owner-{number}"), "group": make(f"group-{number}"), "mode": make(f"mode-{number}"),
                "wipe": make(f"wipe-{number}"), "device": "/" + make(f"device-{number}")}

    def host(role, number, make):
        disks = [{"name": "os", "tier": "warm"}, data(number, "data-0", "hot", make),
                 data(number, None, "cold", attacks.template)]
        disks[1].update(iops=make(f"disk-unknown-{number}"))
        return {"hostname": f"{role}-{number}", "ip": f"127.0.0.{number}", "provider": "generic", "disks": disks,
                "ansible_user": "".join(attacks.template(f"user-{number}").split()),
                "k3s_labels": {"a.example/b": make(f"label-{number}")}, "k3s_taints": attacks.all(f"taint-{number}"),
                "k3s_node_name": make(f"node-name-{number}"), "zone": make(f"unknown-{number}"),
                "nested": {"a": {"b": [make(f"nested-{number}")]}, "c": make(f"value-{number}")}}

    kinds = [attacks.template, attacks.statement, attacks.header, attacks.line]
    vms = {role: [host(role, number, make) for number, make in enumerate(kinds, 1 + 10 * at)]
           for at, role in enumerate(("cpl", "wkr"))}
    return {"username": attacks.template("username").replace(" ", ""), "password": attacks.header("password"),
            "vms": vms, "region": attacks.all("top"), "nested": {"top": attacks.all("top-nested")}}


def in_any_order(values):
    return sorted(json.dumps(value, sort_keys=True) for value in values)


@pytest.mark.parametrize("form", ["yaml", "executable"])
def test_no_string_is_a_template(site, form):
    outputs = hostile(site.attacks)
    site.outputs.write_text(json.dumps(outputs))
    output = site.play(form, "playbook.yaml", "--check")
    asked = [json.loads(file.read_text()) for file in site.asked.iterdir()]

    nodes = outputs["vms"]["cpl"] + outputs["vms"]["wkr"]
    disks = [task["disks"] for task in asked if "disks" in task]
    known = [[{k: v for k, v in disk.items() if k != "iops"} for disk in node["disks"]] for node in nodes]
    assert in_any_order(disks) == in_any_order(known), output  # as typed
    given = [(task["node_name"], task["taints"], task["labels"]) for task in asked if task.get("node_name")]
    expected = [(node["k3s_node_name"], node["k3s_taints"], node["k3s_labels"]) for node in nodes]
    assert in_any_order(given) == in_any_order(expected), output
    (told,) = [task["nodes"] for task in asked if task.get("nodes")]
    assert [(node["name"], node["taints"], node["labels"]) for node in told] == expected, output

    site.play(form, "reader.yaml")


FAKE_SSH = """#!/bin/sh
for word; do echo "$word" >>{log}; last=$word; done
exec sh -c "$last"
"""
FAKE_SUDO = """#!/bin/sh
while [ "$1" != /bin/sh ]; do [ "$1" = -p ] && printf %s "$2" >&2; shift; done
IFS= read -r password
printf '%s\\n' "password $password" >>{log}
exec "$@"
"""


@pytest.mark.parametrize("form", ["yaml", "executable"])
def test_connection_variables_work_as_data(site, seed, form):
    seed["username"], seed["password"] = "DOM\\{{u}}", "{{ 1 + 1 }}'\"\\ü #jinja2: x"
    node = seed["vms"]["cdb"][0]
    node.update(ip="fe80::1%eth0", ansible_port=2222)
    seed["vms"] = {"cdb": [node, {**node, "hostname": "cdb-2", "ansible_user": "#jinja2:a", "ansible_port": "2223"}]}
    site.outputs.write_text(json.dumps(seed))
    for name, text in ("ssh", FAKE_SSH), ("sudo", FAKE_SUDO):
        path = site.folder / name
        path.write_text(text.format(log=site.log))
        path.chmod(0o755)
    for host, user, port in ("cdb-1", "DOM\\{{u}}", "2222"), ("cdb-2", "#jinja2:a", "2223"):
        site.log.write_text("")
        status, output = site.ansible("adhoc", form, host, "-b", "-m", "raw", "-a", "echo here-we-are",
                                      ansible_ssh_executable=str(site.folder / "ssh"),
                                      ansible_become_exe=str(site.folder / "sudo"), ansible_ssh_pipelining=True)
        assert status == 0 and "here-we-are" in output, output
        words = site.log.read_text().splitlines()
        assert {f'User="{user}"', f"Port={port}", "fe80::1%eth0", f"password {seed['password']}"} <= set(words), words


def marks(run, outputs):
    text, listed = run("--yaml", outputs=outputs).out, run("--list", outputs=outputs).out
    assert text.count("!unsafe") == listed.count("__ansible_unsafe")
    return text.count("!unsafe")


def test_marked_is_all_but_a_few_characters(run, seed):
    assert marks(run, seed) == 0
    for byte in range(1, 0x110):
        seed["password"] = f"a{chr(byte)}z"
        assert marks(run, seed) == (chr(byte) not in PLAIN), byte
    for password in "yes", "1e5", "null", " a ", "%", "- x", "10:20":
        seed["password"] = password
        assert marks(run, seed) == 0
        assert yaml.safe_load(run("--yaml", outputs=seed).out)["all"]["vars"]["ansible_become_password"] == password


def test_what_the_caller_gives_is_trusted(run, seed):
    key = "{{ lookup('env', 'HOME') }}/~key"
    result = run("--yaml", "--ssh-key", key, "--python", "#x", outputs=seed)
    assert "!unsafe" not in result.out and key in result.out
    variables = json.loads(run("--list", "--ssh-key", key, outputs=seed).out)["all"]["vars"]
    assert variables["ansible_ssh_private_key_file"] == key


def put_into(outputs, place, **keys):
    node = outputs["vms"]["cdb"][0]
    {"top": outputs, "host": node, "disk": node["disks"][1]}[place].update(keys)


@pytest.mark.parametrize("place", ["top", "host", "disk"])
@pytest.mark.parametrize("key", ["{{ x }}", "#jinja2:a", "<<", "=", "a=b", "a{", "a#", "a'", "~", "a\\b"])
def test_keys_can_only_be_plain(run, changed, place, key):
    """A loop over them would make templates of them, in every ansible-core: not even !unsafe lasts."""
    for keys in ({key: 1}, {"x": {key: 1}}, {"x": [{"y": {key: 1}}]}):
        result = run("--check", outputs=changed(lambda o, keys=keys: put_into(o, place, **keys)))
        assert result.status == 1 and len(result.errors) == 1
        assert json.dumps(key)[1:-1].replace("\\\\", "\\") in result.errors[0]


def test_keys_of_labels_and_names_of_disks_too(run, changed):
    result = run("--check", outputs=changed(lambda o: put_into(o, "host", k3s_labels={"{{x}}": "y"})))
    assert result.errors[0].startswith('error: vms.cdb[0].k3s_labels["{{x}}"]: ')
    result = run("--check", outputs=changed(lambda o: put_into(o, "disk", name="{{x}}", serial="1", iops=1)))
    assert [line.split(": ")[1] for line in result.errors] == ["vms.cdb[0].disks[1].name"]


def variables_of(run, outputs, host):
    listed = json.loads(run("--list", outputs=outputs).out)
    return listed["all"]["vars"], listed["_meta"]["hostvars"][host]


def test_unknown_keys_lie_below_terraform(run, changed):
    def change(outputs):
        outputs.update(env="prod", zone="everywhere", none=None)
        put_into(outputs, "host", zone="a", terraform={"x-y": [1, None]}, tags={"name": "x"}, none=None)
        put_into(outputs, "disk", iops=3000, none=None)

    common, host = variables_of(run, changed(change), "cdb-1")
    assert set(common) == {"ansible_user", "ansible_become_password", "ansible_ssh_private_key_file",
                           "ansible_python_interpreter", "terraform"}
    assert common["terraform"] == {"env": "prod", "zone": "everywhere"}
    assert set(host) == {"ansible_host", "provider", "disks", "terraform"}
    assert host["disks"][1] == {"name": "data-0", "tier": "swap"}
    assert host["terraform"] == {"env": "prod", "zone": "a", "terraform": {"x-y": [1, None]}, "tags": {"name": "x"},
                                 "disks": {"data-0": {"iops": 3000}}}
    assert set(variables_of(run, changed(change), "cpl-1")[1]) == {"ansible_host", "provider", "disks"}


def test_the_documented_keys_are_variables(run, changed):
    keys = {"ansible_port": 2222, "ansible_user": "core", "k3s_labels": {"a/b": "c"}, "k3s_taints": [],
            "k3s_node_name": "n"}
    _, host = variables_of(run, changed(lambda o: put_into(o, "host", **keys)), "cdb-1")
    assert list(host.items())[3:] == list(keys.items())
    none = dict.fromkeys([*keys, "ansible_host", "ansible_connection", "k3s_role_name"])
    result = run("--check", outputs=changed(lambda o: put_into(o, "host", **none)))
    assert (result.status, result.errors) == (0, [])
    _, host = variables_of(run, changed(lambda o: put_into(o, "host", **none)), "cdb-1")
    assert set(host) == {"ansible_host", "provider", "disks"}


def names_in(text):
    """Variables that a template reads, but for its own."""
    names = list(jinja2.Environment().parse(text).find_all(jinja2.nodes.Name))
    return {name.name for name in names} - {name.name for name in names if name.ctx == "store"}


def names_in_tasks(value, key=None):
    """Variables that tasks read, set and register."""
    if isinstance(value, dict):
        names = set(value.get("vars") or {}) | set(value.get("ansible.builtin.set_fact") or {})
        names |= {value["register"]} if "register" in value else set()
        return names.union(*(names_in_tasks(item, name) for name, item in value.items()))
    if isinstance(value, list):
        return set().union(*(names_in_tasks(item, key) for item in value))
    if key in ("when", "changed_when", "failed_when", "until"):
        return names_in("{{ " + str(value) + " }}")
    return names_in(value) if isinstance(value, str) else set()


def names_of_roles():
    names = names_in_tasks(yaml.safe_load((ROOT / "playbook.yaml").read_text()))
    for file in sorted((ROOT / "roles").glob("*/*/*.yml")):
        text, kind = file.read_text(), file.parent.name
        content = yaml.safe_load(text) or {}
        if kind in ("defaults", "vars"):
            names |= set(content) | set(re.findall(r"^# (\w+):", text, re.MULTILINE))
        elif file.name == "argument_specs.yml":
            for entry in content["argument_specs"].values():
                names |= set(entry["options"])
        if kind != "meta":
            names |= names_in_tasks(content)
    return names


def reserved_by_ansible():
    reserved = pytest.importorskip("ansible.vars.reserved")
    from ansible import constants
    return reserved.get_reserved_names() | set(getattr(constants, "INTERNAL_STATIC_VARS", ()))


ATTACKS = ["ansible_connection", "ansible_ssh_common_args", "ansible_anything_new", "ansible_become_method",
           "ansible_host", "hostvars", "groups", "inventory_hostname", "vars", "environment", "become", "k3s_role_kubectl"]


@pytest.mark.parametrize("place, where", [("top", ""), ("host", "vms.cdb[0]."), ("disk", "vms.cdb[0].disks[1].")])
def test_names_with_a_meaning_are_refused(run, changed, place, where):
    """All at once, each with its place; a role's new variable has to be among them."""
    roles = names_of_roles()
    assert {"k3s_role_name", "k3s_role_unit_state", "k3s_role_here", "k3s_role_kubeconfig_word", "storage_grow",
            "storage_disks", "provider", "k3s_taints", "group_names"} <= roles
    names = (roles | reserved_by_ansible() | set(ATTACKS)) - ORDINARY
    if place == "host":
        names -= DOCUMENTED
    outputs = changed(lambda o: put_into(o, place, **dict.fromkeys(sorted(names), "/tmp/x")))
    for mode in (["--check"], ["--yaml"], ["--table"]):
        result = run(*mode, outputs=outputs)
        assert (result.status, result.out) == (1, "")
        assert [line.split(": ")[1] for line in result.errors] == [where + name for name in sorted(names)]
        assert all("host_vars" in line and "/tmp/x" not in line for line in result.errors)


@pytest.mark.parametrize("place", ["top", "host", "disk"])
def test_ordinary_words_are_data(run, changed, place):
    names = ORDINARY - ({"name", "serial"} if place == "disk" else set())
    result = run("--check", outputs=changed(lambda o: put_into(o, place, **dict.fromkeys(names, "x"))))
    assert result.status == 0 and len(result.warnings) == len(names) + 1


def test_the_readme_has_the_list():
    text = (ROOT / "programs/fleet_inventory/README.md").read_text()
    assert [name for name in sorted(DOCUMENTED | ORDINARY) if f"`{name}`" not in text] == []


@pytest.mark.parametrize("key, value", [
    ("ansible_port", 0), ("ansible_port", 65536), ("ansible_port", "22 -o X=y"), ("ansible_port", ""),
    ("ansible_port", 22.0), ("ansible_port", [22]), ("ansible_port", "999999"), ("ansible_port", True),
    ("ansible_user", ""), ("ansible_user", "a b"), ("ansible_user", 7), ("ansible_user", "a\n"),
])
def test_documented_keys_are_checked(run, changed, key, value):
    result = run("--check", outputs=changed(lambda o: put_into(o, "host", **{key: value})))
    assert [line.split(": ")[1] for line in result.errors] == [f"vms.cdb[0].{key}"]
