"""Optimisers: they read ``.grad`` of parameters and change the parameters in place."""

from .optimizer import Optimizer as Optimizer
from .optimizers import SGD as SGD
from .optimizers import Adam as Adam
from .optimizers import AdamW as AdamW
from .optimizers import RMSProp as RMSProp
