"""What diffkit is timed against computes the same derivatives."""

import pytest

from comparisons.gradbench.contenders import METHODS, PEERS, NotMeasured, prepare
from comparisons.gradbench.evals import EVALS
from comparisons.gradbench.measure import arrays
from comparisons.gradbench.validate import difference

PAIRS = [(name, method) for method in PEERS for name in PEERS[method]]


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")  # PyTorch's own call of it
@pytest.mark.parametrize("name, method", PAIRS, ids=[f"{n}-{m}" for n, m in PAIRS])
def test_a_peer_agrees_with_the_derivative_by_hand(name, method):
    eval = EVALS[name]
    given = eval.generate(**eval.small[0].sizes)
    try:
        peer = prepare(method, eval, eval.derivative, given)
    except NotMeasured as why:
        pytest.skip(str(why))
    by_hand = prepare("njit", eval, eval.derivative, given)
    found = arrays(peer.result(peer.derivative()))
    assert difference(found, arrays(by_hand.derivative())) <= 1e-12


def test_who_has_no_derivative_is_not_measured():
    given = EVALS["particle"].generate(**EVALS["particle"].small[0].sizes)
    for method in METHODS:
        if method in PEERS and "particle" not in PEERS[method]:
            with pytest.raises(NotMeasured, match="no derivative"):
                prepare(method, EVALS["particle"], "ff", given)
