"""A pytest plugin that serves `diffkit.compat.autograd` under the name `autograd`, so that a test
suite written for that package runs unchanged: `pytest -p alias_plugin`."""

import importlib
import importlib.abc
import importlib.util
import sys

SOURCE, TARGET = "autograd", "diffkit.compat.autograd"


class Served(importlib.abc.Loader):
    """Hands out a module that is there under another name."""

    def __init__(self, real):
        self.real = real

    def create_module(self, spec):
        return importlib.import_module(self.real)

    def exec_module(self, module):
        pass


class Alias(importlib.abc.MetaPathFinder):
    """Finds `autograd.x` where `diffkit.compat.autograd.x` is."""

    def find_spec(self, name, path=None, target=None):
        if name != SOURCE and not name.startswith(SOURCE + "."):
            return None
        real = TARGET + name[len(SOURCE) :]
        if importlib.util.find_spec(real) is None:
            return None
        return importlib.util.spec_from_loader(name, Served(real))


def pytest_configure(config):
    """Before any test is imported; importing this module alone changes nothing."""
    sys.meta_path.insert(0, Alias())
