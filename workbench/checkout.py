"""Where things lie in this checkout. Everything that runs or is kept is under .rollcall/, so checkouts never meet."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Checkout:
    """A checkout of the repository, and the folder of all that one local stack keeps."""

    root: Path
    home: Path

    @property
    def postgres_data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "postgres"

    @property
    def emulator_state(self) -> Path:
        """What the emulator keeps between runs."""
        return self.home / "emulator"

    @property
    def logs(self) -> Path:
        """Logs of the stack's processes."""
        return self.home / "logs"

    @property
    def stack_file(self) -> Path:
        """The running stack's addresses."""
        return self.home / "stack.json"

    @property
    def lambda_python(self) -> Path:
        """The interpreter of local functions: like Lambda's, with the SDK and nothing else."""
        return self.root / ".lambda" / "bin" / "python"

    @property
    def build(self) -> Path:
        """Where `sam build` puts what it built."""
        return self.root / ".aws-sam"

    @property
    def schema(self) -> Path:
        """The SQL sources."""
        return self.root / "sql"


def here() -> Checkout:
    """Return the checkout that this code was installed from."""
    root = Path(__file__).resolve().parent.parent
    return Checkout(root, root / ".rollcall")
