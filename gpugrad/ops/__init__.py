"""The operations: primitives with their rules, by family. Every public name here is ``gpugrad.NAME``."""

from . import batching as _batching
from . import fft as _fft
from . import methods as _methods
from . import protocols as _protocols
from .activation import elu as elu
from .activation import gelu as gelu
from .activation import gelu_tanh as gelu_tanh
from .activation import hardtanh as hardtanh
from .activation import leaky_relu as leaky_relu
from .activation import log_sigmoid as log_sigmoid
from .activation import logaddexp as logaddexp
from .activation import mish as mish
from .activation import relu as relu
from .activation import selu as selu
from .activation import sigmoid as sigmoid
from .activation import silu as silu
from .activation import softplus as softplus
from .arithmetic import absolute as absolute
from .arithmetic import add as add
from .arithmetic import ceil as ceil
from .arithmetic import divide as divide
from .arithmetic import floor as floor
from .arithmetic import fmod as fmod
from .arithmetic import multiply as multiply
from .arithmetic import negative as negative
from .arithmetic import positive as positive
from .arithmetic import power as power
from .arithmetic import reciprocal as reciprocal
from .arithmetic import remainder as remainder
from .arithmetic import rint as rint
from .arithmetic import round as round
from .arithmetic import sign as sign
from .arithmetic import square as square
from .arithmetic import subtract as subtract
from .arithmetic import trunc as trunc
from .casting import astype as astype
from .casting import copy as copy
from .complex import angle as angle
from .complex import conj as conj
from .complex import imag as imag
from .complex import real as real
from .convolution import conv2d as conv2d
from .convolution import conv_transpose2d as conv_transpose2d
from .diagonal import diag as diag
from .diagonal import diagonal as diagonal
from .diagonal import trace as trace
from .diagonal import tril as tril
from .diagonal import triu as triu
from .einsum import einsum as einsum
from .indexing import getitem as getitem
from .indexing import index_add as index_add
from .indexing import index_update as index_update
from .indexing import nonzero as nonzero
from .indexing import take as take
from .indexing import take_along_axis as take_along_axis
from .joining import array_split as array_split
from .joining import concatenate as concatenate
from .joining import hstack as hstack
from .joining import split as split
from .joining import stack as stack
from .joining import vstack as vstack
from .linalg import affine as affine
from .linalg import dot as dot
from .linalg import inner as inner
from .linalg import matmul as matmul
from .linalg import norm as norm
from .linalg import outer as outer
from .linalg import tensordot as tensordot
from .linalg import vdot as vdot
from .loss import sigmoid_binary_cross_entropy as sigmoid_binary_cross_entropy
from .loss import softmax_cross_entropy as softmax_cross_entropy
from .loss import squared_error as squared_error
from .nondiff import all as all
from .nondiff import any as any
from .nondiff import argmax as argmax
from .nondiff import argmin as argmin
from .nondiff import bitwise_and as bitwise_and
from .nondiff import bitwise_or as bitwise_or
from .nondiff import bitwise_xor as bitwise_xor
from .nondiff import count_nonzero as count_nonzero
from .nondiff import equal as equal
from .nondiff import floor_divide as floor_divide
from .nondiff import full_like as full_like
from .nondiff import greater as greater
from .nondiff import greater_equal as greater_equal
from .nondiff import invert as invert
from .nondiff import isfinite as isfinite
from .nondiff import isinf as isinf
from .nondiff import isnan as isnan
from .nondiff import less as less
from .nondiff import less_equal as less_equal
from .nondiff import logical_and as logical_and
from .nondiff import logical_not as logical_not
from .nondiff import logical_or as logical_or
from .nondiff import logical_xor as logical_xor
from .nondiff import not_equal as not_equal
from .nondiff import ones_like as ones_like
from .nondiff import signbit as signbit
from .nondiff import zeros_like as zeros_like
from .normalization import layer_norm as layer_norm
from .pooling import avg_pool2d as avg_pool2d
from .pooling import max_pool2d as max_pool2d
from .reduction import logsumexp as logsumexp
from .reduction import max as max
from .reduction import mean as mean
from .reduction import min as min
from .reduction import prod as prod
from .reduction import std as std
from .reduction import sum as sum
from .reduction import var as var
from .scan import cumprod as cumprod
from .scan import cumsum as cumsum
from .select import clip as clip
from .select import isclose as isclose
from .select import maximum as maximum
from .select import minimum as minimum
from .select import nan_to_num as nan_to_num
from .select import where as where
from .shape import atleast_1d as atleast_1d
from .shape import atleast_2d as atleast_2d
from .shape import broadcast_arrays as broadcast_arrays
from .shape import broadcast_to as broadcast_to
from .shape import expand_dims as expand_dims
from .shape import flip as flip
from .shape import moveaxis as moveaxis
from .shape import ravel as ravel
from .shape import reshape as reshape
from .shape import roll as roll
from .shape import squeeze as squeeze
from .shape import sum_to as sum_to
from .shape import swapaxes as swapaxes
from .shape import transpose as transpose
from .softmax import log_softmax as log_softmax
from .softmax import softmax as softmax
from .sorting import argsort as argsort
from .sorting import sort as sort
from .sorting import topk as topk
from .tiling import pad as pad
from .tiling import repeat as repeat
from .tiling import tile as tile
from .transcendental import arccos as arccos
from .transcendental import arccosh as arccosh
from .transcendental import arcsin as arcsin
from .transcendental import arcsinh as arcsinh
from .transcendental import arctan as arctan
from .transcendental import arctan2 as arctan2
from .transcendental import arctanh as arctanh
from .transcendental import cbrt as cbrt
from .transcendental import cos as cos
from .transcendental import cosh as cosh
from .transcendental import deg2rad as deg2rad
from .transcendental import erf as erf
from .transcendental import erfc as erfc
from .transcendental import exp as exp
from .transcendental import exp2 as exp2
from .transcendental import expm1 as expm1
from .transcendental import hypot as hypot
from .transcendental import log as log
from .transcendental import log1p as log1p
from .transcendental import log2 as log2
from .transcendental import log10 as log10
from .transcendental import rad2deg as rad2deg
from .transcendental import sin as sin
from .transcendental import sinh as sinh
from .transcendental import sqrt as sqrt
from .transcendental import tan as tan
from .transcendental import tanh as tanh

# NumPy has more than one name for some of them.
abs = absolute
amax, amin = max, min
around = round
concat = concatenate
conjugate = conj
degrees, radians = rad2deg, deg2rad
mod = remainder
permute_dims = transpose
pow = power
true_divide = divide

_batching.install()
_methods.install()
_protocols.install({name: f for name, f in globals().items() if callable(f)}, dict(vars(_fft)))
