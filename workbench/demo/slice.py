"""Cuts the slice of OULAD that the repository ships: `python -m workbench.demo.slice FOLDER`.

Source: Kuzilek, Hlosta, Zdrahal: Open University Learning Analytics dataset. Scientific Data 4, 170171 (2017),
CC BY 4.0. FOLDER holds its CSV files, gzipped. Whole learners are taken, chosen by a hash of their number.
"""

import csv
import gzip
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

SLICE = Path(__file__).parent / "oulad_submissions.csv.gz"
PARTS, TAKEN = 1000, 115  # 11.5 % of learners: about 20,000 submissions
COLUMNS = (
    "row", "code_module", "code_presentation", "id_assessment", "id_student", "date_submitted", "is_banked", "score",
)  # fmt: skip


def is_taken(student: str) -> bool:
    """Return whether this learner is in the slice."""
    return int(hashlib.sha256(student.encode()).hexdigest(), 16) % PARTS < TAKEN


def cut(folder: Path) -> Iterator[tuple[str, ...]]:
    """Yield the rows of the slice; `row` is the line in student_assessment, from 1."""
    with _open(folder / "assessment.csv.gz") as text:
        courses = {row["id_assessment"]: row for row in csv.DictReader(text)}
    with _open(folder / "student_assessment.csv.gz") as text:
        for number, row in enumerate(csv.DictReader(text), start=1):
            if is_taken(row["id_student"]):
                course = courses[row["id_assessment"]]
                joined = {**row, **course, "row": str(number)}
                yield tuple(joined[name] for name in COLUMNS)


def _open(path: Path) -> TextIO:
    return gzip.open(path, "rt", encoding="utf-8", newline="")


def main() -> None:
    """Write the slice. Its gzip header has no time, so that the same data gives the same file."""
    with SLICE.open("wb") as file, gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="") as packed:
        rows = [COLUMNS, *cut(Path(sys.argv[1]))]
        packed.write("".join(",".join(row) + "\n" for row in rows).encode())
    print(f"{len(rows) - 1} submissions in {SLICE.name}")


if __name__ == "__main__":
    main()
