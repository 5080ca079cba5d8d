"""Static files travel compressed: a rating page stays small on a slow line, without a build step."""

import gzip
import re
from functools import lru_cache

from flask import Response, request

COMPRESSED_TYPES = frozenset({"text/css", "text/javascript", "application/javascript"})


def compress_static(response: Response) -> Response:
    """Compress a style sheet or script for a browser that takes gzip; pages with secrets stay as they are."""
    if request.endpoint != "static" or response.mimetype not in COMPRESSED_TYPES:
        return response
    response.vary.add("Accept-Encoding")
    if response.status_code != 200 or request.accept_encodings["gzip"] == 0:
        return response
    response.direct_passthrough = False
    response.set_data(_compressed(response.get_data()))
    response.content_encoding = "gzip"
    etag, _ = response.get_etag()
    if etag is not None:
        # Other bytes than the plain file's, so it must not pass for byte-for-byte the same.
        response.set_etag(etag, weak=True)
    return response


@lru_cache(maxsize=64)
def _compressed(data: bytes) -> bytes:
    return gzip.compress(_without_comments(data), mtime=0)


_COMMENTS = re.compile(rb"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*\n", re.DOTALL | re.MULTILINE)


def _without_comments(source: bytes) -> bytes:
    # Types and reasons are a third of our scripts. Only comments on lines of their own go: what stands between
    # quotes is then out of reach, since no text of ours holds a line that begins like a comment.
    return _COMMENTS.sub(b"", source)
