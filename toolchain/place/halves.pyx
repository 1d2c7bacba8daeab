"""Cutting units into two halves with few nets between them: the inner loops of ``bisection``.

Sides are 0 and 1.  A net is a set of units with a weight, and may have anchors: it is on a side whatever its units do.
"""

from libc.stdint cimport int8_t, int32_t

import numpy as np


cdef class Halves:
    """Units on two sides, the nets between them, and what each unit would gain by going over.

    Parameters
    ----------
    net_start, net_unit : int32[nets + 1], int32[...]
        The units of net n are those from net_start[n] to net_start[n + 1].
    unit_start, unit_net : int32[units + 1], int32[...]
        The nets of each unit, likewise.
    weight : double[nets]
    anchors : int8[nets, 2]
        Whether a net is on a side whatever its units do.
    size : int32[units]
    held : int8[units]
        The side on which a unit must be, -1 for any.
    most : int32[2]
        What a side may hold.
    """

    cdef const int32_t[::1] net_start, net_unit, unit_start, unit_net, size, most
    cdef const double[::1] weight
    cdef const int8_t[:, ::1] anchors
    cdef const int8_t[::1] held
    cdef int8_t[::1] side, moved
    cdef int32_t[:, ::1] count
    cdef int32_t[::1] path
    cdef double[::1] gain
    cdef int32_t filled[2]
    cdef int largest, units

    def __init__(self, net_start, net_unit, unit_start, unit_net, weight, anchors, size, held, most):
        self.net_start, self.net_unit, self.unit_start, self.unit_net = net_start, net_unit, unit_start, unit_net
        self.weight, self.anchors, self.size, self.held, self.most = weight, anchors, size, held, most
        self.units, self.largest = len(size), max(size)
        self.moved, self.side = np.zeros((2, self.units), np.int8)
        self.path, self.gain = np.zeros(self.units, np.int32), np.zeros(self.units)
        self.count = np.zeros((len(weight), 2), np.int32)

    def grow(self, int first):
        """The sides if side 0 grows from unit `first`, by the unit that gains most each time, until it is full enough."""
        cdef int unit = first
        self.start_from(np.where(np.asarray(self.held) == 0, 0, 1).astype(np.int8))
        with nogil:
            while unit >= 0 and self.filled[1] > self.most[1]:
                if self.filled[0] + self.size[unit] <= self.most[0] and self.side[unit] == 1 and self.held[unit] < 0:
                    self.move(unit)
                self.moved[unit] = 1
                unit = self.best(1, 0)
        return np.array(self.side)

    def refine(self, const int8_t[::1] side, int passes):
        """The sides after `passes` over all units, or fewer if one is in vain; and the weight of the nets between."""
        cdef int i
        self.start_from(side)
        with nogil:
            for i in range(passes):
                if not self.improve():
                    break
        return np.array(self.side), self.cut()

    cpdef bint is_balanced(self):
        """Whether each side holds what is on it."""
        return self.excess() == 0

    cdef inline int excess(self) noexcept nogil:
        return max(0, self.filled[0] - self.most[0]) + max(0, self.filled[1] - self.most[1])

    cdef double cut(self) noexcept nogil:
        cdef int n
        cdef double sum = 0.0
        for n in range(self.weight.shape[0]):
            if self.count[n, 0] and self.count[n, 1]:
                sum += self.weight[n]
        return sum

    cdef void start_from(self, const int8_t[::1] side) noexcept:
        """Count what is on each side, and what each unit gains."""
        cdef int n, u, i
        self.side[:] = side
        self.moved[:] = 0
        self.filled[0], self.filled[1] = 0, 0
        for u in range(self.units):
            self.filled[self.side[u]] += self.size[u]
        for n in range(self.weight.shape[0]):
            self.count[n, 0], self.count[n, 1] = self.anchors[n, 0], self.anchors[n, 1]
            for i in range(self.net_start[n], self.net_start[n + 1]):
                self.count[n, self.side[self.net_unit[i]]] += 1
        for u in range(self.units):
            self.gain[u] = 0.0
            for i in range(self.unit_start[u], self.unit_start[u + 1]):
                n = self.unit_net[i]
                self.gain[u] += self.weight[n] * ((self.count[n, self.side[u]] == 1) - (self.count[n, 1 - self.side[u]] == 0))

    cdef bint improve(self) noexcept nogil:
        """Move every unit once, the one that gains most first, and go back to where the cut was smallest.

        Sides may be fuller by a unit on the way, or nothing could move where both are full.
        """
        cdef int steps = 0, kept = 0, unit, u, least = self.excess()
        cdef double gained = 0.0, most = 0.0
        for u in range(self.units):
            self.moved[u] = self.held[u] >= 0
        while steps < self.units:
            unit = self.best(0, self.largest)
            if unit < 0:
                break
            gained += self.gain[unit]
            self.move(unit)
            self.moved[unit] = 1
            self.path[steps] = unit
            steps += 1
            if self.excess() < least or (self.excess() == least and gained > most + 1e-9):
                kept, most, least = steps, gained, self.excess()
        while steps > kept:
            steps -= 1
            self.move(self.path[steps])
        return kept > 0

    cdef int best(self, int from_side, int tolerance) noexcept nogil:
        """The unit that gains most and has not moved, from side 1 alone if `from_side` is 1; -1 if there is none."""
        cdef int u, found = -1, other
        for u in range(self.units):
            if self.moved[u] or (from_side and self.side[u] != 1):
                continue
            other = 1 - self.side[u]
            if self.filled[other] + self.size[u] > self.most[other] + tolerance:
                continue
            if found < 0 or self.gain[u] > self.gain[found]:
                found = u
        return found

    cdef void move(self, int unit) noexcept nogil:
        """Move `unit` to the other side, with the gains of those with which it shares nets."""
        cdef int i, n, origin = self.side[unit], target = 1 - origin
        for i in range(self.unit_start[unit], self.unit_start[unit + 1]):
            n = self.unit_net[i]
            if self.count[n, target] == 0:
                self.change(n, origin, self.weight[n])
            elif self.count[n, target] == 1:
                self.change(n, target, -self.weight[n])
            self.count[n, origin] -= 1
            self.count[n, target] += 1
            if self.count[n, origin] == 0:
                self.change(n, target, -self.weight[n])
            elif self.count[n, origin] == 1:
                self.change(n, origin, self.weight[n], unit)
        self.side[unit] = target
        self.filled[origin] -= self.size[unit]
        self.filled[target] += self.size[unit]
        self.gain[unit] = 0.0
        for i in range(self.unit_start[unit], self.unit_start[unit + 1]):
            n = self.unit_net[i]
            self.gain[unit] += self.weight[n] * ((self.count[n, target] == 1) - (self.count[n, origin] == 0))

    cdef void change(self, int net, int side, double by, int but=-1) noexcept nogil:
        """Change the gain of the units of `net` on a `side`."""
        cdef int i, u
        for i in range(self.net_start[net], self.net_start[net + 1]):
            u = self.net_unit[i]
            if self.side[u] == side and u != but:
                self.gain[u] += by
