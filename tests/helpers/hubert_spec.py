"""An experiment of HuBERT whose arms a test adds: what teachers and students are planned from, without data."""

UNITS = """\
name: units
base:
  data: {name: fsdd, path: nowhere}
  encoder: {name: wave_transformer, channels: 16, width: 16, depth: 2, heads: 2}
  method: {name: hubert, clusters: 5}
  training: {epochs: 1, batch_size: 8}
  evaluation: [linear_probe]
arms:
"""
