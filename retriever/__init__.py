"""Who might like what: items, behaviours, recommenders. Knows nothing of SQL, web or language models."""
