"""Measures the service from outside: real processes, real sockets, many clients at once.

It imports nothing of the server: what it knows is HTTP. Every run is bounded in requests and in time, and ends only
the processes it started.
"""
