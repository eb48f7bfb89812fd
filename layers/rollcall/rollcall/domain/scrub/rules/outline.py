"""Outlines: words before which a row of numbers counts chapters, sections and releases."""

import re

from rollcall.domain.scrub.rules.surroundings import word_before

WORDS = frozenset(
    {
        "chapter", "section", "unit", "lesson", "module", "part", "page", "week", "topic", "exercise", "question",
        "task", "item", "step", "level", "grade", "figure", "table", "volume", "book", "version", "release", "sec",
        "chap", "ch", "ex", "kapitel", "lektion", "einheit", "abschnitt", "aufgabe", "seite", "teil", "woche",
        "chapitre", "lecon", "leçon", "unite", "unité", "exercice", "semaine", "capitulo", "capítulo", "leccion",
        "lección", "unidad", "ejercicio", "capitolo", "lezione", "esercizio", "hoofdstuk", "les", "oefening",
        "rozdzial", "rozdział", "lekcja", "zadanie",
    }
)  # fmt: skip


def is_outline(match: re.Match[str]) -> bool:
    """Return whether a word that counts parts stands directly before a candidate, or one sign before it."""
    return word_before(match, 1).lower() in WORDS or word_before(match).lower() in WORDS
