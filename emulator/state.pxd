"""The state of a running machine as C structures: cores, what they hear and what they record."""

from libc.stdint cimport int16_t, int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from emulator.growable cimport Ints
from emulator.injected cimport Currents
from emulator.lanes cimport VECTOR
from emulator.trains cimport Sources

cdef enum:
    NEURONS = 0
    RANDOM = 1
    ARRAY = 2
    DELAY = 3
    SYNAPSES = 4
    SLOTS = 16
    HISTORY = 16            # entries a neuron; entry 0 stands for the time before any spike
    TRACES = 4              # that a spike may leave
    WORDS = 12              # that a synapse may have besides its weight
    DRAWS = 4               # random words that a spike of a synapse may take
    LANES = 256             # synapses that a routine runs over at once
    VISITS = 32             # cores whose rows are fetched together
    SIGNS = 2               # synapse types that may bring dopamine

# What a routine may be given, a register each, and where the traces begin.
cdef enum:
    WEIGHT
    SINCE_PRE
    SINCE_POST
    SEEN_PRE
    SEEN_POST
    PRE_TRACE
    POST_TRACE = PRE_TRACE + TRACES
    DRAW = POST_TRACE + TRACES
    SENT = DRAW + DRAWS
    ELIGIBILITY
    DOPAMINE
    SINCE
    DOSE
    NEXT
    GAP
    GIVEN

ctypedef struct Feed:
    const uint32_t* rows    # row of number 0
    uint32_t stride         # 0 where no population-table entry serves the packets
    uint32_t index_mask
    uint32_t filter_mask
    uint32_t filter_key
    int32_t offset          # delay cores: neuron of number 0; banks of dynamic rows: word of the row of number 0
    int32_t bank            # 0: static rows; k: dynamic[k - 1]; below 0: its packets are served by other banks

ctypedef struct Group:
    uint64_t bits           # which of 64 sources are heard
    int64_t first           # pair of the lowest bit; its feed, if each source has but one
    int32_t word            # which 64
    int32_t single          # whether each source has but one feed

ctypedef struct Recorder:
    int32_t register_number
    int32_t shift
    bint after              # read after the program has run
    int32_t interval
    int32_t due
    int32_t n
    const int32_t* index
    Ints samples

ctypedef struct Routine:    # a program that runs over the synapses of rows, or over neurons that spike
    const int32_t* code
    int32_t instructions
    int32_t register_count
    int32_t** registers     # one table of registers a thread
    int32_t given[GIVEN]    # register of each thing that it is given, or gives back; -1 if it has none
    int64_t cycles          # of one lane

ctypedef struct History:
    int32_t* time           # [n, HISTORY], ascending; behind the last entry the greatest number
    int16_t* trace          # [traces, n, HISTORY]
    int32_t* last           # last entry of each neuron
    int32_t* lost           # tick of the latest spike of each neuron that is not in it any more
    int32_t traces
    Routine add_post

ctypedef struct Doses:      # arrivals of dopamine
    int32_t* time           # [n, HISTORY], as of spikes
    int32_t* after          # [n, HISTORY], the concentration after each
    int32_t* last           # last entry of each neuron
    int32_t* lost           # tick of the latest arrival at each neuron that has been merged into the one before
    int32_t types           # synapse types that bring it, behind those of the receptors
    int32_t sign[SIGNS]
    Routine add_dose
    Routine merge

ctypedef struct Dynamic:
    uint32_t* rows          # a copy that changes
    int32_t shift
    int32_t defer
    Ints waiting            # rows to fetch: pairs (tick, word)
    int64_t fetched         # pairs that have been fetched
    History* history
    bint fixed              # weights stay, but synapses come and go
    int32_t header          # words of the plastic part before the weights
    Ints* heard             # where the rows of packets are noted for `Rewiring`; NULL if nobody asks
    int32_t traces          # that a row keeps
    const int32_t* back
    Routine add_pre
    Routine apply_pre
    Routine apply_post
    # synapses that dopamine modulates
    bint modulated
    const Doses* doses
    const int32_t* lag
    Routine elapse
    # synapses that release
    bint releases
    int32_t program         # number of that of `release`: banks that have the same one are processed together
    Routine release
    int32_t word_count      # of each synapse
    int32_t state_count     # those of them that change, which are the first
    int32_t word_register[WORDS]  # that they are for
    int32_t draws
    uint64_t key

ctypedef struct Place:      # what is in it: one row of `emulator.rewiring.Rewiring.there`
    int32_t partner
    int32_t cell
    int32_t bank
    int32_t synapse

ctypedef struct Partners:   # `emulator.rewiring.Partners`
    int32_t cells
    int32_t width
    int32_t blocks
    const int32_t* banks
    const int32_t* address
    const int32_t* stride
    int32_t hears
    Ints heard              # words of the rows asked for since the last tick
    int32_t delays
    const int32_t* served
    const int32_t* control
    uint16_t weight
    int32_t weak
    const int64_t* chances
    int64_t distances

