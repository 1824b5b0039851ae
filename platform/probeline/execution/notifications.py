"""Messages about a run to a web address: at its end, at the first failure of a kind, when its budget is used up.

The address is a secret, so a spec names the environment variable that holds it. Sending has a thread of its own: a run
neither waits for it nor fails with it, but for a few seconds at the end.
"""

import json
import logging
import os
import queue
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from typing import Any

from probeline.errors import UserError
from probeline.experiment.notify import Notify, Occasion
from probeline.storage.redaction import redacted

logger = logging.getLogger(__name__)

ATTEMPTS, TIMEOUT_S, FIRST_PAUSE_S, CLOSE_S = 4, 5.0, 0.5, 10.0
"""Tries of a message, seconds for each, the pause after the first, which doubles, and what the end of a run waits."""

MAX_CHARACTERS = 3000

Message = Mapping[str, Any]


def _ntfy(title: str, text: str, facts: Message) -> tuple[bytes, dict[str, str]]:
    return text.encode(), {"Title": title.encode("ascii", "replace").decode(), "Content-Type": "text/plain"}


def _json(title: str, text: str, facts: Message) -> tuple[bytes, dict[str, str]]:
    return json.dumps({"title": title, "text": text, **facts}).encode(), {"Content-Type": "application/json"}


def _slack(title: str, text: str, facts: Message) -> tuple[bytes, dict[str, str]]:
    return json.dumps({"text": f"*{title}*\n{text}"}).encode(), {"Content-Type": "application/json"}


def _teams(title: str, text: str, facts: Message) -> tuple[bytes, dict[str, str]]:
    body = [{"type": "TextBlock", "text": title, "weight": "Bolder"}, {"type": "TextBlock", "text": text, "wrap": True}]
    card = {"type": "AdaptiveCard", "version": "1.4", "body": body}
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return json.dumps({"type": "message", "attachments": [content]}).encode(), {"Content-Type": "application/json"}


FORMATS: Mapping[str, Callable[[str, str, Message], tuple[bytes, dict[str, str]]]] = {
    "json": _json,
    "ntfy": _ntfy,
    "slack": _slack,
    "teams": _teams,
}


def address(settings: Notify) -> str:
    """The web address that messages go to, "" where there is none.

    Raises UserError where the environment variable holds something else.
    """
    url = os.environ.get(settings.url_from, "")
    if url and not url.startswith(("http://", "https://")):
        raise UserError(f"notify: ${settings.url_from} holds no web address, http:// or https://")
    return url


def silence(settings: Notify | None) -> str | None:
    """Why nothing will be sent although the spec asks for it, or None. Raises UserError as `address` does."""
    if settings is None or address(settings):
        return None
    return f"notify: ${settings.url_from} is not set, so nothing is sent"


class Notifier:
    """Sends the messages that `settings` ask for; None: none at all. `close` ends its thread."""

    def __init__(self, settings: Notify | None, experiment: str) -> None:
        """Raises UserError as `address` does."""
        self._settings, self._experiment = settings, experiment
        self._url = address(settings) if settings else ""
        self._kinds: set[str] = set()
        self._messages: queue.SimpleQueue[tuple[bytes, dict[str, str]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._send_all, name="probeline-notify", daemon=True)
        if self._url:
            self._thread.start()

    def failed(self, kind: str, message: str) -> None:
        """A trial failed for good; the first of each kind is told."""
        if kind not in self._kinds:
            self._kinds.add(kind)
            self.tell("failure", f"first failure: {kind}", message, {"kind": kind})

    def tell(self, occasion: Occasion, headline: str, text: str, facts: Message) -> None:
        """Queues a message, without logins and cut to 3,000 characters, if the spec asks for this occasion."""
        if self._settings is None or not self._url or occasion not in self._settings.on:
            return
        title = f"{self._experiment}: {headline}"
        known = {"experiment": self._experiment, "occasion": occasion, **facts}
        self._messages.put(FORMATS[self._settings.format](title, redacted(text)[:MAX_CHARACTERS], known))

    def close(self) -> None:
        """Waits a few seconds for what is queued."""
        if self._thread.is_alive():
            self._messages.put(None)
            self._thread.join(CLOSE_S)

    def _send_all(self) -> None:
        while (message := self._messages.get()) is not None:
            self._send(*message)

    def _send(self, body: bytes, headers: dict[str, str]) -> None:
        for attempt in range(ATTEMPTS):
            try:
                request = urllib.request.Request(self._url, body, headers, method="POST")
                with urllib.request.urlopen(request, timeout=TIMEOUT_S):
                    return
            except urllib.error.HTTPError as error:
                problem = f"HTTP {error.code}"
                if error.code < 500 and error.code != 429:
                    break
            except (OSError, ValueError) as error:
                problem = type(error).__name__
            time.sleep(FIRST_PAUSE_S * 2**attempt)
        logger.warning("notify: a message could not be sent (%s); the run goes on", problem)
