"""How good recommendations are: accuracy, and what accuracy does not see."""
