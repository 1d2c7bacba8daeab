"""Runge-Kutta steps in compiled code: formulas run over blocks of cells, and cells one by one where need be.

`pyneuro.reference.runge_kutta` says what is done and why; here it is done without an array of numpy in a loop.
A block of cells takes the whole timestep at once.  Those for which that is too long, or which cross their threshold,
then go on side by side in lanes, each in steps of its own; a lane that has reached the end takes the next cell.
"""

import numpy as np

from libc.math cimport pow

from pyneuro.reference.kernel cimport BLOCK, Kernel

cdef extern from *:
    """
    #include <math.h>

    enum { STAGES = 6 };

    /* Moves of the stages so far added to the state; rows of all three are BLOCK apart. */
    CLONES static void combine(double *out, const double *state, const double *moves, const double *factors,
                               int stages, int variables, int n) {
        for (int v = 0; v < variables; v++) {
            double *o = out + v * BLOCK;
            const double *s = state + v * BLOCK;
            EACH o[i] = s[i];
            for (int stage = 0; stage < stages; stage++) {
                const double *m = moves + (stage * variables + v) * BLOCK;
                double f = factors[stage];
                EACH o[i] += f * m[i];
            }
        }
    }

    /* The estimated error over what is tolerated, the greatest of all variables; not a number wins. */
    CLONES static void strained(double *strain, const double *fresh, const double *moves, const double *factors,
                                double tolerance, const double *small, int variables, int n) {
        EACH strain[i] = 0.0;
        for (int v = 0; v < variables; v++) {
            double error[BLOCK];
            const double *f = fresh + v * BLOCK;
            EACH error[i] = 0.0;
            for (int stage = 0; stage < STAGES; stage++) {
                const double *m = moves + (stage * variables + v) * BLOCK;
                double factor = factors[stage];
                EACH error[i] += factor * m[i];
            }
            EACH error[i] = fabs(error[i]) / (tolerance * (small[v] + fabs(f[i])));
            EACH strain[i] = error[i] > strain[i] || error[i] != error[i] ? error[i] : strain[i];
        }
    }
    """
    enum:
        STAGES
    void combine(double *out, const double *state, const double *moves, const double *factors,
                 int stages, int variables, int n) nogil
    void strained(double *strain, const double *fresh, const double *moves, const double *factors,
                  double tolerance, const double *small, int variables, int n) nogil


