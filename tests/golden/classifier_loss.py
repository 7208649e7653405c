import numpy as np
from diffkit.backends.numba.routines import dot, restrict, scale, window
from diffkit.backends.vmath import exp, log, maximum, plus, where


def grad_classifier_loss(weights, bias, inputs, labels):
    i1 = restrict(np.empty(20))
    k1 = restrict(np.empty((64, 20)))
    work = np.empty(75008, np.uint8)
    a = restrict(window(work, 0, (200, 20), np.float64))
    h1 = restrict(window(work, 32000, (200, 20), np.float64))
    c1 = restrict(window(work, 64000, (20,), np.float64))
    f = restrict(window(work, 64192, (20,), np.float64))
    b = restrict(window(work, 64384, (20,), np.float64))
    x = restrict(window(work, 64576, (20,), np.float64))
    j1 = restrict(window(work, 64768, (64, 20), np.float64))
    dot(inputs, weights, a)
    for i in range(20):
        i1[i] = 0.0
    for i in range(200):
        d1 = 0.0
        z = 0.0
        g = 0.0
        c = -np.inf
        for j in range(20):
            b1 = a[i, j] + bias[j]
            b[j] = b1
            c = maximum(c, b1)
        for j in range(20):
            b2 = b[j]
            f1 = exp(b2 - c)
            f[j] = f1
            g = plus(g, f1)
            c11 = np.float64(b2 == c)
            c1[j] = c11
            d1 = plus(d1, c11)
        h = log(g)
        m = -0.005
        q = scale(where(h != h, h, 1.0 / g), 0.005)
        for j in range(20):
            x1 = labels[i, j] * m + f[j] * q
            x[j] = x1
            z = plus(z, -x1)
        for j in range(20):
            h11 = x[j] + c1[j] / d1 * z
            h1[i, j] = h11
            i1[j] += h11
    dot(inputs.T, h1, j1)
    for i in range(64):
        for j in range(20):
            k1[i, j] = 2.0 * weights[i, j] * 0.005 + j1[i, j]
    return k1, i1
