"""A barrier for threads that meet tens of thousands of times a second.

The barriers of OpenMP spin for milliseconds when a thread is late; where other work competes for the processors,
a run of 10,000 ticks then takes minutes.  This one spins for microseconds, then hands the processor on.
"""

cdef extern from *:
    """
    #include <sched.h>
    #include <stdint.h>

    #if defined(__x86_64__) || defined(__i386__)
    #define relax() __builtin_ia32_pause()
    #else
    #define relax() ((void) 0)
    #endif

    enum { SPINS = 200 };

    typedef struct {
        int32_t arrived;
        char apart[60];     /* two cache lines: who waits does not disturb who arrives */
        int32_t phase;
        char alone[60];
    } Barrier;

    static inline void meet(Barrier *barrier, int32_t threads)
    {
        int32_t phase = __atomic_load_n(&barrier->phase, __ATOMIC_ACQUIRE);
        if (__atomic_add_fetch(&barrier->arrived, 1, __ATOMIC_ACQ_REL) == threads) {
            __atomic_store_n(&barrier->arrived, 0, __ATOMIC_RELAXED);
            __atomic_store_n(&barrier->phase, phase + 1, __ATOMIC_RELEASE);
            return;
        }
        for (int32_t spins = 0; __atomic_load_n(&barrier->phase, __ATOMIC_ACQUIRE) == phase; spins++) {
            if (spins < SPINS)
                relax();
            else
                sched_yield();
        }
    }
    """
    ctypedef struct Barrier:
        pass

    # Wait until all `threads` threads are here.
    void meet(Barrier* barrier, int threads) noexcept nogil
