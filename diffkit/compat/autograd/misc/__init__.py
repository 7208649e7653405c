"""Helpers for users: flat vectors of trees, optimisers, fixed points, constant graphs."""

from .flatten import flatten as flatten
from .tracers import const_graph as const_graph
