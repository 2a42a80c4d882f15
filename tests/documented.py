# SPDX-License-Identifier: GPL-3.0-or-later
"""A module's result beside its RETURN."""

PYTHON = {"str": str, "path": str, "bool": bool, "int": int, "float": (int, float), "list": list,
          "dict": dict}
# What every module returns; ansible's documentation has them for all.
COMMON = {"changed", "failed", "msg", "diff", "warnings", "deprecations", "invocation"}


def mismatches(documented, result, path=""):
    """Where `result` isn't as its documentation says."""
    found = [f"{path}{key} is not documented" for key in result
             if key not in documented and (path or key not in COMMON)]
    for key, entry in documented.items():
        if key not in result:
            if entry.get("returned") == "always" or (
                    entry.get("returned") == "success" and not result.get("failed")):
                found.append(f"{path}{key} is missing")
            continue
        value = result[key]
        if value is None:
            continue
        if not isinstance(value, PYTHON[entry["type"]]) or isinstance(value, bool) != (entry["type"] == "bool"):
            found.append(f"{path}{key} is {value!r}, not {entry['type']}")
        elif entry.get("contains"):
            for item in value if isinstance(value, list) else [value]:
                found += mismatches(entry["contains"], item, f"{path}{key}.")
    return found
