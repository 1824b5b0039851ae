"""The tokens that every tokeniser has, with the same numbers: they are no text."""

PADDING, UNKNOWN, START, SEPARATOR, MASK = range(5)
NAMES = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""BERT's names, in the order of the numbers. [SEP] ends every text, so it also tells packed documents apart."""

COUNT = len(NAMES)
