"""Layers and models, written on the public face of gpugrad."""

from .layers import MLP as MLP
from .layers import Linear as Linear
from .layers import ReLU as ReLU
from .layers import Sequential as Sequential
from .layers import Tanh as Tanh
from .module import Module as Module
