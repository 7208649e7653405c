"""Accuracy and cost of differentiation methods, measured.

Use it as `python -m comparisons run`, `report` or `list`.
"""
