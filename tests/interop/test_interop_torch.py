"""A diffkit function inside a PyTorch model: values, derivatives of every order, trees, errors."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

import diffkit as dk
import diffkit.numpy as dnp
from diffkit import interop
from diffkit.interop.torch import function

torch = pytest.importorskip("torch")
QUIET = pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated:DeprecationWarning")


def tensor(*shape: int, seed: int = 0, **kw: Any) -> Any:
    values = np.random.default_rng(seed).uniform(0.2, 1.5, shape)
    return torch.tensor(values, requires_grad=True, **kw)


def layer(x: Any, w: Any, b: Any) -> Any:
    return np.tanh(x @ w + b)


def energy(q: Any) -> Any:
    """Pairwise 1/r of points in the plane."""
    first, second = np.triu_indices(len(q), 1)
    return np.sum(1 / np.linalg.norm(q[first] - q[second], axis=1))


def windows(x: Any, k: Any) -> Any:
    return np.log1p(x[k] * x[::-1][:3]) + np.cumsum(np.max(x) * x[1:4]), np.prod(x)


CASES: list[tuple[str, Any, tuple[Any, ...]]] = [
    ("layer", layer, (tensor(4, 3), tensor(3, 2, seed=1), tensor(2, seed=2))),
    ("energy", energy, (tensor(4, 2, seed=3),)),
    ("windows", windows, (tensor(6, seed=4), torch.tensor([0, 2, 2]))),
    ("where", lambda x: np.where(x > 1, np.sqrt(x), x**3), (tensor(5, seed=5),)),
]
EACH = pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])


@EACH
def test_values(case: Any) -> None:
    _, f, args = case
    found = function(f)(*args)
    want = f(*[x.detach().numpy() for x in args])
    pairs = zip(found, want, strict=True) if isinstance(want, tuple) else [(found, want)]
    for y, z in pairs:
        assert y.dtype == torch.float64 and tuple(y.shape) == np.shape(z)
        np.testing.assert_allclose(y.detach().numpy(), z, rtol=1e-14)


@EACH
def test_gradcheck(case: Any) -> None:
    _, f, args = case
    assert torch.autograd.gradcheck(function(f), args)


@EACH
def test_gradgradcheck(case: Any) -> None:
    _, f, args = case
    assert torch.autograd.gradgradcheck(function(f), args)


@QUIET
@EACH
def test_forward_mode(case: Any) -> None:
    _, f, args = case
    assert torch.autograd.gradcheck(function(f), args, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(function(f), args, check_fwd_over_rev=True)


def test_third_order() -> None:
    x = torch.tensor(0.8, dtype=torch.float64, requires_grad=True)
    y = function(lambda x: np.sin(x) * x)(x)
    for _ in range(3):
        (y,) = torch.autograd.grad(y, x, create_graph=True)
    want = dk.grad(dk.grad(dk.grad(lambda x: np.sin(x) * x)))(0.8)
    assert abs(y.item() - want) < 1e-14


@QUIET
def test_torch_func() -> None:
    q = tensor(3, 2).detach()
    f = function(energy)
    gradient = torch.func.grad(f)(q)
    np.testing.assert_allclose(gradient.numpy(), dk.grad(energy)(q.numpy()), rtol=1e-14)
    want = dk.hessian(energy)(q.numpy())
    np.testing.assert_allclose(torch.func.hessian(f)(q).numpy(), want, rtol=1e-12)
    np.testing.assert_allclose(torch.func.jacrev(torch.func.jacrev(f))(q).numpy(), want, rtol=1e-12)
    rows = torch.stack([q, 2 * q, 3 * q])
    batch = torch.func.vmap(f)(rows)
    np.testing.assert_allclose(batch.numpy(), [energy(r) for r in rows.numpy()], rtol=1e-14)


def test_kinks_follow_diffkit() -> None:
    """PyTorch's own norm and where would give nan here."""
    x = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    y = function(lambda x: np.linalg.norm(x) + np.sum(np.where(x > 0, np.sqrt(x), 2 * x)))(x)
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), [2.0, 2.0, 2.0])


