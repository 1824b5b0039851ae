"""Addresses without their passwords."""

import re


def redacted(uri: str) -> str:
    """`uri` without a password, to be shown."""
    return re.sub(r"(://[^/@:]*):[^@/]*@", r"\1:***@", uri)
