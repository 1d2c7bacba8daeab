"""Real variates from KISS-64 streams, for sources that no board has; in double precision.

- Exponential: minus the logarithm of a uniform number.
- Normal: Box and Muller 1958, Ann. Math. Stat. 29, 610-611; one of the two is kept.
- Gamma: Marsaglia and Tsang 2000, ACM Trans. Math. Softw. 26, 363-372, a cube of a normal number, accepted or
  not; below shape 1 a variate of one shape more, times a power of a uniform number.
- Gamma beyond x, that is, given that it exceeds x: where that is likely, draws until one does; else x plus an
  exponential number whose rate lets the most pass (Dagpunar 1978, J. Stat. Comput. Simul. 8, 59-64), accepted
  by the ratio of the densities.
"""

from libc.math cimport M_PI, cos, fmax, log, pow, sqrt
from libc.stdint cimport uint32_t

from emulator.random cimport kiss64_draw


cdef inline double uniform_draw(uint32_t* state) noexcept nogil:
    """A number between 0 and 1, neither of them."""
    return (<double> kiss64_draw(state) + 0.5) * 2.3283064365386963e-10  # 2**-32


cdef inline double unit_exponential_draw(uint32_t* state) noexcept nogil:
    """An exponential number of mean 1."""
    return -log(uniform_draw(state))


cdef inline double normal_draw(uint32_t* state) noexcept nogil:
    """A normal number of mean 0 and variance 1."""
    cdef double radius = sqrt(2.0 * unit_exponential_draw(state))
    return radius * cos(2.0 * M_PI * uniform_draw(state))


cdef inline double gamma_draw(uint32_t* state, double shape) noexcept nogil:
    """A gamma number of scale 1."""
    cdef double d, x, cube
    cdef double factor = 1.0
    if shape == 1.0:
        return unit_exponential_draw(state)
    if shape < 1.0:
        factor = pow(uniform_draw(state), 1.0 / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    while True:
        x = normal_draw(state)
        cube = 1.0 + x / sqrt(9.0 * d)
        cube = cube * cube * cube
        if cube > 0.0 and log(uniform_draw(state)) < 0.5 * x * x + d * (1.0 - cube + log(cube)):
            return factor * d * cube


cdef inline double gamma_beyond_draw(uint32_t* state, double shape, double x) noexcept nogil:
    """A gamma number of scale 1 that exceeds `x`."""
    cdef double y, rate, highest
    if shape == 1.0:
        return x + unit_exponential_draw(state)
    if x < shape:
        while True:
            y = gamma_draw(state, shape)
            if y > x:
                return y
    # The density over that of the proposal is y**(shape - 1) * exp(-(1 - rate) * y) but for constants; from x on it
    # is highest at `highest`.
    rate = 1.0 if shape < 1.0 else (x - shape + sqrt((x - shape) * (x - shape) + 4.0 * x)) / (2.0 * x)
    highest = x if shape < 1.0 else fmax(x, (shape - 1.0) / (1.0 - rate))
    while True:
        y = x + unit_exponential_draw(state) / rate
        if log(uniform_draw(state)) < (shape - 1.0) * log(y / highest) - (1.0 - rate) * (y - highest):
            return y
