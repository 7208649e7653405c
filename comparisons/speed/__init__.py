"""The benchmark of the compiler: gradients by diffkit, by hand, and by its peers, on one thread.

`problems` holds what is differentiated, `contenders` how each library is asked, `measure` and
`rounds` how it is timed, `worker` and `first_call` the processes it happens in, `run` what starts
them, `records` what is kept, `verdicts` the targets, `tables` what is printed.
"""
