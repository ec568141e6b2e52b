"""One training: the batches, the steps, and what is said of them."""
