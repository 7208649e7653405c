import numpy as np
from diffkit.backends.numba.routines import restrict, scale, window
from diffkit.backends.vmath import plus


def grad_heat_mismatch(conductivity, warm, target):
    z1 = restrict(np.empty((20, 30)))
    work = np.empty(45952, np.uint8)
    t = restrict(window(work, 0, (19, 30), np.float64))
    t1 = restrict(window(work, 4608, (19, 30), np.float64))
    r1 = restrict(window(work, 9216, (29,), np.float64))
    r11 = restrict(window(work, 9472, (29,), np.float64))
    t2 = restrict(window(work, 9728, (20, 29), np.float64))
    d = restrict(window(work, 14400, (19, 30), np.float64))
    r12 = restrict(window(work, 19008, (18,), np.float64))
    s1 = restrict(window(work, 19200, (18,), np.float64))
    s11 = restrict(window(work, 19392, (18, 28), np.float64))
    t3 = restrict(window(work, 23424, (20, 29), np.float64))
    g1 = restrict(window(work, 28096, (18, 28), np.float64))
    i1 = restrict(window(work, 32128, (18, 28), np.float64))
    h = restrict(window(work, 36160, (20, 29), np.float64))
    e = restrict(window(work, 40832, (19, 30), np.float64))
    f1 = restrict(window(work, 45440, (28,), np.float64))
    i = restrict(window(work, 45696, (29,), np.float64))
    o1 = 0.0
    u1 = 0.0
    w1 = scale(conductivity, 0.0)
    w11 = scale(conductivity, 0.0)
    w12 = scale(conductivity, 0.0)
    w13 = scale(conductivity, 0.0)
    x1 = -w12
    x11 = -w13
    t[18, 0] = -w1
    t[18, 29] = -w11
    t[0, 0] = x1
    t[0, 29] = x11
    t1[18, 0] = w1
    t1[18, 29] = w11
    t1[0, 0] = w12
    t1[0, 29] = w13
    for i2 in range(29):
        p1 = scale(conductivity, 0.0)
        q1 = -p1
        t3[0, i2] = q1
        p11 = scale(conductivity, 0.0)
        q11 = -p11
        t3[19, i2] = q11
        r1[i2] = 0.0 + q1
        r11[i2] = 0.0 + q11
        t2[0, i2] = p1
        t2[19, i2] = p11
    z1[0, 0] = r1[0] + x1
    z1[0, 29] = 0.0 + t2[0, 28] + x11
    z1[19, 0] = r11[0] + w1
    z1[19, 29] = 0.0 + t2[19, 28] + w11
    for i2 in range(20):
        for j in range(29):
            h[i2, j] = warm[i2, j + 1] - warm[i2, j]
    for i2 in range(29):
        o1 = plus(o1, scale(h[0, i2], 0.0))
        o1 = plus(o1, scale(h[19, i2], 0.0))
    for i2 in range(19):
        for j in range(30):
            d[i2, j] = warm[i2 + 1, j] - warm[i2, j]
        for j in range(28):
            e[i2, j + 1] = conductivity * d[i2, j + 1]
    u1 = plus(u1, scale(d[18, 0], 0.0))
    u1 = plus(u1, scale(d[18, 29], 0.0))
    u1 = plus(u1, scale(d[0, 0], 0.0))
    u1 = plus(u1, scale(d[0, 29], 0.0))
    for i2 in range(18):
        for j in range(29):
            i[j] = conductivity * h[i2 + 1, j]
        for j in range(28):
            t4 = warm[i2 + 1, j + 1] + 0.1 * (e[i2 + 1, j + 1] - e[i2, j + 1] + i[j + 1] - i[j]) - target[i2 + 1, j + 1]
            y = t4 * t4
            v = 1.0 + y
            w = 1.0 / v
            f11 = 2.0 * t4 * (w + scale(-w / v, y))
            f1[j] = f11
            g11 = 0.1 * f11
            g1[i2, j] = g11
            i1[i2, j] = -g11
        k1 = 0.0 + g1[i2, 27]
        i11 = i1[i2, 0]
        o1 = plus(o1, scale(h[i2 + 1, 0], i11))
        o1 = plus(o1, scale(h[i2 + 1, 28], k1))
        p12 = scale(conductivity, i11)
        p13 = scale(conductivity, k1)
        q12 = -p12
        t3[i2 + 1, 0] = q12
        t3[i2 + 1, 28] = -p13
        r12[i2] = 0.0 + q12
        t2[i2 + 1, 0] = p12
        t2[i2 + 1, 28] = p13
        s1[i2] = 0.0 + p13
        for j in range(27):
            k11 = i1[i2, j + 1] + g1[i2, j]
            o1 = plus(o1, scale(h[i2 + 1, j + 1], k11))
            p14 = scale(conductivity, k11)
            t3[i2 + 1, j + 1] = -p14
            t2[i2 + 1, j + 1] = p14
        for j in range(28):
            s11[i2, j] = f1[j] + t3[i2 + 1, j + 1] + t2[i2 + 1, j]
    for i2 in range(28):
        i12 = i1[0, i2]
        m1 = 0.0 + g1[17, i2]
        u1 = plus(u1, scale(d[0, i2 + 1], i12))
        u1 = plus(u1, scale(d[18, i2 + 1], m1))
        w14 = scale(conductivity, i12)
        w15 = scale(conductivity, m1)
        x12 = -w14
        t[0, i2 + 1] = x12
        t[18, i2 + 1] = -w15
        t1[0, i2 + 1] = w14
        t1[18, i2 + 1] = w15
        z1[0, i2 + 1] = r1[i2 + 1] + t2[0, i2] + x12
        z1[19, i2 + 1] = r11[i2 + 1] + t2[19, i2] + w15
    for i2 in range(17):
        w16 = scale(conductivity, 0.0)
        t[i2 + 1, 0] = -w16
        w17 = scale(conductivity, 0.0)
        t[i2 + 1, 29] = -w17
        u1 = plus(u1, scale(d[i2 + 1, 0], 0.0))
        u1 = plus(u1, scale(d[i2 + 1, 29], 0.0))
        t1[i2 + 1, 0] = w16
        t1[i2 + 1, 29] = w17
        for j in range(28):
            m11 = i1[i2 + 1, j] + g1[i2, j]
            u1 = plus(u1, scale(d[i2 + 1, j + 1], m11))
            w18 = scale(conductivity, m11)
            t[i2 + 1, j + 1] = -w18
            t1[i2 + 1, j + 1] = w18
    for i2 in range(18):
        z1[i2 + 1, 0] = r12[i2] + t[i2 + 1, 0] + t1[i2, 0]
        z1[i2 + 1, 29] = s1[i2] + t[i2 + 1, 29] + t1[i2, 29]
        for j in range(28):
            z1[i2 + 1, j + 1] = s11[i2, j] + t[i2 + 1, j + 1] + t1[i2, j + 1]
    v1 = o1 + u1
    return v1, z1
