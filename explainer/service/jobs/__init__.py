"""What is done after the answer, by whichever process comes to it: better texts, counterfactuals."""
