"""The hosts of the storage_tier tests, and their fixtures."""

import importlib.util
import sys
from pathlib import Path

FOLDER = Path(__file__).parent.parent / "storage_tier"
sys.path.insert(0, str(FOLDER))

spec = importlib.util.spec_from_file_location("storage_tier_conftest", FOLDER / "conftest.py")
storage_tier = importlib.util.module_from_spec(spec)
spec.loader.exec_module(storage_tier)

workshop, make_host, host = storage_tier.workshop, storage_tier.make_host, storage_tier.host
