"""Text of any language under any locale: labels, class names and paths are written and read as UTF-8."""

import codecs
import locale
import os
import sys


def ensure_utf8() -> None:
    """Starts this command again in Python's UTF-8 mode where the locale cannot hold all text; its children inherit it.

    What the terminal cannot show is printed as an escape (`\\xfc`), never an error.
    """
    tried = os.environ.get("PYTHONUTF8") == "1"  # without effect, as with `python -E`
    if not tried and not _is_utf8(locale.getpreferredencoding(False), sys.getfilesystemencoding()):
        os.environ["PYTHONUTF8"] = "1"
        os.environ.setdefault("PYTHONIOENCODING", f"{sys.stdout.encoding}:backslashreplace")
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


def _is_utf8(*encodings: str) -> bool:
    return all(codecs.lookup(encoding).name == "utf-8" for encoding in encodings)
