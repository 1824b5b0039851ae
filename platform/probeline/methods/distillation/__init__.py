"""Methods that predict another network's embedding, without negatives."""
