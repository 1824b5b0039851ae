"""What MLflow accepts as a name or a text, and ours put into that form and back."""

import hashlib
import posixpath
import re

LONGEST_KEY = 250
LONGEST_PARAM = 6000
LONGEST_TAG = 8000
NOTE = "probeline.note."  # the tag of a note, then what it is about


def key(name: str) -> str:
    """`name` as a metric or param key: what MLflow refuses is written `:hex:`, so `top1/a+b` becomes `top1/a:2b:b`.

    A key past 250 characters ends in a digest instead of its tail.
    """
    if not name:
        raise ValueError("a record or parameter needs a name")
    escaped = re.sub(r"[^/\w.\- ]", _escape, name)
    if posixpath.normpath(escaped) != escaped or escaped.startswith(("/", "..")):
        escaped = re.sub(r"[/.]", _escape, escaped)  # MLflow refuses what would be another path
    if len(escaped) > LONGEST_KEY:
        escaped = f"{escaped[:230]}:h{hashlib.sha256(escaped.encode()).hexdigest()[:16]}:"
    return escaped


def name(key: str) -> str:
    """The name that `key` was made from; half of a surrogate pair, which is no text, stays as it is written."""
    return re.sub(r":((?!d[89a-f][0-9a-f]{2}:)[0-9a-f]{1,5}|10[0-9a-f]{4}):", lambda match: chr(int(match[1], 16)), key)


def text(value: object) -> str:
    """`value` as text that every MLflow store takes: no NUL, no half of a surrogate pair."""
    return str(value).encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def _escape(match: re.Match) -> str:
    return f":{ord(match[0]):x}:"
