"""Compares the resources of the template with those of a commit: `python -m tests.template.compare HEAD`.

Both are expanded and translated by SAM first, so a rewrite that changes no resource prints no difference.
"""

import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

from tests.checkout import ROOT
from tests.template.document import Template, parse

NO_VALUE = {"Ref": "AWS::NoValue"}
LINE_CHARACTERS = 400
# SAM ends a layer's logical id with a hash of its content.
LAYER_HASH = re.compile(r"(?<=Layer)[0-9a-f]{10}$")


def main(commit: str) -> None:
    """Print what is gone, what is new, and what differs."""
    text = subprocess.run(
        ["git", "show", f"{commit}:template.yaml"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    before, after = resources(Template.expanded(parse(text))), resources(Template.read())
    lines = list(differences(before, after, ""))
    sys.stdout.write(f"{len(before)} resources before, {len(after)} after\n")
    sys.stdout.writelines(f"{line}\n" for line in lines)


def resources(template: Template) -> dict[str, Any]:
    """Return the translated resources, with values in one form each."""
    plain: dict[str, Any] = in_one_form(template.translated().body["Resources"])
    return plain


def in_one_form(value: Any) -> Any:
    """Return a value with numbers as texts, joined names as `Fn::Sub`, and nothing that is no value."""
    match value:
        case {"Fn::Join": [".", parts]}:
            return {"Fn::Sub": ".".join(part if isinstance(part, str) else f"${{{part['Ref']}}}" for part in parts)}
        case {"Fn::GetAtt": str(dotted)}:
            return {"Fn::GetAtt": dotted.split(".")}
        case dict():
            return {LAYER_HASH.sub("", key): in_one_form(part) for key, part in value.items() if part != NO_VALUE}
        case list():
            return [in_one_form(part) for part in value]
        case bool() | None:
            return value
        case _:
            return LAYER_HASH.sub("", str(value))


def differences(before: Any, after: Any, path: str) -> Iterator[str]:
    """Yield one line for each place where two values differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            place = f"{path}.{key}".lstrip(".")
            if key not in after:
                yield f"gone: {place}"
            elif key not in before:
                yield f"new: {place}"
            else:
                yield from differences(before[key], after[key], place)
    elif before != after:
        yield f"{path}: {shortened(before)} -> {shortened(after)}"


def shortened(value: Any) -> str:
    """Return a value as text that fits on a line."""
    return textwrap.shorten(str(value), LINE_CHARACTERS)


if __name__ == "__main__":
    main(sys.argv[1])
