"""The template's own rules. Each yields a sentence for each breach, and nothing when there is none."""

from collections.abc import Callable, Iterator

from tests.template.document import Template
from tests.template.rules import alarms, functions, queues, routes, storage

Rule = Callable[[Template], Iterator[str]]

RULES: list[Rule] = [*queues.RULES, *functions.RULES, *alarms.RULES, *routes.RULES, *storage.RULES]
