"""Run a bundled case from a cold start and print what each stage took.

python benchmarks/study.py [case, turkey-2016 if not said]
"""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import tempfile
import time


def main(case: str) -> int:
    """Print seconds and peak memory of each stage; return the exit code of the run."""
    raison = pathlib.Path(sys.executable).with_name("raison")
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        run = subprocess.run([raison, "run", case, "--out", folder], stdout=subprocess.DEVNULL, check=False)
        total = time.perf_counter() - begin
        if run.returncode:
            print(f"`raison run {case}` ended with exit code {run.returncode}", file=sys.stderr)
            return run.returncode
        stages = json.loads((pathlib.Path(folder) / "study.json").read_text(encoding="utf-8"))["stages"]
    width = max(len(stage["name"]) for stage in stages)
    print(f"{'stage':<{width}} {'seconds':>8} {'peak MiB':>9}")
    for stage in stages:
        print(f"{stage['name']:<{width}} {stage['seconds']:>8.1f} {stage['peak_mib']:>9.0f}")
    rest = total - sum(stage["seconds"] for stage in stages)
    print(f"{'start, imports, saving':<{width}} {rest:>8.1f}\n{'total':<{width}} {total:>8.1f}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "turkey-2016"))
