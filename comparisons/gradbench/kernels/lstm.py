"""lstm by hand: a walk over the text that keeps the gates, and the walk back."""

from collections.abc import Callable
from typing import Any

import numpy

from comparisons.speed.numba_tools import numba_tools

__all__ = ["kernels"]


def kernels() -> dict[str, Callable[..., Any]]:
    """The loss, and its gradient: σ' = σ(1 - σ) and tanh' = 1 - tanh² of what was kept."""
    tools = numba_tools()
    njit, add, exp, log, tanh = tools.njit, tools.add, tools.exp, tools.log, tools.tanh

    @njit
    def sigmoid(x):
        return 1.0 / (1.0 + exp(-x))

    @njit
    def gate(x, w, v, out):
        for j in range(x.size):
            out[j] = sigmoid(x[j] * w[j] + v[j])

    @njit
    def change_of(h, w, v, out):
        for j in range(h.size):
            out[j] = tanh(h[j] * w[j] + v[j])

    @njit
    def state_of(old, forget, take, change, cell, shown):
        for j in range(cell.size):
            cell[j] = old[j] * forget[j] + take[j] * change[j]
            shown[j] = tanh(cell[j])

    @njit
    def layer(w, v, x, old, kept):
        """From the states `old` (h, c) to `kept`: new h and c, the four gates, and tanh c."""
        b = x.size
        forget, take, show, change, shown = kept[2], kept[3], kept[4], kept[5], kept[6]
        gate(x, w[:b], v[:b], forget)
        gate(old[0], w[b : 2 * b], v[b : 2 * b], take)
        gate(x, w[2 * b : 3 * b], v[2 * b : 3 * b], show)
        change_of(old[0], w[3 * b :], v[3 * b :], change)
        state_of(old[1], forget, take, change, kept[1], shown)
        h = kept[0]
        for j in range(b):
            h[j] = show[j] * shown[j]

    @njit
    def layer_back(w, x, old, kept, bar_x, bar_h, bar_c, d_w, d_v):
        """Adjoints of the new states to those of the old, in place, and of the layer's input."""
        b = x.size
        for j in range(b):
            forget, take, show, change = kept[2, j], kept[3, j], kept[4, j], kept[5, j]
            shown = kept[6, j]
            from_show = (bar_x[j] + bar_h[j]) * shown * show * (1.0 - show)
            c = bar_c[j] + (bar_x[j] + bar_h[j]) * show * (1.0 - shown * shown)
            from_forget = c * old[1, j] * forget * (1.0 - forget)
            from_take = c * change * take * (1.0 - take)
            from_change = c * take * (1.0 - change * change)
            d_v[j] += from_forget
            d_v[b + j] += from_take
            d_v[2 * b + j] += from_show
            d_v[3 * b + j] += from_change
            d_w[j] += from_forget * x[j]
            d_w[b + j] += from_take * old[0, j]
            d_w[2 * b + j] += from_show * x[j]
            d_w[3 * b + j] += from_change * old[0, j]
            bar_x[j] = from_forget * w[j] + from_show * w[2 * b + j]
            bar_h[j] = from_take * w[b + j] + from_change * w[3 * b + j]
            bar_c[j] = c * forget

    @njit
    def output(x, extra, following, y):
        """exp y in y, their sum and two, and what the loss gains."""
        total, chosen, bits = 2.0, 0.0, 0.0
        for j in range(x.size):
            value = x[j] * extra[1, j] + extra[2, j]
            chosen = add(chosen, following[j] * value)
            bits = add(bits, following[j])
            y[j] = exp(value)
            total = add(total, y[j])
        return total, bits, chosen - bits * log(total)

    @njit
    def objective(main, extra, state, sequence):
        layers, (c, b) = len(main) // 2, sequence.shape
        kept, y, gain = numpy.empty((layers, 7, b)), numpy.empty(b), 0.0
        x = numpy.empty(b)
        for k in range(layers):
            kept[k, :2] = state[2 * k : 2 * k + 2]
        for t in range(c - 1):
            for j in range(b):
                x[j] = sequence[t, j] * extra[0, j]
            below = x
            for k in range(layers):
                layer(main[2 * k], main[2 * k + 1], below, kept[k], kept[k])
                below = kept[k, 0]
            gain += output(below, extra, sequence[t + 1], y)[2]
        return -gain / (b * (c - 1))

    @njit
    def jacobian(main, extra, state, sequence):
        layers, (c, b) = len(main) // 2, sequence.shape
        kept, y = numpy.empty((c, layers, 7, b)), numpy.empty((c, b))
        totals, bits = numpy.empty(c), numpy.empty(c)
        x = numpy.empty((c, b))
        for k in range(layers):
            kept[0, k, :2] = state[2 * k : 2 * k + 2]
        for t in range(1, c):
            for j in range(b):
                x[t, j] = sequence[t - 1, j] * extra[0, j]
            below = x[t]
            for k in range(layers):
                layer(main[2 * k], main[2 * k + 1], below, kept[t - 1, k], kept[t, k])
                below = kept[t, k, 0]
            totals[t], bits[t], _ = output(below, extra, sequence[t], y[t])
        out = numpy.zeros((8 * layers + 3) * b)
        d_main, d_extra = out[: 8 * layers * b].reshape(2 * layers, 4 * b), out[8 * layers * b :]
        bar_h, bar_c, bar_x = numpy.zeros((layers, b)), numpy.zeros((layers, b)), numpy.empty(b)
        scale = -1.0 / (b * (c - 1))
        for t in range(c - 1, 0, -1):
            last = kept[t, layers - 1, 0]
            for j in range(b):
                bar_y = scale * (sequence[t, j] - bits[t] * y[t, j] / totals[t])
                d_extra[b + j] += bar_y * last[j]
                d_extra[2 * b + j] += bar_y
                bar_x[j] = bar_y * extra[1, j]
            for k in range(layers - 1, -1, -1):
                below = x[t] if k == 0 else kept[t, k - 1, 0]
                old, new = kept[t - 1, k], kept[t, k]
                d_w, d_v = d_main[2 * k], d_main[2 * k + 1]
                layer_back(main[2 * k], below, old, new, bar_x, bar_h[k], bar_c[k], d_w, d_v)
            for j in range(b):
                d_extra[j] += bar_x[j] * sequence[t - 1, j]
        return out

    return {"objective": objective, "jacobian": jacobian}
