"""Recovery from a device that runs out of memory: training resumes in micro-batches that give the same gradient."""

from collections.abc import Callable, Generator

import torch

from probeline.core.events import Note, Record
from probeline.errors import OutOfMemory
from probeline.experiment.schema import Training
from probeline.training import micro_batch_search
from probeline.training.checkpoints import Checkpoint
from probeline.training.loop import Loop

Trained = tuple[Loop, dict[str, str]]


def train(
    training: Training, loop_of: Callable[[Training, bool], Loop], checkpoint: Checkpoint
) -> Generator[Record | Note, None, Trained]:
    """Trains to the end; where memory runs out, from `checkpoint` again with fewer samples at a time.

    Only where that changes numbers by rounding alone, so that the recipe and the trial's id still describe them; and in
    one process, as others would not learn of it. Returns the loop, and notes by name: what was changed, and where it
    was resumed.

    Args:
        loop_of: makes a loop with such settings; True: with its method as before the training.

    Raises:
        OutOfMemory: micro-batches would change the numbers, or none is small enough; the message has a remedy.
    """
    notes: dict[str, str] = {}
    while True:
        loop = loop_of(training, bool(notes))
        try:
            yield from loop.run(checkpoint)
            return loop, notes | {note.name: note.text for note in loop.remarks()}
        except torch.OutOfMemoryError as error:
            spilt = str(error)
        micro_batch = (
            micro_batch_search.smaller(loop) if loop.share.workers == 1 else None
        )  # out of the handler: its traceback holds the step's tensors
        if micro_batch is None:
            raise OutOfMemory(f"{spilt}; {micro_batch_search.advice(loop)}")
        last = training.micro_batch or training.batch_size
        notes = {"micro_batch": f"{micro_batch}: {last} samples at once did not fit; same gradient but for rounding"}
        yield from [Note(name, text) for name, text in notes.items()]
        training = training.model_copy(update={"micro_batch": micro_batch})
