"""Solvers with derivatives by rule: equations by the implicit function theorem, differential
equations by the discrete adjoint.

    dk.solve.root(lambda z: z * z - a, 1.0)             √a, and its derivative by a
    dk.solve.fixed_point, .minimize                     z = g(z), argmin f
    dk.solve.linear_solve(A, b), .cg(matvec, b)         dense, and matrix-free
    dk.solve.odeint(f, y0, ts)                          y at the times ts, for dy/dt = f(y, t)

Functions may capture traced values: derivatives by these are right too. A solve that does not
converge raises, or with `full=True` says so and is nan.
"""

from .fixed_point import fixed_point as fixed_point
from .info import Info as Info
from .linear import cg as cg
from .linear import linear_solve as linear_solve
from .minimize import minimize as minimize
from .odeint import odeint as odeint
from .root import root as root
