"""Rows of synapses with dynamics, and histories of spikes, linked into C structures.

A program that runs over synapses has its registers on the bench of the thread that runs it: all that it reads is
written before each run.  Constants and tables are shared by all.
"""

import numpy as np

from libc.stdint cimport int16_t, int32_t, int64_t, uint32_t, uint64_t
from libc.stdlib cimport calloc, free

from emulator.growable cimport release
from emulator.lanes cimport VECTOR
from emulator.rewire cimport DRAW_CELL, DRAW_CHANCE, DRAW_DELAY, DRAW_PARTNER, DRAW_PLACE, DRAW_PROJECTION
from emulator.state cimport (
    DOPAMINE,
    DOSE,
    DRAW,
    DRAWS,
    ELIGIBILITY,
    GAP,
    GIVEN,
    HISTORY,
    LANES,
    NEXT,
    POST_TRACE,
    PRE_TRACE,
    SEEN_POST,
    SEEN_PRE,
    SENT,
    SINCE,
    SINCE_POST,
    SINCE_PRE,
    WEIGHT,
    Dynamic,
    History,
    Partners,
    Place,
    Rewiring,
    Routine,
)

from emulator.cycles import routine_cycles
from emulator.image import NeuronCore
from emulator.synaptic_rows import RELEASE_HEADER_WORDS, STREAM, FixedRows, ModulatedRows, PlasticRows
from emulator.program import Role
from emulator.update import aligned

NEVER = 2**31 - 1
DRAWS_OF_ATTEMPTS = (DRAW_CELL, DRAW_PLACE, DRAW_PROJECTION, DRAW_PARTNER, DRAW_CHANCE, DRAW_DELAY)
ALWAYS_GIVEN = {
    "weight": WEIGHT,
    "since_pre": SINCE_PRE,
    "since_post": SINCE_POST,
    "seen_pre": SEEN_PRE,
    "seen_post": SEEN_POST,
    "eligibility": ELIGIBILITY,
    "dopamine": DOPAMINE,
    "since": SINCE,
    "dose": DOSE,
    "next": NEXT,
    "gap": GAP,
}


def programs_of(image, core):
    """The programs that run over the synapses of a core, and over its spikes."""
    numbers = [history.program for history in core.histories]
    numbers += [core.dopamine.add, core.dopamine.merge] if core.dopamine else []
    for rows in core.dynamic:
        if isinstance(rows, PlasticRows):
            numbers += [rows.add_pre, rows.apply_pre, rows.apply_post]
            numbers += [rows.elapse] if isinstance(rows, ModulatedRows) else []
        elif not isinstance(rows, FixedRows):
            numbers.append(rows.program)
    return [image.programs[number] for number in numbers]


def bench(image):
    """The registers of a thread for all programs that run over synapses: int32[registers, LANES + VECTOR]."""
    cores = [core for core in image.cores if isinstance(core, NeuronCore)]
    depths = [len(program.registers) for core in cores for program in programs_of(image, core)]
    return aligned(max(depths, default=0), LANES + VECTOR)


def given_names(pre, post):
    """What a program may be given, by the name of its register."""
    names = ALWAYS_GIVEN | {f"draw_{place}": DRAW + place for place in range(DRAWS)}
    names |= {f"pre_{name}": PRE_TRACE + place for place, name in enumerate(pre)}
    return names | {f"post_{name}": POST_TRACE + place for place, name in enumerate(post)}


def no_events(n):
    """Ticks of the entries of histories in which nothing has happened yet: int32[n, HISTORY]."""
    ticks = np.full((n, HISTORY), NEVER, dtype=np.int32)
    ticks[:, 0] = 0
    return ticks


