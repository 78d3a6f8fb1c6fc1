"""Every bar of the project on one page: what is run for each, how it went, and whether it held.

A bar is a promise in figures. Each part is a command of its own that somebody could type; what it wrote is kept as it
ends, so that a run that was cut off goes on where it was.
"""
