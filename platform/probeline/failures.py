"""The ways in which a command or a trial can fail, by name."""


class UserError(Exception):
    """A mistake that the user can mend: shown as its message alone, exit code 2.

    The message says where, what came, and what to do.
    """


class TrialFailure(Exception):
    """A trial that cannot finish; `kind` is its class in `status`, tags and the report."""

    kind = "error"


class Diverged(TrialFailure):
    """The loss is not finite. The same seed diverges again, so it is never retried."""

    kind = "diverged"


class BadData(TrialFailure):
    """A data set's files are missing or damaged; the message names them."""

    kind = "bad_data"


class OutOfMemory(TrialFailure):
    """The device has no memory left for this recipe."""

    kind = "out_of_memory"


class NotApplicable(Exception):
    """A protocol cannot judge this method or these data: the trial goes on, and the message is kept as a note."""
