"""The contract of a loss: the function that its file is named for, pure, on tensors of a whole batch.

Its first arguments are embeddings [B, D]: `za, zb`, two views of the same samples, row by row; or of pairs or triplets
in the order of their roles. Then come answers, where it has a parameter for them (`labels`, int64 [B], -1 for none;
`same`, bool [B]), then the tensors that its constant `LEARNS` names. Keywords are the parameters of its `Config`. It
returns a scalar, the mean over the batch, and raises ValueError for shapes that it cannot take.
"""

from collections.abc import Callable

from torch import Tensor

Loss = Callable[..., Tensor]
"""A loss with the parameters of its `Config` bound: tensors in, scalar out."""
