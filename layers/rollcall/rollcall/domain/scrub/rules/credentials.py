"""Credentials: tokens, keys, passwords."""

import re

from rollcall.domain.scrub.rule import Rule, Span

TOKEN_CHARACTERS_MIN = 16


def _token(match: re.Match[str]) -> Span | None:
    value = match[1]
    is_word = value.isalpha() and len(value) < TOKEN_CHARACTERS_MIN
    return None if is_word else match.span(1)


# RFC 6750 and RFC 7617.
BEARER = Rule(
    "@bearer_token",
    r"(?<![A-Za-z0-9])(?:bearer|basic|negotiate)[ \t:]{1,4}([A-Za-z0-9._~+/-]{8,8192}+={0,2})",
    _token,
    flags=re.IGNORECASE,
)


# RFC 7519: a header that begins with {" in base64url.
JWT = Rule(
    "@jwt",
    # A run without a signature is skipped whole, so that no character is read twice.
    r"(?<![A-Za-z0-9])ey[JAI][A-Za-z0-9_-]{8,8192}+(\.[A-Za-z0-9_-]{4,16384}+(?:\.[A-Za-z0-9_-]{0,8192}+){0,3}+)?+",
    lambda match: match.span() if match[1] else None,
)

RUN = re.compile(r"[0-9A-Za-z]{12,255}+")
LETTERS_RUN_MIN = 24  # no word is longer


def _key(match: re.Match[str]) -> Span | None:
    """Return a key. Words with dashes that begin with `sk-` are not a key."""
    runs = RUN.findall(match[0]) if match[0].startswith("sk-") else None
    is_drawn = runs is None or any(not run.isalpha() or len(run) >= LETTERS_RUN_MIN for run in runs)
    return match.span() if is_drawn else None


# Formats as published by their issuers.
API_KEY = Rule(
    "@api_key",
    (
        r"(?<![A-Za-z0-9])(?:"
        r"(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[0-9A-Z]{16}(?![0-9A-Za-z])"  # AWS
        r"|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,512}+|GOCSPX-[0-9A-Za-z_-]{20,64}+"  # Google
        r"|(?:sk|rk|pk)_(?:live|test)_[0-9A-Za-z]{10,256}+|whsec_[0-9A-Za-z+/=]{16,128}+"  # Stripe
        r"|gh[pousr]_[0-9A-Za-z]{30,255}+|github_pat_[0-9A-Za-z_]{22,255}+"  # GitHub
        r"|glpat-[0-9A-Za-z_-]{20,64}+"  # GitLab
        r"|xox[abeoprs]-[0-9A-Za-z-]{10,255}+|xapp-[0-9A-Za-z-]{10,255}+"  # Slack
        r"|sk-(?:[a-z]{2,10}[0-9]{0,2}-)?[0-9A-Za-z_-]{20,255}+"  # OpenAI, Anthropic
        r"|npm_[0-9A-Za-z]{36}|pypi-[0-9A-Za-z_-]{50,255}+|hf_[0-9A-Za-z]{30,64}+|dop_v1_[0-9a-f]{64}"
        r"|SG\.[0-9A-Za-z_-]{16,64}+\.[0-9A-Za-z_-]{16,64}+|key-[0-9a-f]{32}|SK[0-9a-f]{32}|AC[0-9a-f]{32}"  # Twilio
        r"|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}|sq0[a-z]{3}-[0-9A-Za-z_-]{22,64}+|EAA[0-9A-Za-z]{40,255}+"
        r"|hooks\.slack\.com/services/[0-9A-Za-z/]{20,64}+|[0-9]{8,10}:AA[0-9A-Za-z_-]{33})"
    ),
    _key,
)


def _pem(match: re.Match[str]) -> Span:
    text = match.string
    end = text.find("-----END", match.end())
    if end < 0:
        return match.start(), len(text)  # cut off: all following text may belong to the key
    tail = re.compile(r"-----END[A-Z0-9 ]{0,48}-{0,5}").match(text, end)
    return match.start(), tail.end() if tail else end


# RFC 7468.
PEM = Rule("@pem", r"-----BEGIN[A-Z0-9 ]{0,48}(?:-----)?", _pem)
