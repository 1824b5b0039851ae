"""Secrets in the environment and in files: their values, keys of known shapes, and what looks like a password."""

import re
from collections.abc import Iterator, Mapping

from probeline.storage.redaction import KEYS, looks_random

SECRET_VARIABLE = re.compile(r"TOKEN|SECRET|PASSW|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL", re.IGNORECASE)
MIN_LENGTH = 8
"""Letters of the shortest value that is looked for: shorter ones are in every text."""

MAX_TEXT = 2**20
"""Bytes of the largest file that is read as text for passwords; keys of known shapes are looked for in all."""

_SHAPES = {kind: re.compile(shape.encode()) for kind, shape in KEYS.items()}
_NAME = r"( [\w-]* (?: passw(?:or)?d | passphrase | secret | token | api_?key | access_?key ) [\w-]* )"
_ASSIGNED = re.compile(rf"""(?ix) {_NAME} ["']? \s* [=:] \s* ["'] ( [^"'\s]{{8,}} ) ["']""")
_UNQUOTED = re.compile(
    rf"""(?imx) ^ \s* (?: export \s+ )? {_NAME} \s* [=:] [ \t]* ( [^"'\s()\[\]{{}},;]{{8,}} ) \s* $"""
)
"""A line of YAML, of an INI file or of a shell that gives a name a value without quotes."""

_EXPRESSION = re.compile(r"(?!(?:\D*\d){3})[A-Za-z_][\w.]*")
"""Names of a program, which assigns them as other files do values; three digits are more than a name has."""

_QUOTED = re.compile(r"""["']([A-Za-z0-9+/_=-]{32,128})["']""")
_PLACEHOLDER = re.compile(r"(?i)^[<${%].*|^(x+|\*+|\.+|.*(example|placeholder|change|your|dummy|test).*)$")


def secret_values(environment: Mapping[str, str]) -> dict[str, str]:
    """Name -> value of the environment variables that hold secrets, and of passwords within addresses."""
    values = {}
    for name, value in environment.items():
        if SECRET_VARIABLE.search(name) and len(value) >= MIN_LENGTH and not value.startswith("/"):
            values[name] = value
        password = re.search(r"://[^/@:\s]*:([^@\s]+)@", value)
        if password and len(password[1]) >= MIN_LENGTH:
            values[f"{name}'s password"] = password[1]
    return values


def secrets_in(content: bytes, secrets: Mapping[str, str]) -> Iterator[str]:
    """What a file's content holds, in words: values of `secrets`, keys of known shapes, passwords, random words."""
    yield from (f"the value of ${name}" for name, value in secrets.items() if value.encode() in content)
    yield from (kind for kind, shape in _SHAPES.items() if shape.search(content))
    if len(content) <= MAX_TEXT and b"\0" not in content:
        text = content.decode("utf-8", "replace")
        yield from (f"a value for {name}" for name in dict.fromkeys(_assigned(text)))
        if any(looks_random(word) for word in _QUOTED.findall(text)):
            yield "a random word, as keys are"


def _assigned(text: str) -> Iterator[str]:
    """Names like password to which the text gives a value that is neither a placeholder nor a plain word."""
    bare = [(name, value) for name, value in _UNQUOTED.findall(text) if not _EXPRESSION.fullmatch(value)]
    for name, value in _ASSIGNED.findall(text) + bare:
        if not _PLACEHOLDER.match(value) and any(map(str.isdigit, value)) and any(map(str.isalpha, value)):
            yield name
