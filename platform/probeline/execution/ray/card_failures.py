"""GPU cards that fail: how often each has failed in a run, and which are not used any more."""

from collections import defaultdict

MAX_FAILURES = 3
"""Failures of one card, with no trial finished on it between them, after which it is no longer used."""

MIN_TRIALS = 2
"""Different trials among them: one alone may be at fault itself."""


class CardFailures:
    """What the driver knows of the cards: failures in a row by card, and the cards that are set aside."""

    def __init__(self) -> None:
        self._trials: defaultdict[str, list[str]] = defaultdict(list)
        self.set_aside: frozenset[str] = frozenset()

    def add(self, card: str, trial_id: str) -> bool:
        """Counts one failure; whether the card is set aside by it."""
        if not card or card in self.set_aside:
            return False
        self._trials[card].append(trial_id)
        if len(self._trials[card]) < MAX_FAILURES or len(set(self._trials[card])) < MIN_TRIALS:
            return False
        self.set_aside |= {card}
        return True

    def clear(self, card: str) -> None:
        """A trial has finished on the card: its failures so far were no fault of its own."""
        self._trials.pop(card, None)