def test_trains_in_a_model() -> None:
    """A diffkit layer between PyTorch layers, trained by an optimizer of PyTorch's."""
    torch.manual_seed(0)
    wave = function(lambda x, w: np.sin(x * w))
    first = torch.nn.Linear(1, 8)
    last = torch.nn.Linear(8, 1)
    w = torch.nn.Parameter(torch.ones(8))
    adam = torch.optim.Adam([*first.parameters(), *last.parameters(), w], lr=0.05)
    x = torch.linspace(-1, 1, 32)[:, None]
    losses: list[float] = []
    for _ in range(60):
        adam.zero_grad()
        loss = ((last(wave(first(x), w)) - x**2) ** 2).mean()
        loss.backward()
        adam.step()
        losses.append(loss.item())
    assert loss.dtype == torch.float32
    assert losses[-1] < 0.05 * losses[0]


class Pair(NamedTuple):
    left: Any
    right: Any


def test_trees_in_and_out() -> None:
    def f(p: Any, q: Any) -> Any:
        return {"sum": p["a"] + q.left[0], "rest": Pair([p["a"] * 2], (q.right,)), "none": None}

    p = {"a": tensor(3)}
    q = Pair([tensor(3, seed=1)], torch.arange(3))
    out = function(f)(p, q)
    assert set(out) == {"sum", "rest", "none"} and out["none"] is None
    assert isinstance(out["rest"], Pair) and isinstance(out["rest"].left, list)
    np.testing.assert_array_equal(out["rest"].right[0].numpy(), [0, 1, 2])
    (out["sum"].sum() + out["rest"].left[0].sum()).backward()
    np.testing.assert_array_equal(p["a"].grad.numpy(), [3.0, 3.0, 3.0])
    np.testing.assert_array_equal(q.left[0].grad.numpy(), [1.0, 1.0, 1.0])


def test_integers_have_no_gradient() -> None:
    x, k = tensor(4), torch.tensor([1, 1, 3])
    y, place = function(lambda x, k: (np.sum(x[k] * k), np.argmax(x)))(x, k)
    assert y.requires_grad and not place.requires_grad and place.dtype == torch.int64
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0.0, 2.0, 0.0, 3.0])
    assert k.grad is None


def test_inputs_that_need_no_gradient_cost_none() -> None:
    """Only the active inputs are differentiated: one derivative graph for each set of them."""
    x, w = tensor(3), tensor(3, seed=1).detach()
    y = function(lambda x, w: np.sum(np.sin(x * w)))(x, w)
    y.backward()
    np.testing.assert_allclose(x.grad, (torch.cos(x * w) * w).detach(), rtol=1e-14)
    assert w.grad is None


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_dtypes_are_kept(dtype: str) -> None:
    """Python numbers are weak, as in NumPy: they take the dtype of the tensor."""
    x = tensor(3, dtype=getattr(torch, dtype))
    y = function(lambda x, k: np.sum(x * k + 1.5))(x, 2.0)
    y.backward()
    assert y.dtype == x.grad.dtype == x.dtype


def test_recorded_once_for_each_signature() -> None:
    calls: list[Any] = []

    def f(x: Any, k: Any) -> Any:
        calls.append(x)
        return np.sum(x) * k

    g = function(f)
    for value in (1.0, 2.0, 3.0):
        g(torch.full((3,), value, dtype=torch.float64), 2)
    assert len(calls) == 1
    g(torch.ones(4, dtype=torch.float64), 2)  # another shape
    g(torch.ones(3, dtype=torch.float32), 2)  # another dtype
    assert len(calls) == 3
    assert g(torch.ones(3), 2).dtype == torch.float32
    assert g(torch.ones(3, dtype=torch.int64), 2).dtype == torch.int64
    assert g(torch.ones(3, dtype=torch.int64), 2.0).dtype == torch.float64  # 2.0 is not 2
    assert len(calls) == 5


