"""The one loop of the partition's checker: between which slices each synapse needs packets.

Written apart from the loops that make the rows, so that no mistake is shared.
"""

from libc.stdint cimport int32_t, uint8_t


def mark_traffic(
    const int32_t[::1] pre,
    const int32_t[::1] post,
    const double[::1] delay,
    double timestep,
    const int32_t[::1] cells,
    const int32_t[::1] stages,
    const int32_t[::1] targets,
    uint8_t[:, ::1] wanted,
):
    """Mark ``wanted[source slice, target slice]`` of every synapse, and return -1.

    A synapse that needs delay stages where its source slice has none stops it; its number is returned.

    Parameters
    ----------
    delay : float64[synapses] or float64[1]
        Delays in ms; those that round to more than 16 timesteps (ms) need delay stages.
    cells, stages : int32[source cells]
        The slice of each source cell, and that of its delay stages or -1.
    targets : int32[target cells]
        The slice of each target cell.
    """
    cdef Py_ssize_t i, each = delay.shape[0] > 1
    cdef int32_t sender
    with nogil:
        for i in range(pre.shape[0]):
            # 16.5 itself rounds to the even 16
            sender = stages[pre[i]] if delay[i * each] / timestep > 16.5 else cells[pre[i]]
            if sender < 0:
                break
            wanted[sender, targets[post[i]]] = 1
        else:
            i = -1
    return i
