import numpy as np
from diffkit.backends.vmath import cos, sin


def grad_pendulum_energy(start):
    c = np.empty(500)
    a = start
    b = 0.0
    for i in range(500):
        c1 = b - 0.01 * sin(a)
        c[i] = a
        a = a + 0.01 * c1
        b = c1
    g = sin(a)
    h = 2.0 * b * 0.5
    for i in range(499, -1, -1):
        b1 = h + 0.01 * g
        g = g + cos(c[i]) * (0.01 * -b1)
        h = b1
    return g
