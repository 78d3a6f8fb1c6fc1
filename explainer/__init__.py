"""Why was this recommended? Faithful attribution, grounded sentences, an accountable record."""