def test_the_cache_is_bounded() -> None:
    calls: list[int] = []

    def f(x: Any, k: Any) -> Any:
        calls.append(k)
        return x * k

    g, x = function(f), torch.ones(1)
    for k in range(interop.torch.SIGNATURES + 1):
        g(x, k)
    g(x, interop.torch.SIGNATURES)
    assert len(calls) == interop.torch.SIGNATURES + 1
    g(x, 0)  # the one unused longest has gone
    assert len(calls) == interop.torch.SIGNATURES + 2


def test_views_and_strides() -> None:
    """Transposed, expanded and sliced tensors are read as they lie in memory."""
    base = tensor(3, 4)
    f = function(lambda x, y: np.sum(x * y[::-1], axis=0))
    for x in (base.T, base[:1].expand(4, 4).T[:, :3], base.T[:, ::2]):
        y = torch.ones(x.shape, dtype=torch.float64) * 2
        out = f(x, y)
        np.testing.assert_allclose(out.detach().numpy(), 2 * x.detach().numpy().sum(0))
    out.sum().backward()
    assert base.grad is not None


def test_results_do_not_alias_inputs() -> None:
    x = torch.ones(3, dtype=torch.float64)
    y = function(lambda x: np.reshape(x, (3, 1)))(x)
    y += 5
    np.testing.assert_array_equal(x.numpy(), [1.0, 1.0, 1.0])


def test_errors_say_what_to_do() -> None:
    f = function(lambda x: x * 2)
    with pytest.raises(TypeError, match=r"tensor of torch\.bfloat16"):
        f(torch.ones(2, dtype=torch.bfloat16))
    with pytest.raises(TypeError, match=r"x\.double\(\)"):
        f(torch.ones(2, dtype=torch.bfloat16))
    with pytest.raises(NotImplementedError, match=r"x\.cpu\(\)"):
        f(torch.ones(2, device="meta"))
    with pytest.raises(TypeError, match="argument x: a object"):
        f(object())
    with pytest.raises(dk.DiffkitError, match=r"np\.where"):
        function(lambda x: x if x > 0 else -x)(torch.tensor(1.0))


def test_complex_tensors() -> None:
    """Gradients are PyTorch's, which are the conjugates of diffkit's, at both orders."""
    f = function(lambda z: z * np.conj(z) * np.exp(z) / np.abs(z))
    data = torch.tensor([0.7 - 0.4j, -1.1 + 0.3j, 0.2 + 0.9j], dtype=torch.complex128)
    z = data.clone().requires_grad_()
    assert torch.autograd.gradcheck(f, (z,))
    assert torch.autograd.gradgradcheck(f, (z,))
    w = data.clone().requires_grad_()
    (f(z).abs() ** 2).sum().backward()
    ((w * w.conj() * torch.exp(w) / w.abs()).abs() ** 2).sum().backward()
    torch.testing.assert_close(z.grad, w.grad, rtol=1e-13, atol=0.0)
    torch.testing.assert_close(f(data.conj()), f(data.conj().resolve_conj()), rtol=0.0, atol=0.0)


def test_complex_results_of_real_tensors() -> None:
    x = torch.tensor([0.4, -1.3, 2.1, 0.2, 1.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(function(lambda x: np.fft.rfft(x) * 1j), (x,))
    assert function(lambda x, c: x * c)(x, 2j).dtype == torch.complex128


def test_not_inside_a_trace() -> None:
    x = torch.ones(2, dtype=torch.float64)
    with pytest.raises(NotImplementedError, match="tracing outside"):
        dk.grad(lambda s: function(lambda y: dnp.array(y) * s)(x))(2.0)


def test_arrays_are_constants() -> None:
    x = tensor(3)
    table = np.arange(3.0)
    y = function(lambda x, t: np.sum(x * t))(x, table)
    table[:] = 100.0  # the caller's array may change before the backward pass
    y.backward()
    np.testing.assert_array_equal(x.grad.numpy(), [0.0, 1.0, 2.0])


def test_named_in_the_package() -> None:
    assert interop.torch.function is function
