"""What a model costs: counted, and measured on this machine."""
