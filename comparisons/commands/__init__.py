"""The commands of `python -m comparisons`, a file a group."""
