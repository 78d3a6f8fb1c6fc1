"""Which adapters and prompts there are, which are in use, and every change of that on the record."""
