# SPDX-License-Identifier: GPL-3.0-or-later
"""The primary example: these outputs give this inventory."""

import json
import os
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
EXAMPLE = (HERE / "seed_inventory.yaml").read_text()


def ordered(value):
    """Mappings as lists of pairs, so that comparing them compares the order of keys too."""
    if isinstance(value, dict):
        return [(key, ordered(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [ordered(item) for item in value]
    return value


def test_same_data_in_the_same_order(run, seed):
    result = run("--yaml", outputs=seed)
    assert result.status == 0
    assert ordered(yaml.safe_load(result.out)) == ordered(yaml.safe_load(EXAMPLE))


def test_even_the_same_text(run, seed):
    assert run("--yaml", outputs=seed).out == EXAMPLE


def test_the_shared_tier_is_pointed_out(run, seed):
    result = run("--check", outputs=seed)
    assert (result.status, result.out) == (0, "3 nodes, no errors, 1 warning\n")
    assert len(result.warnings) == 1
    assert result.warnings[0].startswith("warning: vms.wkr[0].disks[1].tier: shared")


def test_table(run, seed):
    result = run("--table", outputs=seed)
    assert result.out.splitlines() == [
        "HOST         ROLE  PROVIDER  ADDRESS         SWAP    HOT     WARM  COLD",
        "cdb-1        cdb   proxmox   192.168.31.102  data-0  -       os    -",
        "cpl-1        cpl   proxmox   192.168.31.103  -       -       os    -",
        "wkr-cloud-1  wkr   aws       3.1.2.3         -       data-0  -     -",
    ]


def wrap_output(outputs):
    return {"ansible_inventory": {"sensitive": True, "type": ["object", {}], "value": outputs}}


def wrap_show(outputs):
    return {"format_version": "1.0", "values": {"outputs": wrap_output(outputs)}}


OTHER_OUTPUTS = {name: {"sensitive": False, "type": "string", "value": "x"}
                 for name in ("vms", "username", "password")}


@pytest.mark.parametrize("wrap", [
    json.dumps,
    wrap_output,
    wrap_show,
    lambda outputs: json.dumps(json.dumps(outputs)),
    lambda outputs: wrap_output(json.dumps(outputs)),
    lambda outputs: wrap_show(json.dumps(outputs)),
    lambda outputs: wrap_output(outputs)["ansible_inventory"],
    lambda outputs: {"ansible_inventory": outputs},
    lambda outputs: b"\xef\xbb\xbf" + json.dumps(outputs).encode(),
    lambda outputs: {**OTHER_OUTPUTS, **wrap_output(outputs)},
    lambda outputs: {"values": {"outputs": {**OTHER_OUTPUTS, **wrap_output(outputs)}}},
    lambda outputs: {"planned_values": {"outputs": wrap_output(outputs)}},
    lambda outputs: {"ansible_inventory": {"value": outputs}},
], ids=["bare", "output", "show", "string", "output-string", "show-string", "one-output", "named",
        "byte-order-mark", "others", "show-others", "plan", "bare-value"])
def test_terraforms_wrappings(run, seed, wrap):
    assert run("--yaml", outputs=wrap(seed)).out == EXAMPLE


def test_list_and_host_agree(run, seed):
    listed = json.loads(run("--list", outputs=seed).out)
    for host, variables in listed["_meta"]["hostvars"].items():
        assert json.loads(run("--host", host, outputs=seed).out) == variables
    assert listed["all"]["vars"] == yaml.safe_load(EXAMPLE)["all"]["vars"]
    assert listed["k3s_cluster"] == {"children": ["cpl", "wkr"]}
    assert listed["provider_proxmox"] == {"hosts": ["cdb-1", "cpl-1"]}
    assert listed["tier_hot"] == {"hosts": ["wkr-cloud-1"]}


def test_connection_variables(run, seed):
    def variables(*arguments, **environment):
        return yaml.safe_load(
            run("--yaml", *arguments, outputs=seed, environment=environment).out)["all"]["vars"]

    chosen = variables("--ssh-key", "/a b", "--python=/usr/bin/python3")
    assert chosen["ansible_ssh_private_key_file"] == "/a b"
    assert chosen["ansible_python_interpreter"] == "/usr/bin/python3"
    assert variables(FLEET_SSH_KEY="/k", FLEET_PYTHON="/p") == {
        "ansible_user": "ssh_user", "ansible_become_password": "ssh_password",
        "ansible_ssh_private_key_file": "/k", "ansible_python_interpreter": "/p"}
    assert list(variables("--ssh-key", "", FLEET_PYTHON="")) == [
        "ansible_user", "ansible_become_password"]
    assert variables("--python", "/o", FLEET_PYTHON="/p")["ansible_python_interpreter"] == "/o"


def test_output_file_is_private_and_replaced_as_one(run, seed, tmp_path):
    target = tmp_path / "inventory.yaml"
    target.write_text("old")
    target.chmod(0o644)
    result = run("--yaml", "--output", str(target), outputs=seed)
    assert (result.status, result.out) == (0, "")
    assert target.read_text() == EXAMPLE
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [target]
    assert run("--yaml", "--output", str(target), outputs="{}").status == 1
    assert target.read_text() == EXAMPLE
    assert run("--yaml", "--output", str(tmp_path / "no" / "file"), outputs=seed).status == 1


def test_output_replaces_nothing_but_files(run, seed, tmp_path):
    """As root it would be /dev/null for the whole machine."""
    pipe, file, link = tmp_path / "pipe", tmp_path / "file", tmp_path / "link"
    os.mkfifo(pipe)
    file.touch()
    link.symlink_to(file)
    for path in pipe, tmp_path:
        result = run("--yaml", "--output", str(path), outputs=seed)
        assert result.status == 1 and str(path) in result.err
    assert pipe.is_fifo()
    assert run("--yaml", "--output", str(link), outputs=seed).status == 0
    assert link.is_symlink() and file.read_text() == EXAMPLE


@pytest.mark.parametrize("typed", ["-list", "-x", "-o", "--lisst", "--yaml=x"])
def test_usage_names_what_was_typed(run, typed):
    assert typed.removesuffix("ist") in run(typed).errors[0]


def test_where_the_outputs_are_looked_for(run, program, seed, tmp_path):
    given, named = tmp_path / "given.json", tmp_path / "named.json"
    given.write_text(json.dumps(seed))
    named.write_text(json.dumps(wrap_output(seed)))
    assert run("--yaml", str(given)).out == EXAMPLE
    assert run("--yaml", environment={"FLEET_OUTPUTS": str(named)}).out == EXAMPLE
    assert run("--yaml", str(given), environment={"FLEET_OUTPUTS": "/none"}).out == EXAMPLE
    beside = tmp_path / "site"
    beside.mkdir()
    (beside / "fleet_inventory").symlink_to(program)
    (beside / "outputs.json").write_text(json.dumps(seed))
    done = subprocess.run([str(beside / "fleet_inventory"), "--yaml"], capture_output=True,
                          check=True, text=True)
    assert done.stdout == EXAMPLE


@pytest.mark.parametrize("arguments", [
    [], ["--yaml", "--list"], ["--nonsense"], ["--host"], ["--yaml=x"], ["--yaml", "a", "b"],
    ["--check", "--output", "x"], ["--list", "--groups"], ["--yaml", "--output", ""],
])
def test_wrong_usage(run, arguments):
    result = run(*arguments)
    assert (result.status, result.out) == (2, "")
    assert len(result.errors) == 1


def test_help_and_version(run):
    assert "--table" in run("--help").out
    assert run("--version").out.startswith("fleet_inventory ")


def test_unknown_host(run, seed):
    result = run("--host", "nobody", outputs=seed)
    assert (result.status, result.out) == (1, "")
    assert result.errors == ["error: no host nobody in the fleet"]


def test_full_output_device(program, seed):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([program, "--yaml", "-"], input=json.dumps(seed).encode(),
                              stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 1
    assert b"No space left" in done.stderr
