"""diffkit: one NumPy function, every derivative, measured."""

from . import interop as interop
from . import nn as nn
from .api import grad as grad
from .api import hessian as hessian
from .api import hvp as hvp
from .api import jacobian as jacobian
from .api import jvp as jvp
from .api import stop_gradient as stop_gradient
from .api import trace as trace
from .api import value_and_grad as value_and_grad
from .api import vjp as vjp
from .check import check_grads as check_grads
from .errors import DiffkitError as DiffkitError
from .graph import Graph as Graph
from .jit import jit as jit
from .modes.method import ComplexStep as ComplexStep
from .modes.method import Finite as Finite
from .modes.method import Forward as Forward
from .modes.method import Reverse as Reverse
from .modes.method import Symbolic as Symbolic
from .teach import explain as explain
from .types import b1 as b1
from .types import f32 as f32
from .types import f64 as f64
from .types import i32 as i32
from .types import i64 as i64
