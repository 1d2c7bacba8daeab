"""Arranging bundles of vertices on chips by annealing: the inner loops of ``compact``.

Bundles are numbers, positions are numbers of chips in a list, and a net is a set of bundles.  The length of a net
is that of the minimum spanning tree of its chips, by the links of the shortest ways between them.
"""

from libc.math cimport exp, fabs, pow
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint64_t

import numpy as np

cdef int FAR = 32767


cdef class Arrangement:
    """Bundles on chips, and what their nets cost.

    Parameters
    ----------
    chips : int32[positions, 2]
    room, need : int32[positions], int32[bundles]
        Cores that a chip has, and that a bundle takes.
    fixed : int8[bundles]
        1 for bundles that are not to be moved.
    at : int32[width, height]
        The position that is chip (x, y), -1 if none is.
    distance : int16[2 * width - 1, 2 * height - 1]
        Links between chips dx, dy apart, at [dx + width - 1, dy + height - 1].
    net_start, net_bundle : int32[nets + 1], int32[...]
        The bundles of net n are those from net_start[n] to net_start[n + 1].
    bundle_start, bundle_net : int32[bundles + 1], int32[...]
        The nets of each bundle, likewise.
    weight : double[nets]
    position : int32[bundles]
        Where the bundles are to begin with.
    """

    cdef const int32_t[::1] x, y, room, need, net_start, net_bundle, bundle_start, bundle_net
    cdef const int8_t[::1] fixed
    cdef const int32_t[:, ::1] at
    cdef const int16_t[:, ::1] distance
    cdef const double[::1] weight
    cdef int32_t[::1] place, holder, terminal, nearest, changed
    cdef int64_t[::1] stamp
    cdef double[::1] cost, fresh
    cdef int bundles, positions, width, height, changes
    cdef int64_t work, stamps
    cdef uint64_t state
    cdef readonly double total

    def __init__(self, const int32_t[:, ::1] chips, const int32_t[::1] room, const int32_t[::1] need,
                 const int8_t[::1] fixed, const int32_t[:, ::1] at, const int16_t[:, ::1] distance,
                 const int32_t[::1] net_start, const int32_t[::1] net_bundle,
                 const int32_t[::1] bundle_start, const int32_t[::1] bundle_net,
                 const double[::1] weight, const int32_t[::1] position):
        cdef int b, n, nets = weight.shape[0]
        self.x, self.y = np.ascontiguousarray(chips[:, 0]), np.ascontiguousarray(chips[:, 1])
        self.room, self.need, self.fixed, self.at, self.distance = room, need, fixed, at, distance
        self.net_start, self.net_bundle = net_start, net_bundle
        self.bundle_start, self.bundle_net, self.weight = bundle_start, bundle_net, weight
        self.bundles, self.positions = need.shape[0], room.shape[0]
        self.width, self.height = at.shape[0], at.shape[1]
        self.place, self.holder = np.array(position), np.full(self.positions, -1, np.int32)
        self.stamp, self.changed = np.zeros(nets, np.int64), np.zeros(nets, np.int32)
        self.terminal, self.nearest = np.zeros(self.bundles, np.int32), np.zeros(self.bundles, np.int32)
        self.cost, self.fresh = np.zeros(nets), np.zeros(nets)
        self.stamps, self.changes, self.work, self.total = 0, 0, 0, 0.0
        for b in range(self.bundles):
            self.holder[self.place[b]] = b
        for n in range(nets):
            self.cost[n] = self.length(n) * weight[n]
            self.total += self.cost[n]

    @property
    def position(self):
        """Where the bundles are, int32[bundles]."""
        return np.array(self.place)

    def anneal(self, int64_t effort, double hot, double cold, uint64_t seed):
        """Move bundles and swap them, for `effort` steps of the inner loops, while the temperature falls.

        It falls from `hot` to `cold` by the same factor in each step; both are costs.
        """
        cdef double temperature, delta, done
        cdef int bundle, target, origin
        self.seed(seed)
        self.work = 0
        with nogil:
            while self.work < effort:
                done = <double> self.work / effort
                temperature = hot * pow(cold / hot, done)
                bundle = self.below(self.bundles)
                target = self.target(bundle, 1.0 - done)
                origin = self.place[bundle]
                if target < 0 or target == origin or not self.allowed(bundle, target):
                    continue
                delta = self.move(bundle, target)
                if delta <= 0 or self.uniform() < exp(-delta / temperature):
                    self.accept()
                else:
                    self.swap(bundle, origin)

    def typical_change(self, int samples, uint64_t seed):
        """The mean change of the cost, up or down, by `samples` moves to anywhere; nothing is moved."""
        cdef int i, bundle, target, origin
        cdef double mean = 0.0
        self.seed(seed)
        for i in range(samples):
            bundle, target = self.below(self.bundles), self.below(self.positions)
            origin = self.place[bundle]
            mean += fabs(self.move(bundle, target)) / samples
            self.swap(bundle, origin)
        return mean

    cdef inline void seed(self, uint64_t seed) noexcept nogil:
        """Begin to draw; an odd number of many bits, so that streams of small seeds differ from the start."""
        self.state = (2 * seed + 1) * <uint64_t> 0x9E3779B97F4A7C15

    cdef inline uint64_t draw(self) noexcept nogil:
        """64 random bits by xorshift64* (S. Vigna 2016, "An experimental exploration of Marsaglia's xorshift ...")."""
        self.state ^= self.state >> 12
        self.state ^= self.state << 25
        self.state ^= self.state >> 27
        return self.state * <uint64_t> 2685821657736338717

    cdef inline int below(self, int n) noexcept nogil:
        return <int> (((self.draw() >> 32) * <uint64_t> n) >> 32)

    cdef inline double uniform(self) noexcept nogil:
        return (self.draw() >> 11) * 1.1102230246251565e-16

    cdef int target(self, int bundle, double share) noexcept nogil:
        """Where to try `bundle`: anywhere, or near a bundle that it shares a net with; -1 if there is no chip.

        How near is a `share` of the machine, so that moves become small as it gets cold.
        """
        cdef int nets = self.bundle_start[bundle + 1] - self.bundle_start[bundle], net, other
        self.work += 8
        if nets == 0 or self.uniform() < 0.3 * share:
            return self.below(self.positions)
        net = self.bundle_net[self.bundle_start[bundle] + self.below(nets)]
        other = self.place[self.net_bundle[self.net_start[net] + self.below(self.net_start[net + 1] - self.net_start[net])]]
        return self.at[self.near(self.x[other], self.width, share), self.near(self.y[other], self.height, share)]

    cdef inline int near(self, int x, int extent, double share) noexcept nogil:
        """A coordinate near `x`, at most a quarter of the extent away; beyond an edge it goes on at the other."""
        cdef int reach = 1 + <int> (share * extent / 4)
        return (x + self.below(2 * reach + 1) - reach + extent) % extent

    cdef inline bint allowed(self, int bundle, int target) noexcept nogil:
        """Whether `bundle`, and what is at `target`, may be moved and have the cores they need at the other's place."""
        cdef int other = self.holder[target]
        if self.fixed[bundle] or self.need[bundle] > self.room[target]:
            return False
        return other < 0 or not (self.fixed[other] or self.need[other] > self.room[self.place[bundle]])

    cdef inline int apart(self, int p, int q) noexcept nogil:
        return self.distance[self.x[q] - self.x[p] + self.width - 1, self.y[q] - self.y[p] + self.height - 1]

    cdef int length(self, int net) noexcept nogil:
        """Links of the minimum spanning tree of `net`, by Prim's algorithm."""
        cdef int k = 0, i, best, p, d, links = 0
        for i in range(self.net_start[net], self.net_start[net + 1]):
            self.terminal[k] = self.place[self.net_bundle[i]]
            self.nearest[k] = FAR
            k += 1
        self.work += <int64_t> k * k // 2 + 2
        while k > 1:
            k -= 1
            p, best = self.terminal[k], 0
            for i in range(k):
                d = self.apart(p, self.terminal[i])
                if d < self.nearest[i]:
                    self.nearest[i] = d
                if self.nearest[i] < self.nearest[best]:
                    best = i
            links += self.nearest[best]
            # The next terminal to look from goes last, where the loop takes it from.
            p, d = self.terminal[best], self.nearest[best]
            self.terminal[best], self.nearest[best] = self.terminal[k - 1], self.nearest[k - 1]
            self.terminal[k - 1], self.nearest[k - 1] = p, d
        return links

    cdef double move(self, int bundle, int target) noexcept nogil:
        """Move `bundle` to `target`, and what is there to where it was; the change of the cost."""
        cdef int i, n, other = self.holder[target]
        cdef double delta = 0.0
        self.swap(bundle, target)
        self.stamps += 2
        self.changes = 0
        if other >= 0 and other != bundle:
            for i in range(self.bundle_start[other], self.bundle_start[other + 1]):
                self.stamp[self.bundle_net[i]] = self.stamps
        for i in range(self.bundle_start[bundle], self.bundle_start[bundle + 1]):
            n = self.bundle_net[i]
            if self.stamp[n] == self.stamps:
                self.stamp[n] += 1  # A net of both has the same chips as before.
            else:
                delta += self.measure(n)
        if other >= 0 and other != bundle:
            for i in range(self.bundle_start[other], self.bundle_start[other + 1]):
                n = self.bundle_net[i]
                if self.stamp[n] == self.stamps:
                    delta += self.measure(n)
        return delta

    cdef inline double measure(self, int net) noexcept nogil:
        """The change of the cost of `net`, which is noted."""
        self.changed[self.changes] = net
        self.changes += 1
        self.fresh[net] = self.length(net) * self.weight[net]
        return self.fresh[net] - self.cost[net]

    cdef void accept(self) noexcept nogil:
        cdef int i, n
        for i in range(self.changes):
            n = self.changed[i]
            self.total += self.fresh[n] - self.cost[n]
            self.cost[n] = self.fresh[n]

    cdef void swap(self, int bundle, int target) noexcept nogil:
        cdef int other = self.holder[target], p = self.place[bundle]
        self.holder[p] = other
        if other >= 0:
            self.place[other] = p
        self.holder[target] = bundle
        self.place[bundle] = target
