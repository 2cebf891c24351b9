"""The op table: one row for each operation. What loops over it is in ``tests/ops``."""

from .activation import ROWS as _ACTIVATION
from .arithmetic import ROWS as _ARITHMETIC
from .complex import ROWS as _COMPLEX
from .convolution import ROWS as _CONVOLUTION
from .fft import ROWS as _FFT
from .indexing import ROWS as _INDEXING
from .joining import ROWS as _JOINING
from .linalg import ROWS as _LINALG
from .nondiff import ROWS as _NONDIFF
from .normalization import ROWS as _NORMALIZATION
from .reduction import ROWS as _REDUCTION
from .row import Bad as Bad
from .row import Row as Row
from .row import Sample as Sample
from .scan import ROWS as _SCAN
from .select import ROWS as _SELECT
from .shape import ROWS as _SHAPE
from .softmax import ROWS as _SOFTMAX
from .transcendental import ROWS as _TRANSCENDENTAL

ROWS: tuple[Row, ...] = (
    *_ARITHMETIC,
    *_TRANSCENDENTAL,
    *_ACTIVATION,
    *_COMPLEX,
    *_SELECT,
    *_REDUCTION,
    *_SCAN,
    *_SOFTMAX,
    *_NORMALIZATION,
    *_SHAPE,
    *_JOINING,
    *_INDEXING,
    *_LINALG,
    *_FFT,
    *_CONVOLUTION,
    *_NONDIFF,
)
