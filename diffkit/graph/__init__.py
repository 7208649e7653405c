"""The intermediate representation: data, builder, printer, verifier and meaning."""

from .atoms import Atom as Atom
from .atoms import Lit as Lit
from .atoms import Loc as Loc
from .atoms import Var as Var
from .atoms import literal as literal
from .builder import Builder as Builder
from .builder import Value as Value
from .builder import read as read
from .collector import paused_collector as paused_collector
from .evaluate import evaluate as evaluate
from .evaluate import flops as flops
from .evaluate import node_flops as node_flops
from .graph import Graph as Graph
from .graph import Node as Node
from .graph import live_nodes as live_nodes
from .graph import to_text as to_text
from .op import Bilinear as Bilinear
from .op import Constant as Constant
from .op import Elementwise as Elementwise
from .op import Linear as Linear
from .op import Op as Op
from .op import Reduction as Reduction
from .verifier import verify as verify
