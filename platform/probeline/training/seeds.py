"""Independent random streams from one seed."""

import hashlib


def derive(seed: int, *purpose: str | int) -> int:
    """A seed of 63 bits for one purpose, such as `derive(0, "views", epoch, step)`.

    Streams with other purposes are independent, and drawing more of one never shifts another.
    """
    words = "/".join(str(word) for word in (seed, *purpose))
    return int.from_bytes(hashlib.sha256(words.encode()).digest()[:8], "big") >> 1
