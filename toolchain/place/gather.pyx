"""Gathering vertices that share nets: the inner loops of ``affinity``."""

from libc.stdint cimport int8_t, int32_t

import numpy as np


def gather(const int32_t[::1] net_start, const int32_t[::1] net_vertex,
           const int32_t[::1] vertex_start, const int32_t[::1] vertex_net,
           const double[::1] weight, const int32_t[::1] room, int32_t[::1] order):
    """Write into `order` the vertices as they fill bundles, of which each is full with its `room`.

    Net n joins the vertices ``net_vertex[net_start[n]:net_start[n + 1]]``, and a vertex is in the nets that
    `vertex_start` and `vertex_net` give likewise.  What does not fit in all bundles comes last.
    """
    cdef int vertices = order.shape[0], bundles = room.shape[0]
    cdef int placed, bundle = -1, left = 0, first = 0, known = 0, kept, i, j, v, n, best
    cdef double score, top
    cdef double[::1] gain = np.zeros(vertices), met = np.zeros(vertices), total = np.zeros(vertices)
    cdef int32_t[::1] touched = np.full(weight.shape[0], -1, np.int32), candidate = np.zeros(vertices, np.int32)
    cdef int8_t[::1] done = np.zeros(vertices, np.int8)
    with nogil:
        for v in range(vertices):
            for i in range(vertex_start[v], vertex_start[v + 1]):
                total[v] += weight[vertex_net[i]]
        for placed in range(vertices):
            best, kept, top = -1, 0, 0.0
            for i in range(known):
                v = candidate[i]
                if done[v]:
                    continue
                candidate[kept] = v
                kept += 1
                score = met[v] / total[v] if left == 0 else 2 * gain[v] - total[v]
                if best < 0 or score > top or (score == top and v < best):
                    best, top = v, score
            known = kept
            while best < 0:
                best = -1 if done[first] else first
                first += 1
            if left == 0:
                for i in range(known):
                    gain[candidate[i]] = 0.0
                known = 0
                bundle += 1
                left = room[bundle] if bundle < bundles else vertices
            left -= 1
            done[best] = 1
            order[placed] = best
            for i in range(vertex_start[best], vertex_start[best + 1]):
                n = vertex_net[i]
                if touched[n] == bundle:
                    continue
                for j in range(net_start[n], net_start[n + 1]):
                    v = net_vertex[j]
                    if touched[n] < 0:
                        met[v] += weight[n]
                    if not done[v]:
                        if gain[v] == 0.0:
                            candidate[known] = v
                            known += 1
                        gain[v] += weight[n]
                touched[n] = bundle
