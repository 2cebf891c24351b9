"""Transforms: functions of functions, each a sweep over what a call recorded."""

from .gradient import grad as grad
from .gradient import jvp as jvp
from .gradient import stop_gradient as stop_gradient
from .gradient import value_and_grad as value_and_grad
from .gradient import vjp as vjp
