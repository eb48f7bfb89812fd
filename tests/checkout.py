"""The folder of this checkout."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def procedure(name: str) -> str:
    """Return the SQL of a procedure, whichever noun's folder has its file."""
    return next((ROOT / "sql" / "procedures").rglob(f"{name}.sql")).read_text()
