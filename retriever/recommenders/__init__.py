"""Recommenders: pure functions from a history to the score of every item."""
