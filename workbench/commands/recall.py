"""`rollcall recall`: measures how many values in labelled texts the value rules find, and lists shapes they miss."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from workbench.bench.presidio.published import read_set, recalls
from workbench.errors import WorkbenchError

output = Console(highlight=False)
errors = Console(stderr=True, highlight=False)


def recall(
    sets: Annotated[list[Path], typer.Argument(help="Files of labelled texts, in the format of presidio-research.")],
) -> None:
    """Measure which percentage of labelled values the value rules find. For developers of rules."""
    table = Table("set", "kind", "labelled", "found", "%", "missed shapes")
    try:
        for path in sets:
            for each in recalls(path.stem, read_set(path)):
                counts = (str(each.labelled), str(each.found), f"{each.percent:.1f}")
                table.add_row(each.set_name, each.kind, *counts, each.shapes)
    except WorkbenchError as error:
        errors.print(str(error))
        raise typer.Exit(1) from None
    output.print(table)
