"""Bodies that are compressed by gzip, which may unfold to anything: read no further than a limit."""

import zlib

from rollcall.errors import NotGzip

GZIP_WINDOW = 16 + zlib.MAX_WBITS
GZIP_MAGIC = b"\x1f\x8b"
GZIP_AS_TEXT = b"\x1f\xef\xbf\xbd"  # what is left of it where a gateway read the body as UTF-8


def gunzip(raw: bytes, bytes_max: int) -> bytes:
    """Decompress no more than one byte beyond the limit, however much the body would unfold to; raises NotGzip."""
    decompressor = zlib.decompressobj(GZIP_WINDOW)
    try:
        body = decompressor.decompress(raw, bytes_max + 1)
    except zlib.error as fault:
        raise NotGzip from fault
    if len(body) <= bytes_max and (not decompressor.eof or decompressor.unused_data):
        raise NotGzip
    return body
