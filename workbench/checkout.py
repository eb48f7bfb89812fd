"""Paths in this checkout. All local data is below .rollcall/, so that checkouts do not share anything."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Checkout:
    """A checkout of the repository, and the folder with all data of its local stack."""

    root: Path
    home: Path

    @property
    def postgres_data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.home / "postgres"

    @property
    def emulator_state(self) -> Path:
        """The emulator's data, kept between runs."""
        return self.home / "emulator"

    @property
    def logs(self) -> Path:
        """Logs of the stack's processes."""
        return self.home / "logs"

    @property
    def stack_file(self) -> Path:
        """The file with the addresses of the running stack."""
        return self.home / "stack.json"

    @property
    def lambda_python(self) -> Path:
        """The interpreter of local functions: like Lambda's, it has the SDK and no other package."""
        return self.root / ".lambda" / "bin" / "python"

    @property
    def build(self) -> Path:
        """The output folder of `sam build`."""
        return self.root / ".aws-sam"

    @property
    def schema(self) -> Path:
        """The SQL sources."""
        return self.root / "sql"


def here() -> Checkout:
    """Return the checkout that this code was installed from."""
    root = Path(__file__).resolve().parent.parent
    return Checkout(root, root / ".rollcall")
