"""What pre-writing a shop's explanations takes: rows, storage, prompts, hours, money; as ranges.

It rests on stated assumptions. Each says where it comes from: measured, when and by what; given by whoever asks; or
assumed, since nobody has measured it. Where a measured run states what a part of it came to, the model predicts the
whole from that part, and its error is shown.
"""
