"""Kinds of failure: the class that a person reads, retries within a run, and whether the next run tries again."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RetryRule:
    """What becomes of a trial that failed in one way.

    `group` is the class that a person reads; `retries` how often one run starts the trial again, from its checkpoint;
    `again` whether the next run tries it; `remedy` what can be done.
    """

    group: str
    retries: int
    again: bool
    remedy: str


ENDLESS = 1000
"""Bound of retries after preemption, which is no fault of a trial: it only ends a machine that preempts everything."""

RULES = {
    "preempted": RetryRule("preempted", ENDLESS, True, "none needed: it goes on from its checkpoint"),
    "lost_worker": RetryRule("infrastructure", 3, True, "look for what kills workers: memory (dmesg), disk, the node"),
    "lost_device": RetryRule(
        "infrastructure", 3, True, "see nvidia-smi and dmesg (Xid) there; an assert is the plug-in's"
    ),
    "disk_full": RetryRule(
        "infrastructure", 0, True, "make room (probeline gc lists what nobody needs), then run again"
    ),
    "storage": RetryRule(
        "infrastructure", 3, True, "look at the storage (--storage): does it run, its login, its space"
    ),
    "infrastructure": RetryRule(
        "infrastructure", 3, True, "`failures` of the spec names it so: see traceback.txt among the run's artifacts"
    ),
    "hung": RetryRule("infrastructure", 1, True, "see traceback.txt for where it stood; resources.patience_minutes"),
    "out_of_memory": RetryRule("out of memory", 0, True, "lower training.batch_size or encoder.width, or give it more"),
    "evicted": RetryRule(
        "out of memory", 1, True, "the node's memory ran out: raise resources.cpus, so fewer run at once"
    ),
    "diverged": RetryRule("diverged", 0, False, "lower training.lr or lengthen the warm-up"),
    "bad_data": RetryRule("user error", 0, True, "mend the data, then run again"),
    "user_error": RetryRule("user error", 0, True, "mend what the message names, then run again"),
    "protocol_error": RetryRule(
        "protocol error", 0, True, "mend what the message or traceback.txt names; the trained encoder is used again"
    ),
    "error": RetryRule(
        "user error", 0, True, "mend the plug-in (traceback.txt among the run's artifacts), then run again"
    ),
}
"""Rules by the recorded kind of failure."""


def rule(kind: str | None) -> RetryRule:
    """The rule of a kind; a plug-in's own kind is a user error."""
    return RULES.get(kind or "", RULES["error"])
