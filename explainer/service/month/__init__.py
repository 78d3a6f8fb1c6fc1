"""A month of the service in numbers, for auditors: counted in the database, by UTC days, with what to look at first.

Every part counts one kind of thing. What is counted in which month: a text by when it was made, and what the gate held
against it and who complained of it with it, so that shares are of something; a verdict, a suppression, a look and an
erasure by when they happened.
"""
