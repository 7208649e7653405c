import numpy as np
from diffkit.backends.numba.routines import restrict, scale
from diffkit.backends.vmath import exp, log, maximum, plus, where


def grad_classifier_loss(weights, bias, inputs, labels):
    d1 = restrict(np.empty((5, 40)))
    e1 = restrict(np.empty(5))
    g1 = restrict(np.empty((12, 5)))
    e1_0 = 0.0
    e1_1 = 0.0
    e1_2 = 0.0
    e1_3 = 0.0
    e1_4 = 0.0
    bias1 = bias[0]
    bias2 = bias[1]
    bias3 = bias[2]
    bias4 = bias[3]
    bias5 = bias[4]
    for i in range(40):
        z = 0.0
        v = 0.0
        g = 0.0
        c = -np.inf
        a_0 = 0.0
        a_1 = 0.0
        a_2 = 0.0
        a_3 = 0.0
        a_4 = 0.0
        for j in range(12):
            inputs1 = inputs[i, j]
            a_0 = plus(a_0, inputs1 * weights[j, 0])
            a_1 = plus(a_1, inputs1 * weights[j, 1])
            a_2 = plus(a_2, inputs1 * weights[j, 2])
            a_3 = plus(a_3, inputs1 * weights[j, 3])
            a_4 = plus(a_4, inputs1 * weights[j, 4])
        b_0 = a_0 + bias1
        c = maximum(c, b_0)
        b_1 = a_1 + bias2
        c = maximum(c, b_1)
        b_2 = a_2 + bias3
        c = maximum(c, b_2)
        b_3 = a_3 + bias4
        c = maximum(c, b_3)
        b_4 = a_4 + bias5
        c = maximum(c, b_4)
        f_0 = exp(b_0 - c)
        g = plus(g, f_0)
        y_0 = np.float64(b_0 == c)
        z = plus(z, y_0)
        f_1 = exp(b_1 - c)
        g = plus(g, f_1)
        y_1 = np.float64(b_1 == c)
        z = plus(z, y_1)
        f_2 = exp(b_2 - c)
        g = plus(g, f_2)
        y_2 = np.float64(b_2 == c)
        z = plus(z, y_2)
        f_3 = exp(b_3 - c)
        g = plus(g, f_3)
        y_3 = np.float64(b_3 == c)
        z = plus(z, y_3)
        f_4 = exp(b_4 - c)
        g = plus(g, f_4)
        y_4 = np.float64(b_4 == c)
        z = plus(z, y_4)
        h = log(g)
        n = scale(where(h != h, h, 1.0 / g), 0.025)
        t_0 = labels[i, 0] * -0.025 + f_0 * n
        v = plus(v, -t_0)
        t_1 = labels[i, 1] * -0.025 + f_1 * n
        v = plus(v, -t_1)
        t_2 = labels[i, 2] * -0.025 + f_2 * n
        v = plus(v, -t_2)
        t_3 = labels[i, 3] * -0.025 + f_3 * n
        v = plus(v, -t_3)
        t_4 = labels[i, 4] * -0.025 + f_4 * n
        v = plus(v, -t_4)
        d11 = t_0 + y_0 / z * v
        d1[0, i] = d11
        e1_0 = plus(e1_0, d11)
        d12 = t_1 + y_1 / z * v
        d1[1, i] = d12
        e1_1 = plus(e1_1, d12)
        d13 = t_2 + y_2 / z * v
        d1[2, i] = d13
        e1_2 = plus(e1_2, d13)
        d14 = t_3 + y_3 / z * v
        d1[3, i] = d14
        e1_3 = plus(e1_3, d14)
        d15 = t_4 + y_4 / z * v
        d1[4, i] = d15
        e1_4 = plus(e1_4, d15)
    e1[0] = e1_0
    e1[1] = e1_1
    e1[2] = e1_2
    e1[3] = e1_3
    e1[4] = e1_4
    for i in range(12):
        f1_0 = 0.0
        f1_1 = 0.0
        f1_2 = 0.0
        f1_3 = 0.0
        f1_4 = 0.0
        for j in range(40):
            inputs2 = inputs[j, i]
            f1_0 = plus(f1_0, inputs2 * d1[0, j])
            f1_1 = plus(f1_1, inputs2 * d1[1, j])
            f1_2 = plus(f1_2, inputs2 * d1[2, j])
            f1_3 = plus(f1_3, inputs2 * d1[3, j])
            f1_4 = plus(f1_4, inputs2 * d1[4, j])
        g1[i, 0] = 2.0 * weights[i, 0] * 0.005 + f1_0
        g1[i, 1] = 2.0 * weights[i, 1] * 0.005 + f1_1
        g1[i, 2] = 2.0 * weights[i, 2] * 0.005 + f1_2
        g1[i, 3] = 2.0 * weights[i, 3] * 0.005 + f1_3
        g1[i, 4] = 2.0 * weights[i, 4] * 0.005 + f1_4
    return g1, e1
