"""Counts in sentences."""


def count_of(number: int, noun: str) -> str:
    """`1 trial`, `2 trials`, `1,000 trials`: for nouns whose plural has an s."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
