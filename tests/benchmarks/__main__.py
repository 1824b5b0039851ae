"""`make bench`: every benchmark of this folder in one run, as a table and `.probeline/benchmarks.json`.

`make bench ONLY="training cli"` runs some of them. A benchmark is one file `bench_<name>.py` with `rows()`.
"""

import argparse
import importlib
import json
import platform
import time
from dataclasses import asdict
from pathlib import Path

from tests.benchmarks.row import Row

HERE = Path(__file__).parent
BY_NAME = {"soak"}  # an hour each, and only where they are named


def names() -> list[str]:
    return sorted(path.stem.removeprefix("bench_") for path in HERE.glob("bench_*.py"))


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(models) or '?'} x {models[0] if models else platform.processor()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("only", nargs="*", metavar="NAME", help=f"some of: {', '.join(names())}")
    only = parser.parse_args().only
    unknown = set(only) - set(names())
    if unknown:
        parser.error(f"no benchmark {', '.join(sorted(unknown))}; there are {', '.join(names())}")
    print(f"machine: {machine()}\n", flush=True)
    rows: list[Row] = []
    for name in only or [name for name in names() if name not in BY_NAME]:
        start = time.perf_counter()
        for row in importlib.import_module(f"tests.benchmarks.bench_{name}").rows():
            rows.append(row)
            print(row, flush=True)
        print(f"  [{name}: {time.perf_counter() - start:.0f} s]", flush=True)
    out = Path(".probeline/benchmarks.json")
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps({"machine": machine(), "rows": [asdict(row) for row in rows]}, indent=1))
    print(f"\n{sum(row.met is not False for row in rows)} of {len(rows)} within target; written to {out}")


if __name__ == "__main__":
    main()
