"""Text without logins and keys: the one way by which addresses, errors and logs are shown, tagged or sent.

What has the shape of a login is taken out wherever it stands; a shape that is not known to be harmless is taken out,
too. Redacting twice changes nothing.
"""

import math
import re
from collections import Counter

MARK = "***"
HARMLESS = {"sslmode", "connect_timeout", "charset", "driver", "timeout", "region", "workflowType"}
"""Parameters of addresses whose values are shown."""

KEYS = {
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----",
    "an AWS key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})",
    "a GitLab token": r"\bglpat-[A-Za-z0-9_-]{20,}",
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{34}\b",
    "a Slack token": r"\bxox[abeprs]-[A-Za-z0-9-]{20,}",
    "a Google key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "a key of an API": r"\bsk-(?:[a-z]+-)*[A-Za-z0-9_-]{20,}",
    "a Databricks token": r"\bdapi[0-9a-f]{32}\b",
    "a W&B or npm token": r"\bnpm_[A-Za-z0-9]{36}\b",
    "a web token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
}
"""Shapes of keys, by what they are."""

_KEY = re.compile("|".join(KEYS.values()))
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://)([^\s\"'<>`|,;]+)")
_BARE_LOGIN = re.compile(r"(?<![\w:/@.*-])[\w.+-]+:(?!//)[^\s\"'<>@]*(?:@[^\s\"'<>@]*)*@(?=[\w.-]+(?:[:/]|\b))")
_NAMES = r"(?:passw(?:or)?d|passphrase|pwd|secret(?:_?key)?|token|api_?key|access_?key|credentials?)"
_ASSIGNED = re.compile(rf"""(?i)\b([\w-]*{_NAMES}["']?\s*=\s*)("[^"]*"|'[^']*'|[^\s&,;"']+)""")
_SECRET_NAME = re.compile(rf"(?i)[\w-]*{_NAMES}")
_JSON = re.compile(rf'(?i)("[\w-]*{_NAMES}"\s*:\s*)"(?:[^"\\]|\\.)*"')
_WORD = re.compile(r"[A-Za-z0-9_-]{20,}")


def redacted(text: str) -> str:
    """`text` with every login and key replaced by `***`.

    Taken out: the login of an address, wherever its password's own signs `/`, `@` and `:` would cut it; values of an
    address's query and fragment; parts of its path that look like a login or a random key, or follow one such as
    `token`; `user:password@host`
    without a scheme; values assigned to names such as password and token; the shapes of `KEYS`.
    """
    text = _ADDRESS.sub(lambda match: match[1] + _address(match[2]), text)
    text = _BARE_LOGIN.sub(f"{MARK}@", text)
    text = _ASSIGNED.sub(rf"\g<1>{MARK}", text)
    text = _JSON.sub(rf'\g<1>"{MARK}"', text)
    return _KEY.sub(MARK, text)


def looks_random(word: str) -> bool:
    """Whether a word of letters and digits is one that a generator made: of mixed kinds, and hardly repeating itself.

    Hexadecimal digests and ids, which are no secrets, have no capitals and do not count.
    """
    kinds = [any(map(test, word)) for test in (str.islower, str.isupper, str.isdigit)]
    if len(word) < 20 or not all(kinds) or ("_" in word.strip("_") and word.count("_") > 2):
        return False
    shares = [count / len(word) for count in Counter(word).values()]
    return -sum(share * math.log2(share) for share in shares) >= 3.7


def _address(rest: str) -> str:
    """What follows the scheme of an address."""
    login, at, place = rest.rpartition("@")
    if at:
        user = re.match(r"[\w.+-]+(?=:)", login)
        login = f"{user[0]}:{MARK}" if user and not looks_random(user[0]) else MARK
        return f"{login}@{_place(place)}"
    return _place(rest)


def _place(rest: str) -> str:
    """Host, path, query and fragment."""
    host, sign, parameters = re.match(r"([^?#]*)([?#]?)(.*)", rest, re.DOTALL).groups()  # type: ignore[union-attr]
    first, *parts = host.split("/")
    if ":" in first and not re.fullmatch(r".*:\d*|\[[0-9A-Fa-f:.%\w]*\](:\d*)?", first):
        first = f"{first.partition(':')[0]}:{MARK}"  # a password where a port belongs
    named = (bool(_SECRET_NAME.fullmatch(part)) for part in [first, *parts])
    parts = [MARK if part and secret else _part(part) for secret, part in zip(named, parts, strict=False)]
    return "/".join([first, *parts]) + sign + (_parameters(parameters) if sign == "?" else _fragment(parameters))


def _part(part: str) -> str:
    name, colon, value = part.partition(":")
    if colon and value:
        return f"{name}:{MARK}"
    return _WORD.sub(lambda match: MARK if looks_random(match[0]) else match[0], part)


def _fragment(text: str) -> str:
    """A fragment: MLflow's pages are named in it, so only what is assigned there goes."""
    return re.sub(r"(\w*)=[^&/]*", _assigned, "/".join(map(_part, text.split("/"))))


def _assigned(match: re.Match[str]) -> str:
    return match[0] if match[1] in HARMLESS else f"{match[1]}={MARK}"


def _parameters(query: str) -> str:
    query, sign, fragment = query.partition("#")
    shown = []
    for parameter in query.split("&"):
        name, equals, _ = parameter.partition("=")
        shown.append(parameter if name in HARMLESS else f"{name}={MARK}" if equals else MARK if name else name)
    return "&".join(shown) + sign + _fragment(fragment)
