"""Plug-ins that go wrong in one way each; a test copies this file into the folder that it stands in."""

import os
import time
from pathlib import Path

import torch
from probeline.core.batch import Outputs, Views
from probeline.core.method import Method
from probeline.core.settings import Settings

KEPT = []
POISONED = []


class Config(Settings):
    """`fault`: what happens at the first forward of a trial; `once`: only if this file is not there, which it makes."""

    fault: str
    once: str = ""


class Faulty(Method):
    """The mean square of its outputs, until its fault."""

    def views(self, batch, rng):
        return Views(batch.inputs.float(), None)

    def forward(self, views):
        if POISONED:
            self.poison()
        if self.training and not (self.config.once and Path(self.config.once).exists()):
            if self.config.once:
                Path(self.config.once).touch()
            getattr(self, self.config.fault)()
        h = self.encoder(views.inputs).h
        return Outputs(h, h)

    def loss(self, outputs, views):
        return {"loss": outputs.z.square().mean()}

    def exception(self):
        raise ZeroDivisionError("a mistake in a user's file")

    def leak(self):
        if not KEPT or KEPT[-1][0] is not self:  # once a trial
            KEPT.append((self, torch.ones(75 * 2**20)))  # 300 MiB that are written to

    def memory(self):
        torch.empty(2**50)

    def poison(self):
        """As CUDA does: after one such error this process gets it again and again, whatever it runs."""
        POISONED.append(True)
        raise RuntimeError("CUDA error: an illegal memory access was encountered\nCompile with `TORCH_USE_CUDA_DSA`")

    def sleep(self):
        time.sleep(3600)

    def stopped(self):
        os.kill(os.getpid(), 19)  # SIGSTOP: not one line of Python runs after it
