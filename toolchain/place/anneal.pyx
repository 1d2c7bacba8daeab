"""Moving vertices between chips by annealing: the inner loops of ``annealing``.

Units (see ``units``) and chips are numbers.  Nets that end at the same units share one list of sinks; those of list l
are nets net_start[l] to net_start[l + 1].  Sets of numbers are rows of arrays, with the place where each row starts.
"""

from libc.math cimport exp, fabs, pow
from libc.stdint cimport int8_t, int16_t, int32_t, int64_t, uint8_t, uint32_t, uint64_t

import numpy as np

from toolchain.place.words cimport Words


cdef class Nets:
    """The nets between units: their sources, weights and lists of sinks.

    Parameters
    ----------
    source, weight : int32[nets], double[nets]
    net_start : int32[lists + 1]
    sink_start, sink : int32[lists + 1], int32[...]
        The units in each list.
    list_start, list_of : int32[units + 1], int32[...]
        The lists that each unit is in.
    out_start, out : int32[units + 1], int32[...]
        The nets that start at each unit.
    list_of_net : int32[nets]
    """

    cdef const int32_t[::1] source, net_start, sink_start, sink, list_start, list_of, out_start, out, list_of_net
    cdef const double[::1] weight

    def __init__(self, source, weight, net_start, sink_start, sink, list_start, list_of, out_start, out, list_of_net):
        self.source, self.weight, self.net_start = source, weight, net_start
        self.sink_start, self.sink = sink_start, sink
        self.list_start, self.list_of = list_start, list_of
        self.out_start, self.out, self.list_of_net = out_start, out, list_of_net


cdef class Units:
    """What units take of a chip, and where they may go.

    Parameters
    ----------
    cores, sdram : int32[units], int64[units]
    pinned : int8[units]
        1 for units that are not to be moved.
    limit : int32[units]
        The row of `chips` with the chips where the unit may go.
    chips : uint8[limits, chips]
    fixed : uint32[units]
        Cores that a unit must have, core p as bit p.
    these, those : uint64[units]
        Sides of rules by which units are apart, rule r as bit r.
    """

    cdef const int32_t[::1] cores, limit
    cdef const int64_t[::1] sdram
    cdef const int8_t[::1] pinned
    cdef const uint8_t[:, ::1] chips
    cdef const uint32_t[::1] fixed
    cdef const uint64_t[::1] these, those

    def __init__(self, cores, sdram, pinned, limit, chips, fixed, these, those):
        self.cores, self.sdram, self.pinned, self.limit, self.chips = cores, sdram, pinned, limit, chips
        self.fixed, self.these, self.those = fixed, these, those


