"""Presidio's side of the scrub bench: runs in its own environment, without Rollcall. JSON in, JSON out.

`texts SEED COUNT` prints labelled texts: the templates of Presidio's own evaluation package, filled by Faker.
`recognise ROUNDS` reads texts, runs Presidio's pattern recognisers on them, and prints what they found and how long it
took. No language model is loaded: none of these recognisers needs one.
"""

import json
import random
import re
import sys
import time
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

PLACEHOLDER = re.compile(r"{{(\w+)}}")
TYPES = {
    "credit_card_number": "CREDIT_CARD", "email": "EMAIL_ADDRESS", "iban": "IBAN_CODE", "ip_address": "IP_ADDRESS",
    "phone_number": "PHONE_NUMBER", "ssn": "US_SSN",
}  # fmt: skip
LOCALES = {
    "phone_number": ("en_US", "en_GB", "en_CA", "de_DE", "en_IN", "pt_BR"),
    "iban": ("en_GB", "de_DE", "fr_FR", "it_IT"),
}
WARM_UP_TEXTS = 20


def templates() -> list[str]:
    """Return the evaluation package's templates. The package is not imported, because that needs its models."""
    folder = Path(str(distribution("presidio-evaluator").locate_file("presidio_evaluator/data_generator/raw_data")))
    lines = (folder / "templates.txt").read_text(encoding="utf-8", errors="replace").splitlines()
    return [line.replace("\\n", "\n") for line in lines if line.strip()]


class Filler:
    """Fills templates. The same seed gives the same texts."""

    def __init__(self, seed: int) -> None:
        from faker import Faker

        Faker.seed(seed)
        self.random = random.Random(seed)
        self.fakers = {name: Faker(name) for name in {"en_US", *sum(LOCALES.values(), ())}}

    def value(self, name: str) -> str:
        """Return a value for a placeholder."""
        faker = self.fakers[self.random.choice(LOCALES.get(name, ("en_US",)))]
        if name == "ip_address":
            return str(faker.ipv4() if self.random.random() < 0.7 else faker.ipv6())  # noqa: PLR2004
        return str(getattr(faker, name, faker.word)())

    def fill(self, template: str) -> dict[str, Any]:
        """Return a text, and its labelled spans."""
        text, position = "", 0
        labels: list[list[Any]] = []
        for match in PLACEHOLDER.finditer(template):
            text += template[position : match.start()]
            value = self.value(match[1])
            if match[1] in TYPES:
                labels.append([TYPES[match[1]], len(text), len(text) + len(value)])
            text += value
            position = match.end()
        return {"text": text + template[position:], "labels": labels}


def texts(seed: int, count: int) -> list[dict[str, Any]]:
    """Return labelled texts: a fifth without labels, the others by type in turn."""
    filler = Filler(seed)
    lines = templates()
    of_type = {name: [line for line in lines if "{{" + name + "}}" in line] for name in sorted(TYPES)}
    plain = [line for line in lines if not any("{{" + name + "}}" in line for name in TYPES)]
    groups = [*of_type.values(), plain]
    return [filler.fill(filler.random.choice(groups[index % len(groups)])) for index in range(count)]


def recognisers() -> list[Any]:
    """Return the pattern recognisers for the six types, as Presidio configures them itself."""
    import tldextract
    from presidio_analyzer import predefined_recognizers as known

    # By default it downloads the list of public suffixes. The package contains one.
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=())
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    names = (
        "EmailRecognizer",
        "IpRecognizer",
        "CreditCardRecognizer",
        "IbanRecognizer",
        "UsSsnRecognizer",
        "PhoneRecognizer",
    )
    return [getattr(known, name)() for name in names]


def recognise(given: list[str], rounds: int) -> dict[str, Any]:
    """Return the findings in each text, and the seconds that each round over all of them took."""
    found: list[list[Any]] = []
    seconds: list[float] = []
    with_entities = [(recogniser, recogniser.supported_entities) for recogniser in recognisers()]

    def analyse(text: str) -> list[Any]:
        return [result for one, entities in with_entities for result in one.analyze(text, entities, None) or ()]

    for text in given[:WARM_UP_TEXTS]:
        analyse(text)
    for _ in range(rounds):
        began = time.process_time()
        found = [analyse(text) for text in given]
        seconds.append(time.process_time() - began)
    spans = [
        [[result.entity_type, result.start, result.end] for result in results if result.score > 0] for results in found
    ]
    return {"found": spans, "seconds": seconds}


def main() -> None:
    """Run the command in the arguments."""
    if sys.argv[1] == "texts":
        json.dump(texts(int(sys.argv[2]), int(sys.argv[3])), sys.stdout)
    else:
        json.dump(recognise(json.load(sys.stdin), int(sys.argv[2])), sys.stdout)


if __name__ == "__main__":
    main()
