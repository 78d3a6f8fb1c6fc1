"""Rubbish for everything that reads what strangers may have written; see ``targets``."""
