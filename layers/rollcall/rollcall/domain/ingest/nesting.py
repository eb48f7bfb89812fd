"""JSON that is nested deeper than its reader follows: what lies too deep becomes null, and the rest can be read."""

import re

DEPTH_MAX = 190  # what a quick reader takes whole; scrubbing looks at far fewer levels
# A string, which may hold brackets, is one token; one without an end reaches to the end of the text, so that no
# character is looked at twice.
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
OPENING, CLOSING = "[{", "]}"


def flatten(text: str) -> str:
    """Return JSON with null in place of each array and object below so many others."""
    parts: list[str] = []
    depth, kept_from = 0, 0
    for token in TOKEN.finditer(text):
        if token[0] in OPENING:
            if depth == DEPTH_MAX:
                parts += [text[kept_from : token.start()], "null"]
            depth += 1
        elif token[0] in CLOSING:
            depth -= 1
            if depth == DEPTH_MAX:
                kept_from = token.end()
    if depth > DEPTH_MAX:
        return text  # it never ends, so it is no JSON either way
    return "".join([*parts, text[kept_from:]])
