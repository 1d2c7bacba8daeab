"""Cython extensions of pyneuro-spinnaker; everything else is in pyproject.toml.

Every ``*.pyx`` below the three packages becomes an extension of the same dotted name.  The generated C
goes to ``build/cython``, so that neither the source tree nor a wheel holds any.

``PYNEURO_CHECKED=1`` builds the checked variant: bounds of typed memory are tested at run time, memory that
was never initialised is noticed, and C assertions are on.
"""

import os
import platform
from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

CHECKED = os.environ.get("PYNEURO_CHECKED") == "1"
PACKAGES = ("emulator", "toolchain", "pyneuro")

# One source, several instruction sets: `emulator/update_<name>.pyx` and `emulator/share_<name>.pyx` are shells around
# the same loops.  Those of update are so short that one which straddles two lines of code costs a sixth of the time, so
# they are aligned.
ALIGNED = "-falign-loops=32"
AVX2 = ("-mavx2", "-mfma")
AVX512 = ("-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mprefer-vector-width=512")
INSTRUCTION_SETS = {
    "emulator.update_avx2": [ALIGNED, *AVX2],
    "emulator.update_avx512": [ALIGNED, *AVX512],
    "emulator.share_avx2": AVX2,
    "emulator.share_avx512": AVX512,
}

THREADED = {"emulator.engine"}

# Products and sums are rounded one by one, or results would depend on whether a processor has fused ones.
EVERYWHERE = ["-fno-strict-aliasing", "-ffp-contract=off"]

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": CHECKED,
    "wraparound": False,
    "initializedcheck": CHECKED,
    "cdivision": True,
    "embedsignature": True,
}


def extension(source: Path) -> Extension:
    """The extension that `source` builds, named after its path."""
    name = ".".join(source.with_suffix("").parts)
    openmp = ["-fopenmp"] if name in THREADED else []
    optimise = ["-O1", "-UNDEBUG"] if CHECKED else ["-O3"]
    return Extension(
        name,
        [str(source)],
        extra_compile_args=[*optimise, *openmp, *EVERYWHERE, *INSTRUCTION_SETS.get(name, [])],
        extra_link_args=openmp,
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
    )


def buildable(source: Path) -> bool:
    """Whether this platform can compile `source`: the x86 instruction sets are left out elsewhere."""
    return ".".join(source.with_suffix("").parts) not in INSTRUCTION_SETS or platform.machine() in {"x86_64", "AMD64"}


sources = sorted(s for package in PACKAGES for s in Path(package).rglob("*.pyx") if buildable(s))
setup(
    options={"build_ext": {"parallel": os.cpu_count()}},
    ext_modules=cythonize(
        [extension(source) for source in sources],
        build_dir="build/cython-checked" if CHECKED else "build/cython",
        compiler_directives=DIRECTIVES,
    ),
)