cdef class Banks:
    """Histories and dynamic rows of one core, as they are at the start.

    Parameters
    ----------
    image : MachineImage
        Checked.
    core : NeuronCore
    benches : list of int32[registers, LANES + VECTOR]
        Registers of each thread.
    shared : SharedRows
        For constants.

    Attributes
    ----------
    rows : list of uint32[words]
        The rows of each bank, as they are now.
    remembered : list of (int32[n, HISTORY], int16[traces, n, HISTORY], int32[n], int32[n])
        Ticks and traces of each history, the last entry of each neuron, and the tick of its latest spike that had to go.
    dosed : (int32[n, HISTORY], int32[n, HISTORY], int32[n], int32[n])
        Ticks of the arrivals of dopamine, concentrations after them, the last entry of each neuron, and the tick of the
        latest that was merged; () without.
    """

    def __init__(self, image, core, benches, shared):
        cdef int32_t number
        self.threads = len(benches)
        self.benches, self.shared = benches, shared
        self.kept, self.rows, self.remembered, self.dosed = [], [], [], ()
        self.history_count, self.dynamic_count = len(core.histories), len(core.dynamic)
        self.histories = <History*> calloc(max(self.history_count, 1), sizeof(History))
        self.dynamic = <Dynamic*> calloc(max(self.dynamic_count, 1), sizeof(Dynamic))
        if self.histories == NULL or self.dynamic == NULL:
            raise MemoryError("no memory left to load the image")
        for number, made in enumerate(core.histories):
            self.load_history(&self.histories[number], made, image.programs[made.program], core.n)
        if core.dopamine:
            self.load_doses(core.dopamine, image, core.n)
        for number, made in enumerate(core.dynamic):
            self.load_rows(&self.dynamic[number], made)
            if isinstance(made, PlasticRows):
                self.load_plastic(&self.dynamic[number], made, core, image)
                if isinstance(made, ModulatedRows):
                    self.load_modulated(&self.dynamic[number], made, image)
            elif isinstance(made, FixedRows):
                self.dynamic[number].fixed = True
            else:
                self.load_release(&self.dynamic[number], made, image)
        if core.rewiring is not None:
            self.load_rewiring(core.rewiring)

    def __dealloc__(self):
        cdef int32_t number
        for number in range(self.history_count):
            free(self.histories[number].add_post.registers)
        for number in range(self.dynamic_count):
            release(&self.dynamic[number].waiting)
            free(self.dynamic[number].add_pre.registers)
            free(self.dynamic[number].apply_pre.registers)
            free(self.dynamic[number].apply_post.registers)
            free(self.dynamic[number].elapse.registers)
            free(self.dynamic[number].release.registers)
        free(self.doses.add_dose.registers)
        free(self.doses.merge.registers)
        free(self.histories)
        free(self.dynamic)
        if self.rewiring != NULL:
            for number in range(self.rewiring.partner_count):
                release(&self.rewiring.partners[number].heard)
            free(self.rewiring.partners)
        free(self.rewiring)

    cdef int load_history(self, History* history, made, program, int n) except -1:
        """A history in which no neuron has spiked yet."""
        times = no_events(n)
        traces = np.zeros((max(len(made.traces), 1), n, HISTORY), dtype=np.int16)
        cdef int32_t[:, ::1] time = times
        cdef int16_t[:, :, ::1] trace = traces
        last, lost = np.zeros((2, n), dtype=np.int32)
        cdef int32_t[::1] lasts = last, losses = lost
        history.time, history.trace, history.last = &time[0, 0], &trace[0, 0, 0], &lasts[0]
        history.lost = &losses[0]
        history.traces = len(made.traces)
        self.remembered.append((times, traces, last, lost))
        self.load_routine(&history.add_post, program, given_names((), made.traces))
        return 0

    cdef int load_rows(self, Dynamic* bank, made) except -1:
        """A copy of the rows, with room behind them for a vector that starts there."""
        room = np.zeros(len(made.rows) + VECTOR, dtype=np.uint32)
        cdef uint32_t[::1] words = room
        rows = room[:len(made.rows)]
        rows[:] = made.rows
        self.rows.append(rows)
        bank.rows = &words[0] if len(rows) else NULL
        bank.shift, bank.defer = made.shift, made.defer
        return 0

    cdef int load_plastic(self, Dynamic* bank, made, core, image) except -1:
        """What is needed to process plastic rows."""
        names = given_names(made.traces, core.histories[made.history].traces)
        self.load_routine(&bank.add_pre, image.programs[made.add_pre], names)
        self.load_routine(&bank.apply_pre, image.programs[made.apply_pre], names)
        self.load_routine(&bank.apply_post, image.programs[made.apply_post], names)
        bank.history = &self.histories[made.history]
        bank.traces = len(made.traces)
        bank.header = 1 + (bank.traces + 1) // 2
        back = np.ascontiguousarray(made.back, dtype=np.int32)
        cdef const int32_t[::1] backs = back
        bank.back = &backs[0]
        self.kept.append(back)
        return 0

    cdef int load_doses(self, made, image, int n) except -1:
        """Arrivals of dopamine, of which there have been none yet."""
        cdef int32_t place
        times, concentrations = no_events(n), np.zeros((n, HISTORY), dtype=np.int32)
        last, lost = np.zeros((2, n), dtype=np.int32)
        cdef int32_t[:, ::1] time = times, after = concentrations
        cdef int32_t[::1] lasts = last, losses = lost
        self.doses.time, self.doses.after, self.doses.last = &time[0, 0], &after[0, 0], &lasts[0]
        self.doses.lost = &losses[0]
        self.doses.types = len(made.signs)
        for place, sign in enumerate(made.signs):
            self.doses.sign[place] = sign
        self.dosed = times, concentrations, last, lost
        self.load_routine(&self.doses.add_dose, image.programs[made.add], given_names((), ()))
        self.load_routine(&self.doses.merge, image.programs[made.merge], given_names((), ()))
        return 0

    cdef int load_modulated(self, Dynamic* bank, made, image) except -1:
        """What is needed to process plastic rows that dopamine modulates, besides what others need."""
        self.load_routine(&bank.elapse, image.programs[made.elapse], given_names((), ()))
        lag = np.ascontiguousarray(made.lag, dtype=np.int32)
        cdef const int32_t[::1] lags = lag
        self.kept.append(lag)
        bank.modulated, bank.doses, bank.lag = True, &self.doses, &lags[0]
        return 0

    cdef int load_release(self, Dynamic* bank, made, image) except -1:
        """What is needed to process rows that release."""
        cdef int32_t place
        program = image.programs[made.program]
        self.load_routine(&bank.release, program, given_names((), ()))
        [bank.release.given[SENT]] = [register for name, register, _ in program.recorded if name == "sent"]
        bank.releases, bank.header, bank.program = True, RELEASE_HEADER_WORDS, made.program
        bank.key = <uint64_t> made.key
        bank.draws = sum(register.name.startswith("draw_") for register in program.registers)
        bank.word_count, bank.state_count = len(made.words), len(program.numbers(Role.STATE))
        for place, name in enumerate(made.words):
            bank.word_register[place] = -1 if name == STREAM else program.register(name)
        return 0

    cdef int load_rewiring(self, made) except -1:
        """Places for synapses, as they are at the start."""
        cdef Rewiring* rewiring = <Rewiring*> calloc(1, sizeof(Rewiring))
        cdef int32_t[:, ::1] there
        cdef int32_t number
        self.rewiring = rewiring
        if rewiring == NULL:
            raise MemoryError("no memory left to load the image")
        self.there = np.array(made.there, dtype=np.int32, order="C")
        there = self.there
        rewiring.there = <Place*> &there[0, 0]
        rewiring.key, rewiring.attempts = <uint64_t> made.key, made.attempts
        rewiring.first, rewiring.cells, rewiring.places = made.first, made.cells, made.places
        rewiring.repeats, rewiring.of_spikes = made.repeats, made.of_spikes
        rewiring.width, rewiring.height = made.grid
        rewiring.loss_if_weak, rewiring.loss = made.losses
        rewiring.partners = <Partners*> calloc(len(made.partners), sizeof(Partners))
        if rewiring.partners == NULL:
            raise MemoryError("no memory left to load the image")
        rewiring.partner_count = len(made.partners)
        for number, partners in enumerate(made.partners):
            self.load_partners(&rewiring.partners[number], partners, made.of_spikes > 0)
        return 0

    cdef int load_partners(self, Partners* partners, made, bint of_spikes) except -1:
        """Where synapses of one kind are and come to be."""
        cdef const int64_t[::1] chances
        partners.cells, partners.width, partners.blocks = made.cells, made.width, made.address.shape[1]
        partners.banks, partners.hears = self.ints(made.banks), made.hears
        partners.address, partners.stride = self.ints(made.address.reshape(-1)), self.ints(made.stride.reshape(-1))
        partners.served, partners.control = self.ints(made.served), self.ints(made.control)
        partners.delays = len(made.served)
        partners.weight, partners.weak = made.weight, made.weak
        table = np.ascontiguousarray(made.chances, dtype=np.int64)
        self.kept.append(table)
        chances = table
        partners.chances, partners.distances = &chances[0] if len(table) else NULL, len(table)
        if of_spikes:
            self.dynamic[made.banks[made.hears]].heard = &partners.heard
        return 0

    cdef const int32_t* ints(self, array) except? NULL:
        """Address of int32 words that live as long as this."""
        cdef const int32_t[::1] words
        kept = np.ascontiguousarray(array, dtype=np.int32)
        self.kept.append(kept)
        words = kept
        return &words[0] if len(kept) else NULL

    cdef int load_routine(self, Routine* routine, program, given) except -1:
        """A program, its registers in each thread, and which of them it is given."""
        cdef const int32_t[::1] code, words
        cdef int32_t place, register, thread
        packed = program.code.reshape(-1)
        code = packed
        self.kept.append(packed)
        routine.code = &code[0] if len(packed) else NULL
        routine.instructions = len(program.code)
        routine.register_count = len(program.registers)
        routine.cycles = routine_cycles(program)
        for place in range(GIVEN):
            routine.given[place] = -1
        read = {number for instruction in program.instructions for number in instruction.reads}
        for register, declared in enumerate(program.registers):
            kept = declared.role == Role.STATE and declared.name in given
            if kept or (declared.role == Role.INPUT and register in read):
                routine.given[given[declared.name]] = register
        routine.registers = <int32_t**> calloc(self.threads * routine.register_count + 1, sizeof(int32_t*))
        if routine.registers == NULL:
            raise MemoryError("no memory left to load the image")
        for thread in range(self.threads):
            for register, declared in enumerate(program.registers):
                words = self.row(program, register, thread)
                routine.registers[thread * routine.register_count + register] = <int32_t*> &words[0]
        return 0

    def row(self, program, int register, int thread):
        """The words of a register in a thread."""
        declared = program.registers[register]
        if declared.role == Role.CONSTANT:
            return self.shared.of(declared.value, LANES)
        if declared.role == Role.TABLE:
            table = program.table(register).words
            self.kept.append(table)
            return table
        return self.benches[thread][register]
