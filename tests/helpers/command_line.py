"""The command line in a process of its own."""

import subprocess
import sys

SPEC = """
name: small
question: Does it run?
base:
  data: {name: digits, train_size: 100, test_size: 100}
  encoder: raw_pixels
  method: random_init
  training: {epochs: 0}
  evaluation: [{name: knn, k: 1}]
report: {metric: knn/top1}
"""


def probeline(*words, folder):
    command = [sys.executable, "-m", "probeline.cli", *map(str, words)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=600)
