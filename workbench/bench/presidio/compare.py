"""Compares the findings of Presidio and of Rollcall's value rules in the same labelled texts."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from rollcall.domain.scrub.text import TextScrubber

from workbench.checkout import Checkout

PROGRAM = Path(__file__).with_name("recognise.py")
KINDS = {
    "@email": "EMAIL_ADDRESS",
    "@iban": "IBAN_CODE",
    "@ipv4": "IP_ADDRESS",
    "@ipv6": "IP_ADDRESS",
    "@payment_card": "CREDIT_CARD",
    "@phone": "PHONE_NUMBER",
    "@us_ssn": "US_SSN",
}
PERCENT = 100


class Label(NamedTuple):
    """A span of a text, and its kind."""

    kind: str
    start: int
    end: int

    def overlaps(self, other: "Label") -> bool:
        """Return whether two spans overlap."""
        return self.start < other.end and other.start < self.end


@dataclass(frozen=True)
class LabelledText:
    """A text, and its personal spans."""

    text: str
    labels: list[Label]


@dataclass(frozen=True)
class RecognisedSpans:
    """Presidio's findings in each text, and the duration of each round over all texts."""

    spans: list[list[Label]]
    seconds: list[float]


@dataclass(frozen=True)
class Comparison:
    """One contender's findings in each text."""

    spans: list[list[Label]]

    @classmethod
    def of(cls, scrubber: TextScrubber, texts: list[LabelledText]) -> "Comparison":
        """Return the findings of the value rules."""
        found = (
            [(KINDS.get(each.rule.id, each.rule.id), each.start, each.end) for each in scrubber.find(text.text)]
            for text in texts
        )
        return cls([[Label(*span) for span in spans] for spans in found])

    def recall(self, texts: list[LabelledText], kind: str) -> float:
        """Return the percentage of labels of this kind that findings of any kind cover completely."""
        covered = [
            set(range(label.start, label.end)) <= {place for span in spans for place in range(span.start, span.end)}
            for text, spans in zip(texts, self.spans, strict=True)
            for label in text.labels
            if label.kind == kind
        ]
        return PERCENT * sum(covered) / len(covered)

    def precision(self, texts: list[LabelledText], kind: str) -> float:
        """Return the percentage of findings of this kind that overlap a label of any kind."""
        right = [
            any(span.overlaps(label) for label in text.labels)
            for text, spans in zip(texts, self.spans, strict=True)
            for span in spans
            if span.kind == kind
        ]
        return PERCENT * sum(right) / len(right) if right else PERCENT


class Presidio:
    """Presidio's recognisers, run by their own environment's interpreter."""

    def __init__(self, checkout: Checkout) -> None:
        self._root = checkout.root
        self._home = checkout.root / ".presidio"
        self._python = self._home / "bin" / "python"

    def find_fault(self) -> str | None:
        """Build the environment if it is missing; return an error text, or None."""
        if (self._home / ".ready").exists():
            return None
        try:
            subprocess.run(["make", "--silent", "presidio"], cwd=self._root, check=True, capture_output=True, text=True)
        except subprocess.CalledProcessError as error:
            lines = str(error.stderr).strip().splitlines()
            return lines[-1] if lines else "make presidio failed"
        except OSError:
            return "make is not installed"
        return None

    def labelled_texts(self, seed: int, count: int) -> list[LabelledText]:
        """Return texts of Presidio's evaluation package, filled with generated values."""
        given = self._run("texts", str(seed), str(count))
        return [LabelledText(text["text"], [Label(*label) for label in text["labels"]]) for text in given]

    def recognise(self, texts: list[str], rounds: int) -> RecognisedSpans:
        """Return the recognisers' findings in these texts."""
        answer = self._run("recognise", str(rounds), given=json.dumps(texts))
        return RecognisedSpans([[Label(*span) for span in spans] for spans in answer["found"]], answer["seconds"])

    def _run(self, *arguments: str, given: str = "") -> Any:
        command = [str(self._python), str(PROGRAM), *arguments]
        finished = subprocess.run(command, input=given, check=True, capture_output=True, text=True)
        return json.loads(finished.stdout)
