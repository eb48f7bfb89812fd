"""Cold start: what importing each function costs a new interpreter."""

import re
import subprocess
import sys
from pathlib import Path

from workbench.bench.bench import Bench
from workbench.bench.figures import Figure, Target
from workbench.bench.plan import Plan

SECTION = "cold start"
HOT_PATH = "functions.progress.app"
TARGET = Target("lower", 300)
TOP = 15
TIMED = "import time; began = time.perf_counter(); import {module}; print(1000 * (time.perf_counter() - began))"
# The bare package `botocore`, an empty one, is imported by Powertools to name itself in user agents.
SDK = "import {module}, sys; print(sum(name.startswith(('boto3', 'botocore.')) for name in sys.modules))"
NO_SDK = Target("lower", 0)
IMPORT_TIME_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| +(\S+)")


def functions() -> list[str]:
    """Return the module of each function in this checkout."""
    folder = Path(__file__).resolve().parents[3] / "functions"
    return [f"functions.{path.parent.name}.app" for path in sorted(folder.glob("*/app.py"))]


def steps(_plan: Plan) -> int:
    """Return how many steps it will tell of."""
    return len(functions())


def measure(bench: Bench) -> list[Figure]:
    """Import each function in new interpreters; the hot path is not to bring the AWS SDK."""
    found = int(_python(SDK.format(module=HOT_PATH)).stdout)
    figures = [Figure(SECTION, f"{HOT_PATH}: of the AWS SDK", "modules", [found], NO_SDK)]
    for module in functions():
        _python(TIMED.format(module=module))  # compiles what was not yet
        times = [float(_python(TIMED.format(module=module)).stdout) for _ in range(bench.plan.import_runs)]
        figures.append(Figure(SECTION, module, "ms", times, TARGET, {"top_microseconds": slowest_imports(module)}))
        bench.step(f"{SECTION}: {module}")
    return figures


def slowest_imports(module: str) -> dict[str, int]:
    """Return the modules with the longest imports, what they import in turn included."""
    lines = _python(f"import {module}", "-X", "importtime").stderr.splitlines()
    found = [match for line in lines if (match := IMPORT_TIME_LINE.match(line))]
    times = {match[3]: int(match[2]) for match in found}
    return dict(sorted(times.items(), key=lambda item: -item[1])[:TOP])


def _python(program: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *options, "-c", program], check=True, capture_output=True, text=True)
