"""How well the writer writes, and what the gate lets through: measured, not promised."""
