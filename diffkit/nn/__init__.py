"""Neural networks as plain functions of trees of arrays; there are no module classes.

params = nn.mlp_params(rng, (64, 32, 10))
loss = lambda params, x, y: nn.cross_entropy(nn.mlp(params, x), y)
dk.grad(loss)(params, x, y)                      # a tree like params

Layers and losses trace like any NumPy code; optimisers are pure functions of trees.
"""

from .activations import log_softmax as log_softmax
from .activations import relu as relu
from .activations import sigmoid as sigmoid
from .activations import softmax as softmax
from .activations import softplus as softplus
from .activations import tanh as tanh
from .init import glorot_normal as glorot_normal
from .init import glorot_uniform as glorot_uniform
from .init import he_normal as he_normal
from .layers import dense as dense
from .layers import dense_params as dense_params
from .layers import mlp as mlp
from .layers import mlp_params as mlp_params
from .losses import binary_cross_entropy as binary_cross_entropy
from .losses import cross_entropy as cross_entropy
from .losses import mse as mse
from .optimisers import SGD as SGD
from .optimisers import Adam as Adam
from .optimisers import AdamState as AdamState
from .train import accuracy as accuracy
from .train import minibatches as minibatches
from .train import train_step as train_step
