"""Methods that decorrelate the dimensions of the embeddings."""
