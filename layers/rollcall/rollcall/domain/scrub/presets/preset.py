"""The form of a preset, and of its tables."""

from dataclasses import dataclass, field

Kinds = dict[str, str]


@dataclass(frozen=True)
class Preset:
    """Events and their safe properties; `everywhere` has properties that are safe with every event.

    With `path_names`, an event whose name is the path of a URL is stored under what is kept of that path.
    `route_words` are the words of the paths that its system itself makes, such as those of its verbs.
    """

    summary: str
    events: dict[str, Kinds]
    everywhere: Kinds = field(default_factory=dict)
    path_names: bool = False
    route_words: tuple[str, ...] = ()


def read_kinds(text: str, *prefixes: str) -> Kinds:
    """Read `kind: name name` lines; with prefixes, each name below each of them too."""
    lines = [line.split(":") for line in text.strip().splitlines()]
    places = ("", *(f"{prefix}." for prefix in prefixes))
    return {place + name: kind.strip() for kind, names in lines for place in places for name in names.split()}


def named(names: str, kinds: Kinds, *, form: str = "{}") -> dict[str, Kinds]:
    """Return events of these names, each in this form, with the same properties."""
    return {form.format(name): kinds for name in names.split()}


def below(prefix: str, names: str) -> str:
    """Return names with a prefix before each."""
    return " ".join(f"{prefix}.{name}" for name in names.split())
