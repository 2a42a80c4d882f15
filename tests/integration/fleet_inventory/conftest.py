# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the program under test, whose path is in FLEET_INVENTORY."""

import copy
import json
import os
import random
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
BUILT = HERE.parents[2] / "bin" / "fleet_inventory"
OWN_VARIABLES = ("FLEET_OUTPUTS", "FLEET_SSH_KEY", "FLEET_PYTHON")


@dataclass
class Result:
    status: int
    out: str
    err: str

    @property
    def errors(self):
        return [line for line in self.err.splitlines() if line.startswith("error: ")]

    @property
    def warnings(self):
        return [line for line in self.err.splitlines() if line.startswith("warning: ")]


@pytest.fixture(scope="session")
def program():
    path = Path(os.environ.get("FLEET_INVENTORY", BUILT))
    if not path.exists():
        pytest.skip(f"{path} is not built; FLEET_INVENTORY names another one")
    return str(path.resolve())


@pytest.fixture(scope="session")
def run(program):
    """run("--yaml", outputs): outputs as a Python value, text or bytes on standard input."""

    def call(*arguments, outputs=None, environment=None, **options):
        if outputs is None:
            data = b""
        elif isinstance(outputs, bytes):
            data = outputs
        else:
            text = outputs if isinstance(outputs, str) else json.dumps(outputs)
            data = text.encode()
            arguments += ("-",)
        variables = {k: v for k, v in os.environ.items() if k not in OWN_VARIABLES}
        variables.update(environment or {})
        if isinstance(outputs, bytes):
            arguments += ("-",)
        done = subprocess.run([program, *arguments], input=data, env=variables, timeout=60,
                              capture_output=True, check=False, **options)
        result = Result(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Sanitizer" not in result.err, result.err
        assert "runtime error" not in result.err, result.err
        return result

    return call


@pytest.fixture
def seed():
    return json.loads((HERE / "seed_outputs.json").read_text())


@pytest.fixture
def changed(seed):
    """changed(change): the seed's outputs after change(outputs)."""

    def apply(change):
        outputs = copy.deepcopy(seed)
        change(outputs)
        return outputs

    return apply


@pytest.fixture(scope="session")
def rng_seed():
    return int(os.environ.get("FLEET_SEED", random.SystemRandom().randrange(2**32)))


@pytest.fixture
def rng(rng_seed):
    """Random numbers whose seed is shown when a test fails; FLEET_SEED repeats a run."""
    print(f"FLEET_SEED={rng_seed}")
    return random.Random(rng_seed)
