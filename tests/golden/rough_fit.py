import numpy as np
from diffkit.backends.numba.routines import restrict, window
from diffkit.backends.vmath import plus
from math import sqrt


def grad_rough_fit(curve, data, stiffness):
    b1 = restrict(np.empty(100))
    work = np.empty(4992, np.uint8)
    a1 = restrict(window(work, 0, (100,), np.float64))
    p = restrict(window(work, 832, (98,), np.float64))
    q = restrict(window(work, 1664, (98,), np.float64))
    t = restrict(window(work, 2496, (99,), np.float64))
    t1 = restrict(window(work, 3328, (99,), np.float64))
    g = restrict(window(work, 4160, (99,), np.float64))
    l = 0.0
    for i in range(100):
        a = curve[i] - data[i]
        z = a * (0.5 / sqrt(1.0 + a * a))
        a1[i] = z + z
    for i in range(99):
        g[i] = curve[i + 1] - curve[i]
    for i in range(98):
        j = g[i + 1] - g[i]
        l = plus(l, j * j)
        o = j * stiffness
        p1 = o + o
        p[i] = p1
        q[i] = -p1
    q1 = q[0]
    t2 = -q1
    p2 = p[97]
    t[0] = t2
    t[98] = -p2
    t1[0] = q1
    t1[98] = p2
    b1[0] = t2 + a1[0]
    b1[99] = p2 + a1[99]
    for i in range(97):
        s = q[i + 1] + p[i]
        t[i + 1] = -s
        t1[i + 1] = s
    for i in range(98):
        b1[i + 1] = t[i + 1] + t1[i] + a1[i + 1]
    return b1, l