cdef class Integrator:
    """The cells of one model, to be moved on by one timestep after the other.

    Parameters
    ----------
    slopes : Formula
        Derivatives of the state variables, of the state variables and the injected current.
    past, reset : Formula, optional
        Whether a cell is past its threshold, and what a spike changes, of the state variables: for a model that is
        reset within the timestep.
    clamped : sequence of bool
        Which variables stand still in a refractory cell.
    rests : bool[cells]
        Which cells are refractory after a spike.
    tables : tuple of float64 arrays
        Factors of the stages (a row each), of the result and of its error.
    timestep : float
        ms.
    small : float64[variables]
        What counts as a small value of each variable.
    limits : tuple of float
        Tolerance, and the shortest step as a part of the timestep.
    """

    cdef Kernel slopes, past, reset
    cdef int variables
    cdef int[::1] changed
    cdef unsigned char[::1] clamped, rests
    cdef double[:, ::1] stages
    cdef double[::1] result, error, strain, none, current, length, tried, tension, left, low, high
    cdef double[:, ::1] state, here, fresh, last
    cdef double[:, :, ::1] moves
    cdef Py_ssize_t[::1] cell, waiting
    cdef double[::1] strains
    cdef unsigned char[::1] still, crosses
    cdef double[::1] small
    cdef double timestep, tolerance, shortest

    def __init__(self, slopes, past, reset, clamped, rests, tables, timestep, small, limits):
        self.slopes = Kernel(slopes)
        self.variables = len(slopes.outputs)
        if past is not None:
            self.past, self.reset = Kernel(past), Kernel(reset)
            self.changed = np.array([list(slopes.outputs).index(name) for name in reset.outputs], np.int32)
        self.clamped = np.array(clamped, np.uint8)
        self.rests = np.array(rests, np.uint8)
        self.stages, self.result, self.error = (np.ascontiguousarray(table, np.float64) for table in tables)
        self.timestep = timestep
        self.small = np.array(small, np.float64)
        self.tolerance, self.shortest = limits
        self.none, self.strain, self.current, self.low, self.high = np.zeros((5, BLOCK))
        self.length, self.tried, self.tension, self.left = np.zeros((4, BLOCK))
        self.still, self.crosses = np.zeros((2, BLOCK), np.uint8)
        self.cell = np.zeros(BLOCK, np.intp)
        self.waiting, self.strains = np.zeros(0, np.intp), np.zeros(0)
        self.state, self.here, self.fresh, self.last = (np.zeros((self.variables, BLOCK)) for _ in range(4))
        self.moves = np.zeros((STAGES, self.variables, BLOCK))

    def advance(self, double[:, ::1] state, const double[::1] current, const unsigned char[::1] held, unsigned char[::1] fired):
        """Move `state` [variables, cells] one timestep on, in place, and mark the cells that were reset in `fired`.

        `current` and `held` may be None.  Return a cell for which no step is short enough, or -1.
        """
        cdef Py_ssize_t cells = state.shape[1], block, start, i, todo = 0, stuck
        cdef int n
        if self.waiting.shape[0] < cells:
            self.waiting, self.strains = np.zeros(cells, np.intp), np.zeros(cells)
        with nogil:
            for i in range(BLOCK):
                self.length[i] = self.timestep
            for block in range((cells + BLOCK - 1) // BLOCK):
                start = block * BLOCK
                n = <int>min(cells - start, <Py_ssize_t>BLOCK)
                self.load(state, start, n, current)
                self.attempt(n, NULL if held is None else &held[start])
                todo = self.store(state, start, n, todo)
            stuck = self.refine(state, todo, current, held, fired)
        return stuck

    cdef void load(self, double[:, ::1] state, Py_ssize_t start, int n, const double[::1] current) noexcept nogil:
        """Take `n` cells from `start` on to work at."""
        cdef int v
        cdef Py_ssize_t i
        for v in range(self.variables):
            for i in range(n):
                self.state[v, i] = state[v, start + i]
        self.slopes.place(start)
        self.slopes.symbol(self.variables, &self.none[0] if current is None else &current[start])
        if self.past is not None:
            self.past.place(start)
            self.reset.place(start)

    cdef Py_ssize_t store(self, double[:, ::1] state, Py_ssize_t start, int n, Py_ssize_t todo) noexcept nogil:
        """Write the fresh states of a block back; the cells that have to go on are to wait, after `todo` others."""
        cdef int v
        cdef Py_ssize_t i
        if self.past is not None:
            self.find_past(self.fresh, n)
        for i in range(n):
            if self.strain[i] <= 1.0 and not (self.past is not None and self.past.output(0)[i] != 0.0):
                for v in range(self.variables):
                    state[v, start + i] = self.fresh[v, i]
            else:
                self.waiting[todo], self.strains[todo] = start + i, self.strain[i]
                todo += 1
        return todo

    cdef void move(self, double[:, ::1] state, double *out, int n, const unsigned char *held) noexcept nogil:
        """Write `self.length` times the derivatives at `state` to `out`."""
        cdef int v
        cdef Py_ssize_t i
        cdef const double *slope
        for v in range(self.variables):
            self.slopes.symbol(v, &state[v, 0])
        self.slopes.run(n)
        for v in range(self.variables):
            slope = self.slopes.output(v)
            for i in range(n):
                out[v * BLOCK + i] = self.length[i] * slope[i]
            if held != NULL and self.clamped[v]:
                for i in range(n):
                    if held[i]:
                        out[v * BLOCK + i] = 0.0

    cdef void attempt(self, int n, const unsigned char *held) noexcept nogil:
        """One step of the pair from `state` to `fresh`, and its strain."""
        cdef int stage
        self.move(self.state, &self.moves[0, 0, 0], n, held)
        for stage in range(1, STAGES):
            combine(&self.here[0, 0], &self.state[0, 0], &self.moves[0, 0, 0], &self.stages[stage - 1, 0], stage, self.variables, n)
            self.move(self.here, &self.moves[stage, 0, 0], n, held)
        combine(&self.fresh[0, 0], &self.state[0, 0], &self.moves[0, 0, 0], &self.result[0], STAGES, self.variables, n)
        strained(
            &self.strain[0], &self.fresh[0, 0], &self.moves[0, 0, 0], &self.error[0],
            self.tolerance, &self.small[0], self.variables, n,
        )

    cdef void find_past(self, double[:, ::1] state, int n) noexcept nogil:
        """Compute whether cells are past their threshold."""
        cdef int v
        for v in range(self.variables):
            self.past.symbol(v, &state[v, 0])
        self.past.run(n)

    # --- lanes ----------------------------------------------------------------------------------------

    cdef Py_ssize_t refine(
        self, double[:, ::1] state, Py_ssize_t todo, const double[::1] current, const unsigned char[::1] held,
        unsigned char[::1] fired,
    ) noexcept nogil:
        """Bring the first `todo` waiting cells to the end of the timestep; return one that does not get there, or -1."""
        cdef Py_ssize_t next = 0
        cdef int n = 0, i
        self.spread()
        while n or next < todo:
            while n < BLOCK and next < todo:
                self.enter(n, next, state, current, held)
                n += 1
                next += 1
            self.attempt(n, &self.still[0])
            for i in range(n):
                self.tried[i], self.tension[i] = self.length[i], self.strain[i]
            if self.past is not None and self.cross(n):
                self.land(n)
            for i in range(n):
                if not self.tension[i] <= 1.0 and self.length[i] < self.shortest * self.timestep:
                    self.leave(i, state)
                    return self.cell[i]
                self.proceed(i, fired)
            i = 0
            while i < n:
                if self.left[i] > 0.0:
                    i += 1
                    continue
                self.leave(i, state)
                n -= 1
                self.shift(n, i)
        return -1

    cdef void spread(self) noexcept nogil:
        """Let the formulas work on lanes."""
        self.slopes.spread()
        self.slopes.symbol(self.variables, &self.current[0])
        if self.past is not None:
            self.past.spread()
            self.reset.spread()

    cdef void take(self, int lane, Py_ssize_t cell) noexcept nogil:
        """Give a lane the parameters of a cell."""
        self.cell[lane] = cell
        self.slopes.take(lane, cell)
        if self.past is not None:
            self.past.take(lane, cell)
            self.reset.take(lane, cell)

    cdef void enter(
        self, int lane, Py_ssize_t place, double[:, ::1] state, const double[::1] current,
        const unsigned char[::1] held,
    ) noexcept nogil:
        """Give a lane to the cell that waits at `place`."""
        cdef Py_ssize_t cell = self.waiting[place]
        cdef int v
        self.take(lane, cell)
        self.current[lane] = 0.0 if current is None else current[cell]
        self.still[lane] = 0 if held is None else held[cell]
        self.left[lane] = self.timestep
        self.length[lane] = self.timestep * min(growth(self.strains[place]), 1.0)
        for v in range(self.variables):
            self.state[v, lane] = state[v, cell]

    cdef void shift(self, int old, int new) noexcept nogil:
        """Move a cell from one lane to another."""
        cdef int v
        self.take(new, self.cell[old])
        self.current[new], self.still[new] = self.current[old], self.still[old]
        self.left[new], self.length[new] = self.left[old], self.length[old]
        for v in range(self.variables):
            self.state[v, new] = self.state[v, old]

    cdef void leave(self, int lane, double[:, ::1] state) noexcept nogil:
        """Write the state of a lane back."""
        cdef int v
        for v in range(self.variables):
            state[v, self.cell[lane]] = self.state[v, lane]

    cdef void proceed(self, int i, unsigned char[::1] fired) noexcept nogil:
        """Take the step of a lane, if it was good, and choose the length of the next one."""
        cdef int v
        if self.tension[i] <= 1.0:
            for v in range(self.variables):
                self.state[v, i] = self.fresh[v, i]
            self.left[i] -= self.length[i]
            if self.crosses[i]:
                fired[self.cell[i]] = 1
                self.still[i] |= self.rests[self.cell[i] if self.rests.shape[0] > 1 else 0]
        self.length[i] = min(self.tried[i] * growth(self.tension[i]), self.left[i])

    cdef bint cross(self, int n) noexcept nogil:
        """Find the lanes that cross their threshold in a good step; return whether there are any."""
        cdef bint crossing = False
        cdef int i
        self.find_past(self.fresh, n)
        for i in range(n):
            self.crosses[i] = self.tension[i] <= 1.0 and self.past.output(0)[i] != 0.0
            crossing |= self.crosses[i]
        return crossing

    cdef void land(self, int n) noexcept nogil:
        """Let the steps that cross the threshold end there, with a spike."""
        cdef int i
        self.move(self.fresh, &self.last[0, 0], n, &self.still[0])
        for i in range(n):
            self.low[i], self.high[i] = 0.0, 1.0
        for _ in range(HALVINGS):
            self.look(n)
        for i in range(n):
            if self.crosses[i]:
                self.length[i] *= self.high[i]
        self.attempt(n, &self.still[0])
        self.spike(n)

    cdef void look(self, int n) noexcept nogil:
        """Look for the crossings in the middles of the intervals `low` to `high`, on cubics, and halve them."""
        cdef double at, gap, out, back
        cdef int v, i
        for v in range(self.variables):
            for i in range(n):
                at = 0.5 * (self.low[i] + self.high[i])
                gap = self.fresh[v, i] - self.state[v, i]
                out, back = self.moves[0, v, i] - gap, self.last[v, i] - gap
                self.here[v, i] = self.state[v, i] + at * (gap + (1.0 - at) * ((1.0 - at) * out - at * back))
        self.find_past(self.here, n)
        for i in range(n):
            at = 0.5 * (self.low[i] + self.high[i])
            if self.past.output(0)[i] != 0.0:
                self.high[i] = at
            else:
                self.low[i] = at

    cdef void spike(self, int n) noexcept nogil:
        """Apply the reset to the lanes that have crossed."""
        cdef int v, i
        cdef Py_ssize_t k
        for v in range(self.variables):
            self.reset.symbol(v, &self.fresh[v, 0])
        self.reset.run(n)
        for k in range(self.changed.shape[0]):
            for i in range(n):
                self.last[k, i] = self.reset.output(<int>k)[i]
        for k in range(self.changed.shape[0]):
            for i in range(n):
                if self.crosses[i]:
                    self.fresh[self.changed[k], i] = self.last[k, i]


cdef enum:
    HALVINGS = 12       # a crossing is found to one 4096th of a step


cdef inline double growth(double strain) noexcept nogil:
    """How much longer the next step may be; the error of a step grows with its fifth power."""
    return 0.9 * pow(max(strain, 1e-4) if strain < 1e4 else 1e4, -0.2)
