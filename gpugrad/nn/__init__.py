"""Layers and models, written on the public face of gpugrad."""

from .convolution import Conv2d as Conv2d
from .convolution import Flatten as Flatten
from .convolution import MaxPool2d as MaxPool2d
from .layers import MLP as MLP
from .layers import Linear as Linear
from .layers import ReLU as ReLU
from .layers import Sequential as Sequential
from .layers import Tanh as Tanh
from .module import Module as Module
from .normalization import LayerNorm as LayerNorm
