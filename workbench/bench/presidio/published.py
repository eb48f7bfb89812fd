"""Measures the value rules on labelled texts of presidio-research, and lists the shapes that they miss."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from rollcall.domain.dead_letters.shape import shape_of
from rollcall.domain.scrub.text import TextScrubber

from workbench.bench.presidio.compare import KINDS, Comparison, Label, LabelledText
from workbench.errors import WorkbenchError

FORMS = frozenset(KINDS.values())  # kinds with a form; names and places have none
SHAPES_SHOWN = 5


class _Span(BaseModel):
    model_config = ConfigDict(extra="ignore")

    entity_type: str
    start_position: int = Field(ge=0)
    end_position: int

    def label(self) -> Label:
        return Label(self.entity_type, self.start_position, self.end_position)


class _Text(BaseModel):
    model_config = ConfigDict(extra="ignore")

    full_text: str
    spans: list[_Span]


@dataclass(frozen=True)
class Recall:
    """The result for one kind in one set: labels, labels that are covered completely, and missed shapes."""

    set_name: str
    kind: str
    labelled: int
    found: int
    missed: Counter[str]

    @property
    def percent(self) -> float:
        """The percentage of labels found."""
        return 100 * self.found / self.labelled

    @property
    def shapes(self) -> str:
        """The missed shapes, the most frequent first: `999 9999 (3)`."""
        return ", ".join(f"{shape} ({count})" for shape, count in self.missed.most_common(SHAPES_SHOWN))


def read_set(path: Path) -> list[LabelledText]:
    """Return the labelled texts of a file.

    Raises:
        WorkbenchError: the file cannot be read, or has another format.

    """
    try:
        given: Any = json.loads(path.read_text(encoding="utf-8"))
        texts = TypeAdapter(list[_Text]).validate_python(given)
    except (OSError, ValueError, ValidationError):
        raise WorkbenchError(
            f"{path.name} is not a file of labelled texts in the format of presidio-research."
        ) from None
    return [LabelledText(each.full_text, [span.label() for span in each.spans]) for each in texts]


def recalls(name: str, texts: list[LabelledText]) -> list[Recall]:
    """Return the result for each kind that has a form."""
    compared = Comparison.of(TextScrubber(), texts)
    found: Counter[str] = Counter()
    missed: dict[str, Counter[str]] = {}
    for text, spans in zip(texts, compared.spans, strict=True):
        covered = {place for span in spans for place in range(span.start, span.end)}
        for label in text.labels:
            if label.kind in FORMS:
                shapes = missed.setdefault(label.kind, Counter())
                if covered.issuperset(range(label.start, label.end)):
                    found[label.kind] += 1
                else:
                    shapes[shape_of(text.text[label.start : label.end])] += 1
    return [
        Recall(name, kind, found[kind] + shapes.total(), found[kind], shapes) for kind, shapes in sorted(missed.items())
    ]
