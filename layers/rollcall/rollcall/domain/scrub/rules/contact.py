"""E-mail addresses."""

import re

from rollcall.domain.scrub.rule import Rule, Span

LOCAL_MAX = 64  # RFC 5321, 4.5.3.1.1
UNQUOTED = r"\s@<>()\[\]{},:;\\/=&?|"
DELIMITER = UNQUOTED + r"\""
LOCAL_REVERSED = re.compile(rf"[^{DELIMITER}]{{1,{LOCAL_MAX}}}+")
DOMAIN = re.compile(r"[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,8}|\[(?:IPv6:)?[0-9A-Fa-f:.]{3,45}\]")
TOP_LEVEL = re.compile(r"(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,63})(?![^\W\d_])", re.IGNORECASE)
QUOTED_MAX = LOCAL_MAX + 2
# Endings of files that are not top-level domains: `lesson@2x.png` is a picture.
FILE_TYPES = frozenset(
    {
        "png", "jpg", "jpeg", "gif", "svg", "webp", "bmp", "tif", "tiff", "ico", "heic", "avif", "pdf", "doc",
        "docx", "xls", "xlsx", "ppt", "pptx", "odt", "ods", "odp", "rtf", "txt", "csv", "tsv", "json", "jsonl",
        "xml", "yaml", "yml", "html", "htm", "xhtml", "css", "scss", "less", "js", "mjs", "cjs", "jsx", "ts", "tsx",
        "vue", "map", "mp3", "mp4", "m4a", "m4v", "wav", "ogg", "oga", "ogv", "webm", "avi", "mkv", "flac", "aac",
        "vtt", "srt", "ttml", "sub", "epub", "mobi", "ics", "tar", "gz", "tgz", "bz2", "xz", "rar", "exe", "dmg",
        "apk", "ipa", "bin", "dat", "db", "sqlite", "log", "bak", "tmp", "swf", "scorm", "imscc", "ipynb", "java",
        "class", "jar", "cpp", "hpp", "php", "asp", "aspx", "jsp", "ttf", "otf", "woff", "eot", "glb", "gltf",
        "obj", "stl", "psd", "eps", "h5p", "tex",
    }
)  # fmt: skip
# The @ signs in a usage key of Open edX belong to the key: block-v1:Org+Course+Run+type@video+block@x.
USAGE_KEY = re.compile(
    r"-v[0-9]{1,2}:[^\s@+]{1,128}+(?:\+(?!type@)[^\s@+]{1,128}+){1,2}+\+type@(?:[\w-]{1,64}+\+block@)?\Z"
)
BLOCK_TYPE = re.compile(r"[\w-]{1,64}+(?!\.)")
USAGE_KEY_MAX = 512


def _quoted(text: str, at: int) -> int:
    """Return the beginning of the quoted local part that ends before this sign, or -1."""
    start = text.rfind('"', max(0, at - QUOTED_MAX), at - 1)
    return -1 if start < 0 or start == at - 2 or "\n" in text[start:at] else start


def _begin(text: str, at: int) -> int:
    """Return the beginning of the local part that ends before this sign, or -1."""
    if text[at - 1] == '"':
        return _quoted(text, at)
    local = LOCAL_REVERSED.match(text[max(0, at - LOCAL_MAX) : at][::-1])
    return at - local.end() if local else -1


def _is_of_usage_key(text: str, at: int) -> bool:
    if not text.endswith(("+type", "+block"), max(0, at - 6), at):
        return False
    if text[at - 1] == "e" and not BLOCK_TYPE.match(text, at + 1):
        return False
    return USAGE_KEY.search(text, max(0, at - USAGE_KEY_MAX), at + 1) is not None


def _end(text: str, at: int, end: int) -> int:
    """Return the end of a domain with a top-level domain, or -1. A file's ending is not one."""
    is_file = text[text.rfind(".", at, end) + 1 : end].lower() in FILE_TYPES
    if is_file:
        end = text.rfind(".", at, end)
    while "." in text[at:end]:
        label = text.rfind(".", at, end) + 1
        top = TOP_LEVEL.match(text, label, end)
        if top and (not is_file or top[0].lower() in COMMON):
            return top.end()
        end = label - 1
    return -1


def _address(match: re.Match[str]) -> Span | None:
    text, at = match.string, match.start()
    start, domain = _begin(text, at), DOMAIN.match(text, at + 1)
    if start < 0 or not domain or _is_of_usage_key(text, at):
        return None
    end = domain.end() if domain[0].endswith("]") else _end(text, at, domain.end())
    return (start, end) if end > 0 else None


# The literal comes first, because a search for it is much faster than for the pattern before it.
EMAIL = Rule("@email", rf"@(?<=[^{UNQUOTED}]@)(?=[\w\[])", _address)

COMMON_TOP_LEVEL = (
    "com|org|net|edu|gov|info|io|eu|uk|de|fr|es|it|nl|se|no|dk|fi|pl|pt|br|in|au|ca|us|ch|at|be|ie|school|example"
)
COMMON = frozenset(COMMON_TOP_LEVEL.split("|"))
EMAIL_SPELLED = Rule(
    "@email",
    (
        r"(?<![\w.+-])[\w.+-]{1,64}+(?:"
        # jane [at] example.org, jane (at) example (dot) org
        r"\s{0,2}[\[({<]\s{0,2}(?:at|@)\s{0,2}[\])}>]\s{0,2}[\w-]{1,63}+"
        r"(?:(?:\.|\s{0,2}[\[({<]\s{0,2}(?:dot|\.)\s{0,2}[\])}>]\s{0,2}|\sdot\s)[\w-]{1,63}+){1,5}"
        # jane at example dot org
        rf"|\sat\s[\w-]{{1,63}}+(?:\sdot\s[\w-]{{1,63}}+){{0,3}}\sdot\s(?:{COMMON_TOP_LEVEL})(?![^\W\d_])"
        # jane @ example . org
        rf"|\s@\s[\w-]{{1,63}}+(?:(?:\s\.\s|\.)[\w-]{{1,63}}+){{0,3}}(?:\s\.\s|\.)(?:{COMMON_TOP_LEVEL})(?![^\W\d_])"
        r")"
    ),
    flags=re.IGNORECASE,
)
