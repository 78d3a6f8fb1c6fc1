"""How faithful attribution is, measured by taking away what it calls important."""
