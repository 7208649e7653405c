"""Differentiable physics: simulations with their equations, units, losses and oracles.

python -m physics                  lists the problems
python -m physics projectile       states one, checks its oracles and optimises it
"""
