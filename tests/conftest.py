"""Set before diffkit is imported: every graph that any test builds is verified."""

import os

os.environ["DIFFKIT_CHECK"] = "1"
