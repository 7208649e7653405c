"""Filters, convolutions and networks by loops over windows, shortest paths, and a matrix FFT."""

import numpy as np

from .program import Program, numbers


def recursive_filter(image):
    """Deriche's edge detector: a causal and an anticausal pass along each axis."""
    alpha = 0.25
    k = (1.0 - np.exp(-alpha)) ** 2 / (1.0 + alpha * np.exp(-alpha) - np.exp(2.0 * alpha))
    a1 = a5 = k
    a2 = a6 = k * np.exp(-alpha) * (alpha - 1.0)
    a3 = a7 = k * np.exp(-alpha) * (alpha + 1.0)
    a4 = a8 = -k * np.exp(-2.0 * alpha)
    b1, b2 = 2.0 ** (-alpha), -np.exp(-2.0 * alpha)
    y1, y2 = np.empty_like(image), np.empty_like(image)
    y1[:, 0] = a1 * image[:, 0]
    y1[:, 1] = a1 * image[:, 1] + a2 * image[:, 0] + b1 * y1[:, 0]
    for j in range(2, image.shape[1]):
        y1[:, j] = a1 * image[:, j] + a2 * image[:, j - 1] + b1 * y1[:, j - 1] + b2 * y1[:, j - 2]
    y2[:, -1] = 0.0
    y2[:, -2] = a3 * image[:, -1]
    for j in range(image.shape[1] - 3, -1, -1):
        y2[:, j] = (
            a3 * image[:, j + 1] + a4 * image[:, j + 2] + b1 * y2[:, j + 1] + b2 * y2[:, j + 2]
        )
    out = y1 + y2
    y1[0, :] = a5 * out[0, :]
    for i in range(1, out.shape[0]):
        y1[i, :] = a5 * out[i, :] + a6 * out[i - 1, :] + b1 * y1[i - 1, :]
    y2[-1, :] = 0.0
    for i in range(out.shape[0] - 2, -1, -1):
        y2[i, :] = a7 * out[i + 1, :] + a8 * out[i, :] + b1 * y2[i + 1, :]
    out[:] = y1 + y2
    return out


def convolve(image, kernel):
    K = kernel.shape[0]
    rows, columns = image.shape[0] - K + 1, image.shape[1] - K + 1
    output = np.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            output[i, j] = np.sum(image[i : i + K, j : j + K] * kernel)
    return output


def conv2d(x, weights):
    K = weights.shape[0]
    N, H, W = x.shape[0], x.shape[1] - K + 1, x.shape[2] - K + 1
    output = np.empty((N, H, W, weights.shape[3]), dtype=np.float64)
    for i in range(H):
        for j in range(W):
            output[:, i, j, :] = np.sum(
                x[:, i : i + K, j : j + K, :, np.newaxis] * weights[np.newaxis, :, :, :],
                axis=(1, 2, 3),
            )
    return output


def relu(x):
    return np.maximum(x, 0)


def maxpool2d(x):
    output = np.empty([x.shape[0], x.shape[1] // 2, x.shape[2] // 2, x.shape[3]], dtype=x.dtype)
    for i in range(x.shape[1] // 2):
        for j in range(x.shape[2] // 2):
            output[:, i, j, :] = np.max(x[:, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2, :], axis=(1, 2))
    return output


def lenet(image, conv1, bias1, conv2, bias2, dense1, bias3, dense2, bias4):
    x = relu(conv2d(image, conv1) + bias1)
    x = maxpool2d(x)
    x = relu(conv2d(x, conv2) + bias2)
    x = maxpool2d(x)
    x = np.reshape(x, (x.shape[0], -1))
    x = relu(x @ dense1 + bias3)
    x = x @ dense2
    x += bias4
    return x


def batch_norm(x):
    mean = np.mean(x, axis=0, keepdims=True)
    std = np.std(x, axis=0, keepdims=True)
    y = x.reshape(x.shape)
    y -= mean
    y /= np.sqrt(std * std + 1e-5)
    return x


def softmax(x):
    high = np.max(x, axis=-1, keepdims=True)
    out = np.empty_like(x)
    np.subtract(x, high, out=out)
    np.exp(out, out=out)
    out /= np.sum(out, axis=-1, keepdims=True)
    return out


def floyd_warshall(path):
    for k in range(path.shape[0]):
        path[:] = np.minimum(path[:], np.add.outer(path[:, k], path[k, :]))
    return path


def shortest_paths(path):
    for k in range(path.shape[0]):
        for i in range(path.shape[0]):
            path[i, :] = np.minimum(path[i, :], path[i, k] + path[k, :])
    return path


def histogram_of_weights(values, weights):
    edges = np.zeros(5)
    edges[0] = 0.0
    step = 0.25
    for i in range(1, 5):
        edges[i] = edges[i - 1] + step
    total = np.zeros(4)
    for value, weight in zip(values, weights, strict=True):
        for k in range(4):
            if edges[k] <= value < edges[k + 1]:
                total[k] += weight * value
    return total


def matrix_fft(x, y):
    """The stages of a Stockham FFT on real and imaginary parts."""
    n = x.shape[0]
    m, stride = n, 1
    while m > 1:
        half = m // 2
        xn, yn = np.zeros(n), np.zeros(n)
        for p in range(half):
            c, s = np.cos(2 * np.pi * p / m), -np.sin(2 * np.pi * p / m)
            for q in range(stride):
                a, b = q + stride * p, q + stride * (p + half)
                xn[q + stride * 2 * p] = x[a] + x[b]
                yn[q + stride * 2 * p] = y[a] + y[b]
                u, v = x[a] - x[b], y[a] - y[b]
                xn[q + stride * (2 * p + 1)] = u * c - v * s
                yn[q + stride * (2 * p + 1)] = u * s + v * c
        x, y = xn, yn
        m, stride = half, stride * 2
    return x, y


PROGRAMS = [
    Program(recursive_filter, (numbers(50, 5, 6),)),
    Program(convolve, (numbers(51, 5, 6), numbers(52, 3, 3))),
    Program(
        lenet,
        (
            numbers(53, 2, 10, 10, 1), numbers(54, 3, 3, 1, 2) - 0.5, numbers(55, 2),
            numbers(56, 3, 3, 2, 3) - 0.5, numbers(57, 3), numbers(58, 3, 4) - 0.5, numbers(59, 4),
            numbers(60, 4, 3) - 0.5, numbers(61, 3),
        ),
    ),
    Program(batch_norm, (numbers(62, 4, 3),), analytic=False),
    Program(softmax, (numbers(63, 3, 4),)),
    Program(shortest_paths, (numbers(64, 5, 5),)),
    Program(floyd_warshall, (numbers(69, 4, 4),)),
    Program(histogram_of_weights, (numbers(65, 8), numbers(66, 8)), analytic=False),
    Program(matrix_fft, (numbers(67, 8), numbers(68, 8)), close=1e-12),
]  # fmt: skip
