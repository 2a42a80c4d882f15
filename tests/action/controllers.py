# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-core of several versions, and Mitogen, kept in the repository's .cache/."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
CACHE = REPO / ".cache"
PYTHON = str(REPO / ".venv/bin/python")  # has ansible-core as scripts/lib/requirements.txt pins it
OLDEST, NEWEST, MITOGEN = "2.14.18", "2.21.5", "0.3.54"
NEWEST_PYTHON = "3.13"  # of Debian trixie; ansible-core 2.21 takes 3.12 or later
PROCESS_SECONDS = 240


class Missing(Exception):
    """Why something can't be had on this machine."""


def get(folder, *command):
    """A folder of the cache, made by a command that gets a temporary name for it as last word."""
    target = CACHE / folder
    if not target.exists():
        CACHE.mkdir(exist_ok=True)
        new = target.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        done = subprocess.run([*command, new], capture_output=True, text=True, check=False)
        if done.returncode:
            raise Missing(f"{folder}: {done.stderr.strip().splitlines()[-1:]}")
        new.rename(target)
    return target


def from_pypi(folder, package, *options):
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return get(folder, *pip, *options, package, "--target")


def python_of_trixie():
    """A root that holds Debian 13's Python, and its libraries."""
    if not shutil.which("mmdebstrap"):
        raise Missing("mmdebstrap isn't installed")
    packages = "--include=python3,libc6"
    return get("python-of-trixie", "mmdebstrap", "--quiet", "--variant=extract", packages, "trixie")


@dataclass
class Controller:
    """One ansible-core, ready to run."""

    python: list
    environment: dict = field(default_factory=dict)
    needs_python: bool = False  # on the hosts

    def command(self, program, *words):
        return [*self.python, "-m", "ansible", program, *map(str, words)]


def installed():
    return Controller([PYTHON])


def oldest():
    folder = from_pypi(f"controller-{OLDEST}", f"ansible-core=={OLDEST}")
    return Controller([PYTHON], {"PYTHONPATH": str(folder)})


def newest():
    root = python_of_trixie()
    wheels = ["--python-version", NEWEST_PYTHON, "--only-binary=:all:", "--ignore-requires-python"]
    folder = from_pypi(f"controller-{NEWEST}", f"ansible-core=={NEWEST}", *wheels)
    (loader,) = root.glob("usr/lib/*/ld-linux*")
    python = [str(loader), "--library-path", str(loader.parent), str(root / f"usr/bin/python{NEWEST_PYTHON}")]
    return Controller(python, {"PYTHONPATH": str(folder), "PYTHONHOME": str(root / "usr")})


def mitogen():
    folder = from_pypi(f"mitogen-{MITOGEN}", f"mitogen=={MITOGEN}")
    strategies = str(folder / "ansible_mitogen/plugins/strategy")
    settings = {"ANSIBLE_STRATEGY_PLUGINS": strategies, "ANSIBLE_STRATEGY": "mitogen_linear"}
    return Controller([PYTHON], {"PYTHONPATH": str(folder), **settings}, needs_python=True)


CONTROLLERS = {"2.14": oldest, "2.19": installed, "2.21": newest, "mitogen": mitogen}


class Run:
    """What ansible printed, and what became of each task."""

    def __init__(self, done, records):
        self.status = done.returncode
        self.output = done.stdout + done.stderr
        lines = records.read_text().splitlines() if records.exists() else []
        self.records = [json.loads(line) for line in lines]

    def of(self, task, host=None):
        """The records of a task, by its name."""
        return [r for r in self.records if r["task"] == task and host in (None, r["host"])]

    def one(self, task, host=None):
        (record,) = self.of(task, host) or [None]
        assert record, f"{task}: no result\n{self.output}"
        return record


class Site:
    """A directory with library/ and plugins/action/ as the repository has them."""

    def __init__(self, folder, modules, inventory, environment):
        self.folder = folder
        self.library = folder / "library"
        self.actions = folder / "plugins/action"
        self.library.mkdir(parents=True)
        self.actions.mkdir(parents=True)
        shutil.copy(REPO / "plugins/action/kept_binary.py", self.actions)
        for name, binary in modules.items():
            self.add_module(name, binary)
        (folder / "hosts.json").write_text(json.dumps(inventory))
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("ANSIBLE_")},
            "LC_ALL": "C.UTF-8",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_HOME": str(folder / "home"),
            "ANSIBLE_LIBRARY": str(self.library),
            "ANSIBLE_ACTION_PLUGINS": str(self.actions),
            "ANSIBLE_CALLBACK_PLUGINS": str(Path(__file__).parent / "callback"),
            "ANSIBLE_CALLBACKS_ENABLED": "records",
            "ANSIBLE_PIPELINING": "1",
            "ANSIBLE_PYTHON_INTERPRETER": "auto_silent",
            "ANSIBLE_INVENTORY": str(folder / "hosts.json"),
            "ANSIBLE_TASK_TIMEOUT": "0",
            "PYTHONDONTWRITEBYTECODE": "1",
            "RECORDS": str(folder / "records"),
            **environment,
        }

    def add_module(self, name, binary):
        shutil.copy(binary, self.library / name)
        plugin = self.actions / f"{name}.py"
        if "_linux_" not in name and not plugin.is_symlink():
            plugin.symlink_to("kept_binary.py")

    def run(self, controller, program, *words, text=None, **environment):
        records = self.folder / "records"
        records.unlink(missing_ok=True)
        everything = {**self.environment, **controller.environment, **environment}
        done = subprocess.run(
            controller.command(program, *words), cwd=self.folder, env=everything, input=text,
            capture_output=True, text=True, timeout=PROCESS_SECONDS, check=False,
        )
        return Run(done, records)

    def play(self, controller, tasks, hosts="alpha", options=(), environment=None, **keys):
        book = self.folder / "play.json"
        play = {"hosts": hosts, "gather_facts": False, **keys, "tasks": tasks}
        book.write_text(json.dumps([play]))
        return self.run(controller, "playbook", book, *options, **(environment or {}))
