"""Operations whose formulas hold for floats: integers give the same, complex numbers are refused."""

import numpy as np
import pytest

import gpugrad as gg

NAMES = ["sigmoid", "silu", "softplus", "log_sigmoid", "mish", "gelu", "gelu_tanh", "erf", "erfc"]


@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "uint32", "int64"])
@pytest.mark.parametrize("name", [*NAMES, "softmax", "log_softmax", "logsumexp"])
def test_integers_give_what_floats_give(name, dtype, device):
    f, x = getattr(gg, name), np.array([0, 1, 3]).astype(dtype)
    result = f(gg.tensor(x, device=device)).numpy()
    expected = f(gg.tensor(x.astype(float), device=device)).numpy()
    tolerance = 2e-3 if x.dtype.itemsize == 1 else 1e-12  # the floats of one byte are float16, as NumPy's
    np.testing.assert_allclose(result, expected, rtol=tolerance)


@pytest.mark.parametrize("name", NAMES)
def test_complex_numbers_are_refused(name, device):
    with pytest.raises(TypeError, match=r"real|complex"):
        getattr(gg, name)(gg.tensor([1 + 2j], device=device))
