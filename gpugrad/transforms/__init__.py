"""Transforms: functions of functions, each a sweep over what a call recorded."""

from .checkpoint import checkpoint as checkpoint
from .custom_jvp import custom_jvp as custom_jvp
from .custom_vjp import custom_vjp as custom_vjp
from .function import Function as Function
from .function import once_differentiable as once_differentiable
from .gradient import grad as grad
from .gradient import jvp as jvp
from .gradient import stop_gradient as stop_gradient
from .gradient import value_and_grad as value_and_grad
from .gradient import vjp as vjp
from .implicit import custom_root as custom_root
from .implicit import fixed_point as fixed_point
from .jacobian import hessian as hessian
from .jacobian import jacfwd as jacfwd
from .jacobian import jacobian as jacobian
from .jacobian import jacrev as jacrev
from .make_graph import Graph as Graph
from .make_graph import make_graph as make_graph
from .odeint import odeint as odeint
from .products import elementwise_grad as elementwise_grad
from .products import hvp as hvp
from .products import linearize as linearize
from .vmap import vmap as vmap
