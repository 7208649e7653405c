"""The derivatives of the evals by other libraries, a file a library.

`DERIVATIVES` has a builder for each eval that a library can do: called with the arguments of the
eval, it converts them and returns what is timed, a call without arguments whose result is ready
when it returns. What is missing there, the library cannot do, and the file says why.
"""
