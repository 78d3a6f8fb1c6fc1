"""The training corpus, LoRA training, and what it leaves behind."""
