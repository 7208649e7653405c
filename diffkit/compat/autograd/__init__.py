"""A stand-in for the package autograd: its names and ways of calling, on diffkit.

    import diffkit.compat.autograd.numpy as np
    from diffkit.compat.autograd import grad, jacobian, elementwise_grad

Code that was written for autograd runs with these imports instead. What a function is given while
it is recorded are traced values of diffkit, and containers of them are plain containers.
Derivatives are diffkit's, with its rules at kinks; forward mode has every rule that reverse mode
has, and an array may be written inside of a function, which autograd refuses.
"""

from . import core as core
from . import extend as extend
from . import numpy as numpy
from . import tracer as tracer
from . import util as util
from .builtins import dict as dict
from .builtins import isinstance as isinstance
from .builtins import list as list
from .builtins import tuple as tuple
from .builtins import type as type
from .core import primitive as primitive
from .differential_operators import checkpoint as checkpoint
from .differential_operators import deriv as deriv
from .differential_operators import elementwise_grad as elementwise_grad
from .differential_operators import grad as grad
from .differential_operators import grad_and_aux as grad_and_aux
from .differential_operators import grad_named as grad_named
from .differential_operators import hessian as hessian
from .differential_operators import hessian_tensor_product as hessian_tensor_product
from .differential_operators import hessian_vector_product as hessian_vector_product
from .differential_operators import holomorphic_grad as holomorphic_grad
from .differential_operators import jacobian as jacobian
from .differential_operators import make_ggnvp as make_ggnvp
from .differential_operators import make_hvp as make_hvp
from .differential_operators import make_jvp as make_jvp
from .differential_operators import make_vjp as make_vjp
from .differential_operators import multigrad_dict as multigrad_dict
from .differential_operators import tensor_jacobian_product as tensor_jacobian_product
from .differential_operators import value_and_grad as value_and_grad
from .differential_operators import vector_jacobian_product as vector_jacobian_product
