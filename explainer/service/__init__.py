"""What the readers of explanations may do, on top of the pipeline; knows no web."""
