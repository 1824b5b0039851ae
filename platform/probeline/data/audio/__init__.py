"""Audio: decoding, alignments, data sets and augmentation."""
