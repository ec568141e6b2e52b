"""Cost of models: counted, and measured on this machine."""
