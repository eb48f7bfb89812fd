"""Cold start: the time to import each function in a new interpreter, as deployed.

The function is imported from the layers and the bundle of `sam build`, in an interpreter like Lambda's, which has only
the SDK. In a development environment the same import takes twice as long, because pydantic looks for plugins in every
installed package.
"""

import os
import re
import subprocess
from dataclasses import dataclass

from workbench.bench.bench import Bench
from workbench.bench.figures import Figure, Target
from workbench.bench.plan import Plan
from workbench.checkout import Checkout, here
from workbench.stack.deployment import Deployment, function_logical_id

SECTION = "cold start"
HOT_PATH = "progress"
TARGET = Target("lower", 300)
TOP = 15
TIMED = "import time; began = time.perf_counter(); import {module}; print(1000 * (time.perf_counter() - began))"
# Powertools imports the package `botocore` alone, which is empty, to name itself in user agents.
SDK = "import {module}, sys; print(sum(name.startswith(('boto3', 'botocore.')) for name in sys.modules))"
NO_SDK = Target("lower", 0)
IMPORT_TIME_LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| +(\S+)")


def functions() -> list[str]:
    """Return the name of each function in this checkout."""
    return [path.parent.name for path in sorted((here().root / "functions").glob("*/app.py"))]


def steps(_plan: Plan) -> int:
    """Return the number of steps for the progress display."""
    return len(functions())


def measure(bench: Bench) -> list[Figure]:
    """Import each function in new interpreters. Functions that clients wait for must not import the AWS SDK."""
    checkout = here()
    checkout.logs.mkdir(parents=True, exist_ok=True)
    Deployment(checkout.root, "", checkout.logs / "sam.log").build()
    found = int(Bundle(checkout, HOT_PATH).run(SDK).stdout)
    figures = [Figure(SECTION, f"{HOT_PATH}: of the AWS SDK", "modules", [found], NO_SDK)]
    for name in functions():
        bundle = Bundle(checkout, name)
        bundle.run(TIMED)  # compiles modules that are not compiled yet
        times = [float(bundle.run(TIMED).stdout) for _ in range(bench.plan.import_runs)]
        figures.append(Figure(SECTION, name, "ms", times, TARGET, {"top_microseconds": bundle.slowest_imports()}))
        bench.step(f"{SECTION}: {name}")
    return figures


@dataclass(frozen=True)
class Bundle:
    """A function as built by `sam build`."""

    checkout: Checkout
    name: str

    @property
    def path(self) -> str:
        """The module path in Lambda."""
        build = self.checkout.root / ".aws-sam" / "build"
        layers = [build / f"{layer}Layer" / "python" for layer in ("Dependencies", "Rollcall", "Schema")]
        return os.pathsep.join(map(str, [build / function_logical_id(self.name), *layers]))

    def run(self, program: str, *options: str) -> subprocess.CompletedProcess[str]:
        """Run a program. {module} in it is replaced by the function's module."""
        return subprocess.run(
            [str(self.checkout.lambda_python), *options, "-c", program.format(module=f"functions.{self.name}.app")],
            env={"PYTHONPATH": self.path, "PATH": os.environ.get("PATH", "")},
            check=True,
            capture_output=True,
            text=True,
        )

    def slowest_imports(self) -> dict[str, int]:
        """Return the modules with the longest imports, including their own imports, in microseconds."""
        lines = self.run("import {module}", "-X", "importtime").stderr.splitlines()
        found = [match for line in lines if (match := IMPORT_TIME_LINE.match(line))]
        times = {match[3]: int(match[2]) for match in found}
        return dict(sorted(times.items(), key=lambda item: -item[1])[:TOP])