cdef class Annealing:
    """Units on chips, and the links that their nets take, and the entries if these are paid for.

    Parameters
    ----------
    chip_x, chip_y, room_cores, room_sdram : int32[chips], int32[chips], int32[chips], int64[chips]
        Where the chips are, and what each has.
    at : int32[width, height]
        The number of chip (x, y), -1 if there is none.
    way : int16[2 * width - 1, 2 * height - 1, 3]
        Links between chips dx, dy apart, and dx and dy of the shortest way, at [dx + width - 1, dy + height - 1].
    position : int32[units]
        Where the units are to begin with.
    """

    cdef Nets nets
    cdef Units units
    cdef const int32_t[::1] x, y
    cdef const int32_t[:, ::1] at
    cdef const int16_t[:, :, ::1] way
    cdef int32_t[::1] place, free, head, next, before, links, fresh, changed, memo
    cdef int64_t[::1] list_stamp, chip_stamp, memo_stamp
    cdef int32_t[::1] terminal, tree_x, tree_y, tree_chip, bucket, following, best
    cdef uint8_t[::1] leaves, arrival
    cdef int64_t[::1] sdram
    cdef int64_t[:, ::1] marked
    cdef int64_t marks, stamps, gathered
    cdef int width, height, changes, terminals
    cdef int64_t work
    cdef uint64_t state
    cdef readonly double total
    cdef double lowest, price
    cdef bint counting
    cdef Words words

    def __init__(self, Nets nets, Units units, chip_x, chip_y, room_cores, room_sdram, at, way, position):
        cdef int u, n_units = len(position), n_nets = len(nets.source), n_chips = len(chip_x)
        self.nets, self.units, self.x, self.y, self.at, self.way = nets, units, chip_x, chip_y, at, way
        self.width, self.height = self.at.shape[0], self.at.shape[1]
        self.place, self.best = np.array(position), np.array(position)
        self.free, self.sdram = np.array(room_cores), np.array(room_sdram)
        self.head = np.full(n_chips, -1, np.int32)
        self.next, self.before = np.full((2, n_units), -1, np.int32)
        self.links, self.fresh, self.changed = np.zeros((3, n_nets), np.int32)
        self.list_stamp = np.zeros(len(nets.sink_start), np.int64)
        self.chip_stamp, self.memo_stamp = np.zeros((2, n_chips), np.int64)
        self.memo, self.terminal, self.following = np.zeros((3, n_chips), np.int32)
        self.tree_x, self.tree_y, self.tree_chip = np.zeros((3, self.width * self.height + 1), np.int32)
        self.leaves, self.arrival = np.zeros((2, self.width * self.height + 1), np.uint8)
        self.bucket = np.full(self.width + self.height + 1, -1, np.int32)
        self.marked = np.zeros((self.width, self.height), np.int64)
        self.marks, self.gathered, self.stamps, self.changes = 0, 0, 0, 0
        self.work, self.price, self.counting, self.words = 0, 0.0, False, Words(n_nets, self.width * self.height)
        for u in range(n_units):
            self.enter(u, self.place[u])
        self.measure_all()
        self.lowest = self.total

    @property
    def position(self):
        """Where the units were when the cost was lowest, int32[units]."""
        return np.array(self.best)

    def entries(self):
        """The entries that nets need where the cost was lowest, if keys are made for them (see `words`)."""
        self.begin(1.0)
        return self.words.different

    def typical_change(self, int samples, uint64_t seed):
        """The mean change of the cost, up or down, by moves to nearby chips; nothing stays moved."""
        cdef int tried, made = 0, unit, other, target, origin
        cdef double sum = 0.0
        self.state = seed * 2 + 1
        for tried in range(samples):
            unit, target, other = self.propose(1.0)
            if unit < 0:
                continue
            origin = self.place[unit]
            sum += fabs(self.move(unit, target, other))
            self.exchange(unit, origin, other)
            made += 1
        return sum / made if made else 0.0

    def anneal(self, int64_t effort, double hot, double cold, uint64_t seed, double entries=0.0):
        """From the best positions so far, move and swap units while the temperature falls.

        It falls from `hot` to `cold` by the same factor in each of `effort` steps of the inner loops; both are costs.
        A per cent of the entries costs what `entries` per cent of packets times links do.
        """
        cdef double temperature, delta, done
        cdef (int, int, int) move
        cdef int origin
        self.state = seed * 2 + 1
        self.work = 0
        with nogil:
            self.begin(entries)
            while self.work < effort:
                done = <double> self.work / effort
                temperature = hot * pow(cold / hot, done)
                move = self.propose(1.0 - done)
                if move[0] < 0:
                    continue
                origin = self.place[move[0]]
                delta = self.move(move[0], move[1], move[2])
                if delta <= 0 or self.uniform() < exp(-delta / temperature):
                    self.accept(delta)
                else:
                    self.exchange(move[0], origin, move[2])
                    self.turn_words()

    cdef void begin(self, double entries) noexcept nogil:
        """Return to the best positions, where it is found out what an entry costs."""
        self.counting = entries > 0
        self.return_to_best()
        self.price = entries * self.total / self.words.different if self.counting and self.words.different else 0.0
        self.total += self.price * self.words.different
        self.lowest = self.total

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

    # --- moves --------------------------------------------------------------------------------------------------

    cdef (int, int, int) propose(self, double share) noexcept nogil:
        """A unit, a chip for it, and the unit there that it changes places with, -1 for none; unit -1 for no move."""
        cdef int unit = self.below(self.place.shape[0]), target, other, slot, origin = self.place[unit]
        self.work += 8
        target = self.target(unit, share)
        if target < 0 or target == origin or self.units.pinned[unit]:
            return -1, -1, -1
        if not self.units.chips[self.units.limit[unit], target]:
            return -1, -1, -1
        # A free core is as likely as each that is taken.
        slot = self.below(17)
        other = self.head[target]
        while other >= 0 and slot > 0:
            other = self.next[other]
            slot -= 1
        if other >= 0 and (self.units.pinned[other] or not self.units.chips[self.units.limit[other], origin]):
            return -1, -1, -1
        if not (self.has_room(unit, target, other) and self.agrees(unit, target, other)):
            return -1, -1, -1
        if other >= 0 and not (self.has_room(other, origin, unit) and self.agrees(other, origin, unit)):
            return -1, -1, -1
        return unit, target, other

    cdef int target(self, int unit, double share) noexcept nogil:
        """The chip where a net of `unit` starts or ends, or one near it; -1 if none is there.

        How near is a `share` of the machine, so that moves become small as it gets cold.
        """
        cdef int outs = self.nets.out_start[unit + 1] - self.nets.out_start[unit]
        cdef int ins = self.nets.list_start[unit + 1] - self.nets.list_start[unit]
        cdef int l, net, other, reach, x, y
        if outs + ins == 0 or self.uniform() < 0.2 * share:
            return self.below(self.head.shape[0])
        if (outs and self.below(2)) or not ins:
            l = self.nets.list_of_net[self.nets.out[self.nets.out_start[unit] + self.below(outs)]]
        else:
            l = self.nets.list_of[self.nets.list_start[unit] + self.below(ins)]
        if self.below(2) or self.nets.sink_start[l + 1] == self.nets.sink_start[l]:
            net = self.nets.net_start[l] + self.below(self.nets.net_start[l + 1] - self.nets.net_start[l])
            other = self.nets.source[net]
        else:
            ins = self.nets.sink_start[l + 1] - self.nets.sink_start[l]
            other = self.nets.sink[self.nets.sink_start[l] + self.below(ins)]
        if self.below(4):
            return self.place[other]
        reach = 1 + <int> (share * max(self.width, self.height) / 4)
        x = self.x[self.place[other]] + self.below(2 * reach + 1) - reach
        y = self.y[self.place[other]] + self.below(2 * reach + 1) - reach
        return self.at[(x + 2 * self.width) % self.width, (y + 2 * self.height) % self.height]

    cdef inline bint has_room(self, int unit, int chip, int leaving) noexcept nogil:
        cdef int cores = self.free[chip]
        cdef int64_t sdram = self.sdram[chip]
        if leaving >= 0:
            cores += self.units.cores[leaving]
            sdram += self.units.sdram[leaving]
        return cores >= self.units.cores[unit] and sdram >= self.units.sdram[unit]

    cdef inline bint agrees(self, int unit, int chip, int leaving) noexcept nogil:
        """Whether nothing on `chip` but `leaving` must be apart from `unit`, or has the core that it must have."""
        cdef int other = self.head[chip]
        cdef uint64_t these = self.units.these[unit], those = self.units.those[unit]
        if not (these | those | self.units.fixed[unit]):
            return True
        while other >= 0:
            if other != leaving:
                if these & self.units.those[other] or those & self.units.these[other]:
                    return False
                if self.units.fixed[unit] & self.units.fixed[other]:
                    return False
            other = self.next[other]
        return True

    cdef void enter(self, int unit, int chip) noexcept nogil:
        self.place[unit] = chip
        self.free[chip] -= self.units.cores[unit]
        self.sdram[chip] -= self.units.sdram[unit]
        self.before[unit], self.next[unit] = -1, self.head[chip]
        if self.head[chip] >= 0:
            self.before[self.head[chip]] = unit
        self.head[chip] = unit

    cdef void leave(self, int unit) noexcept nogil:
        cdef int chip = self.place[unit]
        self.free[chip] += self.units.cores[unit]
        self.sdram[chip] += self.units.sdram[unit]
        if self.before[unit] >= 0:
            self.next[self.before[unit]] = self.next[unit]
        else:
            self.head[chip] = self.next[unit]
        if self.next[unit] >= 0:
            self.before[self.next[unit]] = self.before[unit]

    cdef void exchange(self, int unit, int target, int other) noexcept nogil:
        """Put `unit` on `target`, and `other`, if any, on the chip that it leaves."""
        cdef int origin = self.place[unit]
        self.leave(unit)
        if other >= 0:
            self.leave(other)
            self.enter(other, origin)
        self.enter(unit, target)

    cdef void return_to_best(self) noexcept nogil:
        cdef int u
        for u in range(self.place.shape[0]):
            self.leave(u)
        for u in range(self.place.shape[0]):
            self.enter(u, self.best[u])
        self.measure_all()

    # --- the change of the cost -----------------------------------------------------------------------------------

    cdef double move(self, int unit, int target, int other) noexcept nogil:
        """Exchange, and the change of the cost; the nets that have changed are noted."""
        cdef int i, l, net, origin = self.place[unit]
        cdef double delta = 0.0
        self.exchange(unit, target, other)
        self.changes = 0
        # Of lists: stamps + 1 is in those of `other`, + 2 in those of both, which end where they did, + 3 is measured.
        self.stamps += 4
        if other >= 0:
            for i in range(self.nets.list_start[other], self.nets.list_start[other + 1]):
                self.list_stamp[self.nets.list_of[i]] = self.stamps + 1
        for i in range(self.nets.list_start[unit], self.nets.list_start[unit + 1]):
            l = self.nets.list_of[i]
            if self.list_stamp[l] == self.stamps + 1:
                self.list_stamp[l] = self.stamps + 2
                if self.counting:
                    self.measure_list(l)
            elif self.counting or self.ends_elsewhere(l, unit, origin):
                self.measure_list(l)
        if other >= 0:
            for i in range(self.nets.list_start[other], self.nets.list_start[other + 1]):
                l = self.nets.list_of[i]
                if self.list_stamp[l] == self.stamps + 1 and (self.counting or self.ends_elsewhere(l, other, target)):
                    self.measure_list(l)
            self.measure_sources(other)
        self.measure_sources(unit)
        for i in range(self.changes):
            net = self.changed[i]
            delta += (self.fresh[net] - self.links[net]) * self.nets.weight[net]
        i = self.words.different
        self.turn_words()
        return delta + self.price * (self.words.different - i)

    cdef void turn_words(self) noexcept nogil:
        """Let the other words count of the nets that have changed."""
        cdef int i
        if self.counting:
            for i in range(self.changes):
                self.words.turn(self.changed[i])

    cdef void measure_all(self) noexcept nogil:
        """Measure every net."""
        cdef int l, n
        self.total = 0.0
        if self.counting:
            self.words.clear()
        for l in range(self.nets.net_start.shape[0] - 1):
            self.changes = 0
            self.measure_list(l)
            self.turn_words()
        for n in range(self.links.shape[0]):
            self.links[n] = self.fresh[n]
            self.total += self.links[n] * self.nets.weight[n]

    cdef void accept(self, double delta) noexcept nogil:
        """Keep the lengths that were measured, and the positions if they are the best so far."""
        cdef int i
        for i in range(self.changes):
            self.links[self.changed[i]] = self.fresh[self.changed[i]]
        self.total += delta
        if self.total < self.lowest - 1e-9 * self.lowest:
            self.lowest = self.total
            self.best[:] = self.place
            self.work += self.place.shape[0] // 8

    cdef bint ends_elsewhere(self, int l, int unit, int origin) noexcept nogil:
        """Whether `unit`, which has left `origin`, was list l's only one there, or is the only one where it is now."""
        cdef int i, chip
        cdef bint there = False, here = False
        self.work += 4
        for i in range(self.nets.sink_start[l], self.nets.sink_start[l + 1]):
            if self.nets.sink[i] == unit:
                continue
            chip = self.place[self.nets.sink[i]]
            there |= chip == origin
            here |= chip == self.place[unit]
            if there and here:
                break
            self.work += 1
        return not (there and here)

    cdef void measure_list(self, int l) noexcept nogil:
        """Measure the nets of list `l`, those that start on one chip together."""
        cdef int net, chip
        self.list_stamp[l] = self.stamps + 3
        self.gather(l)
        for net in range(self.nets.net_start[l], self.nets.net_start[l + 1]):
            chip = self.place[self.nets.source[net]]
            if self.memo_stamp[chip] != self.gathered:
                self.memo_stamp[chip] = self.gathered
                self.memo[chip] = net
                self.note(net, self.length(chip))
                self.write_words(net)
            else:
                self.note(net, self.fresh[self.memo[chip]])
                if self.counting:
                    self.words.copy(net, self.memo[chip])
        self.forget_ends()

    cdef void measure_sources(self, int unit) noexcept nogil:
        """Measure the nets that start at `unit` and have not been measured."""
        cdef int i, net
        for i in range(self.nets.out_start[unit], self.nets.out_start[unit + 1]):
            net = self.nets.out[i]
            if self.list_stamp[self.nets.list_of_net[net]] != self.stamps + 3:
                self.gather(self.nets.list_of_net[net])
                self.note(net, self.length(self.place[unit]))
                self.write_words(net)
                self.forget_ends()

    cdef inline void note(self, int net, int links) noexcept nogil:
        self.fresh[net] = links
        self.changed[self.changes] = net
        self.changes += 1

    cdef void write_words(self, int net) noexcept nogil:
        """Write the words of a net, on the tree that was grown last."""
        cdef int row, rows = self.fresh[net] + 1
        if self.counting:
            for row in range(rows):
                self.tree_chip[row] = self.tree_x[row] * self.height + self.tree_y[row]
            self.words.write(net, rows, self.tree_chip, self.leaves, self.arrival)
            self.work += 2 * rows

    cdef void forget_ends(self) noexcept nogil:
        """Forget where the list ends that was gathered last."""
        cdef int i
        if self.counting:
            for i in range(self.terminals):
                self.words.forget(self.x[self.terminal[i]] * self.height + self.y[self.terminal[i]])

    cdef void gather(self, int l) noexcept nogil:
        """Find the chips where list `l` ends."""
        cdef int i, chip
        self.gathered += 1
        self.terminals = 0
        for i in range(self.nets.sink_start[l], self.nets.sink_start[l + 1]):
            chip = self.place[self.nets.sink[i]]
            if self.chip_stamp[chip] != self.gathered:
                self.chip_stamp[chip] = self.gathered
                self.terminal[self.terminals] = chip
                self.terminals += 1
            if self.counting:
                self.words.deliver(self.x[chip] * self.height + self.y[chip], self.nets.sink[i])
        self.work += self.nets.sink_start[l + 1] - self.nets.sink_start[l]

    # --- the length of a tree ---------------------------------------------------------------------------------------

    cdef int length(self, int source) noexcept nogil:
        """Links of the tree from chip `source` to the chips that were gathered, as neighbour-exploring routing grows it."""
        cdef int i, d, t, rows = 1, farthest = 0
        for i in range(self.terminals):
            t = self.terminal[i]
            d = self.apart(self.x[source], self.y[source], self.x[t], self.y[t])
            self.following[i] = self.bucket[d]
            self.bucket[d] = i
            farthest = max(farthest, d)
        self.marks += 1
        self.tree_x[0], self.tree_y[0] = self.x[source], self.y[source]
        self.marked[self.x[source], self.y[source]] = self.marks
        self.leaves[0] = 0
        for d in range(farthest + 1):
            i = self.bucket[d]
            self.bucket[d] = -1
            while i >= 0:
                t = self.terminal[i]
                if self.marked[self.x[t], self.y[t]] != self.marks:
                    rows = self.join(self.x[t], self.y[t], rows)
                i = self.following[i]
        return rows - 1

    cdef inline int apart(self, int x, int y, int to_x, int to_y) noexcept nogil:
        return self.way[to_x - x + self.width - 1, to_y - y + self.height - 1, 0]

    cdef int join(self, int x, int y, int rows) noexcept nogil:
        """Join chip (x, y) to the nearest of the `rows` chips of the tree; the rows of the tree then."""
        cdef int row = rows, d, best = self.width + self.height, start = 0, dx, dy, diagonal = 0
        while row > 0 and best > 1:
            row -= 1
            d = self.apart(self.tree_x[row], self.tree_y[row], x, y)
            if d < best:
                best, start = d, row
        self.work += rows - row + 4
        dx = self.way[x - self.tree_x[start] + self.width - 1, y - self.tree_y[start] + self.height - 1, 1]
        dy = self.way[x - self.tree_x[start] + self.width - 1, y - self.tree_y[start] + self.height - 1, 2]
        if (dx >= 0) == (dy >= 0):
            diagonal = min(dx, dy) if dx >= 0 else max(dx, dy)
        dx, dy = dx - diagonal, dy - diagonal
        # Two of the three legs at the most are not zero; the longer one comes first.
        if abs(diagonal) >= max(abs(dx), abs(dy)):
            rows = self.extend(start, rows, diagonal, diagonal)
            return self.extend(rows - 1, rows, dx, dy)
        if diagonal:
            rows = self.extend(start, rows, dx, dy)
            return self.extend(rows - 1, rows, diagonal, diagonal)
        if abs(dx) >= abs(dy):
            rows = self.extend(start, rows, dx, 0)
            return self.extend(rows - 1, rows, 0, dy)
        rows = self.extend(start, rows, 0, dy)
        return self.extend(rows - 1, rows, dx, 0)

    cdef int extend(self, int start, int rows, int dx, int dy) noexcept nogil:
        """Add the chips of a straight leg from row `start` of the tree; its rows then."""
        cdef int n, x = self.tree_x[start], y = self.tree_y[start]
        # Links are numbered east, north-east, north, and then the opposite ones.
        cdef uint8_t link = 1 << ((1 if dx and dy else 2 if dy else 0) + 3 * (dx < 0 or dy < 0))
        for n in range(max(abs(dx), abs(dy))):
            x = (x + (dx > 0) - (dx < 0) + self.width) % self.width
            y = (y + (dy > 0) - (dy < 0) + self.height) % self.height
            self.marked[x, y] = self.marks
            self.tree_x[rows], self.tree_y[rows] = x, y
            self.leaves[start] |= link
            self.leaves[rows], self.arrival[rows] = 0, link
            start = rows
            rows += 1
        return rows
