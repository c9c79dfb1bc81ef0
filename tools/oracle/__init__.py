"""KServe's own admission as a program: what KServe and the API server say of an object.

`source/` is the Go program, `modules/<release>/` pins the KServe release that it calls, `judge` builds and runs it.
"""
