"""gmm in PyTorch: batched products of the differences, and PyTorch's own log-sum-exp."""

from comparisons.gradbench.evals.gmm import PARAMETERS, constant, entries_below

__all__ = ["objective"]


def objective(parameters, x, gamma, *, m):
    """The log posterior for points x, float64[n, d]; the parameters are a dict of tensors."""
    import torch

    alpha, mu, q, l = (parameters[name] for name in PARAMETERS)  # noqa: E741
    (n, d), k = x.shape, len(alpha)
    rows, columns = entries_below(d)
    factors = torch.diag_embed(torch.exp(q))
    factors[:, torch.from_numpy(rows), torch.from_numpy(columns)] = l
    z = torch.einsum("kij,nkj->nki", factors, x[:, None, :] - mu)
    beta = alpha + q.sum(dim=1) - 0.5 * (z**2).sum(dim=2)
    likelihood = torch.logsumexp(beta, dim=1).sum() - n * torch.logsumexp(alpha, dim=0)
    prior = m * q.sum() - 0.5 * gamma**2 * (factors**2).sum()
    return constant(n, d, k, gamma, m) + likelihood + prior