ctypedef struct Rewiring:   # `emulator.rewiring.Rewiring`, and what was counted
    uint64_t key
    double attempts
    int32_t first
    int32_t cells
    int32_t places
    bint repeats
    int32_t of_spikes
    int32_t width
    int32_t height
    int64_t loss_if_weak
    int64_t loss
    Partners* partners
    int32_t partner_count
    Place* there
    int64_t made            # attempts at places of this core
    int64_t formed
    int64_t eliminated
    int64_t full            # attempts that found a row full

ctypedef struct Costs:
    int64_t tick
    int64_t spike
    int64_t packet
    int64_t row
    int64_t event
    int64_t dynamic_row
    int64_t dynamic_event
    int64_t attempt         # of the population
    int64_t own_attempt     # at a place of the core, besides

ctypedef struct Tally:
    int64_t packets
    int64_t unmatched
    int64_t rows
    int64_t events
    int64_t saturations
    int64_t dynamic_rows    # rows of synapses with dynamics, which `rows` leaves out
    int64_t dynamic_events  # their synapses
    int64_t routine_cycles  # of the programs that ran over them
    int64_t forgotten       # synapses whose targets had more spikes than a history holds
    int64_t merged          # and more arrivals of dopamine

ctypedef struct Core:
    int32_t kind
    int32_t n
    # neurons
    const int32_t* code
    int32_t instructions
    int32_t register_count
    int32_t** registers     # one table of registers a thread, since threads have scratch of their own
    int32_t spike_register
    int32_t current_register
    int32_t receptors
    int32_t* receptor_register
    int32_t* shift
    uint16_t* ring
    int32_t index_bits
    Core** feeders          # cores with synapses of these neurons
    int32_t feeder_count
    int32_t slot_bits       # index bits and type bits: ring-buffer words of a slot, as a power of two
    uint32_t* streams       # of random numbers, one a neuron, four words each
    int32_t random_count
    int32_t* random_register
    Recorder* recorders
    int32_t recorder_count
    Currents* currents
    History* histories
    int32_t history_count
    Dynamic* dynamic
    int32_t dynamic_count
    Doses* doses            # NULL if nothing brings dopamine
    Rewiring* rewiring      # NULL if all synapses stay
    # sources
    Sources* random
    const int32_t* array_tick
    const int32_t* array_index
    int64_t array_length
    int64_t array_cursor
    # delay stages: a queue of what was heard, and how far each stage has repeated it
    Ints heard              # pairs (tick, index)
    int32_t stages
    int32_t stage_shift
    int64_t* stage_cursor   # pairs that a stage has repeated
    const uint8_t* send
    # what it sends
    bint sends
    Ints out                # numbers of the packets of this tick
    int64_t* sent           # packets so far, by number
    const uint8_t* record_spikes
    Ints spikes             # recorded, pairs (tick, index)
    # what it hears
    const Group* groups
    int64_t group_count
    # account
    Costs costs
    int64_t fired           # length of `out` over all ticks
    int64_t cycles          # of this tick so far
    int64_t cycles_total
    int64_t cycles_max
    int64_t overruns
    Tally tally

ctypedef struct Visit:      # a core that has rows to fetch in this tick
    Core* core
    Dynamic* bank           # whose rows are on the bench
    Tally tally

ctypedef struct Piece:      # synapses of one row, in lanes that follow each other while the row is processed
    uint32_t* row
    Visit* visit
    int32_t first           # synapse of the row
    int32_t lane
    int32_t n

ctypedef struct Workbench:  # what a thread needs to process rows with dynamics
    int32_t visit_count
    Visit visit[VISITS]
    int32_t row_count
    uint32_t* row[LANES]
    Visit* of[LANES]        # whose row it is
    int32_t before[LANES]   # tick of the spike before
    int32_t old_trace[TRACES][LANES]
    int32_t new_trace[TRACES][LANES]
    int32_t piece_count     # parts of rows that are in lanes
    Piece piece[LANES]
    int32_t lane_count
    # of each lane that releases
    uint16_t* place[LANES + VECTOR]  # word of the ring buffer
    uint16_t sent[LANES + VECTOR]
    uint8_t over[LANES]     # whether it was too much
    # of each that is plastic
    int32_t from_row[LANES]
    int32_t weight[LANES]   # s16.15
    int32_t back[LANES]
    int32_t first[LANES]    # history entry of the first spike of the target to apply
    int32_t last[LANES]     # of the last spike that counts; below 0 if there is none
    # and of each that is modulated
    int32_t eligibility[LANES]
    int32_t dopamine[LANES]
    int32_t now[LANES]      # how far it has been gone through
    int32_t until[LANES]    # the next event, or the end
    int32_t lag[LANES]
    int32_t next_dose[LANES]
    int32_t last_dose[LANES]
    # the lanes that a program runs over
    int32_t chosen[LANES]
    int32_t entry[LANES]    # history entry of the spike that it finds

ctypedef struct Machine:
    Core* cores
    int32_t core_count
    Feed* feeds
    const int64_t* pair_start
    uint64_t* spiking       # two sets of cores that spike, for this tick and the next
    int32_t spiking_words
    Workbench* benches      # one a thread
    double cycles_per_tick
