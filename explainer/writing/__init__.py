"""From evidence to a sentence: prompt, engine, gate, fallback."""
