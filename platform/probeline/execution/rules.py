"""Classes of failure: what each means, whether a trial is started again at once, and by the next run."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Rule:
    """What becomes of a trial that failed in one way.

    `group` is the class that a person reads; `retries` how often one run starts the trial again, from its checkpoint;
    `again` whether the next run tries it; `remedy` what can be done.
    """

    group: str
    retries: int
    again: bool
    remedy: str


ENDLESS = 1000
"""Being sent away is no fault of a trial: this bound only ends a machine that sends everything away at once."""

RULES = {
    "preempted": Rule("preempted", ENDLESS, True, "none needed: it goes on from its checkpoint"),
    "lost_worker": Rule("infrastructure", 3, True, "look for what kills workers: memory (dmesg), disk, the node"),
    "disk_full": Rule("infrastructure", 0, True, "make room (probeline gc lists what nobody needs), then run again"),
    "storage": Rule("infrastructure", 3, True, "look at the storage (--storage): does it run, its login, its space"),
    "hung": Rule("infrastructure", 1, True, "see traceback.txt for where it stood; resources.patience_minutes"),
    "out_of_memory": Rule("out of memory", 0, True, "lower training.batch_size or encoder.width, or give it more"),
    "evicted": Rule("out of memory", 1, True, "the node's memory ran out: raise resources.cpus, so fewer run at once"),
    "diverged": Rule("diverged", 0, False, "lower training.lr or lengthen the warm-up"),
    "bad_data": Rule("user error", 0, True, "mend the data, then run again"),
    "user_error": Rule("user error", 0, True, "mend what the message names, then run again"),
    "error": Rule("user error", 0, True, "mend the plug-in (traceback.txt among the run's artifacts), then run again"),
}
"""By the kind under which a failure is recorded."""


def rule(kind: str | None) -> Rule:
    """The rule of a kind; a kind that a plug-in made up is its user's."""
    return RULES.get(kind or "", RULES["error"])
