"""The engine: tensors, the graph they leave behind, and the sweeps over it. It knows no operation."""

from .forward import push_forward as push_forward
from .hooks import HookHandle as HookHandle
from .modes import detect_anomaly as detect_anomaly
from .modes import enable_grad as enable_grad
from .modes import guard_arrays as guard_arrays
from .modes import is_grad_enabled as is_grad_enabled
from .modes import no_grad as no_grad
from .primitive import Primitive as Primitive
from .primitive import primitive as primitive
from .primitive import ufunc as ufunc
from .reverse import sweep as sweep
from .rules import by_hand as by_hand
from .rules import defjvp as defjvp
from .rules import defvjp as defvjp
from .rules import elementwise as elementwise
from .rules import linear as linear
from .rules import multilinear as multilinear
from .rules import nondifferentiable as nondifferentiable
from .tensor import Tensor as Tensor
from .tensor import from_dlpack as from_dlpack
from .tensor import make as make
from .tensor import outward as outward
from .tensor import seed as seed
from .tensor import tensor as tensor
from .writes import written as written
