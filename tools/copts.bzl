"""Compiler options for all of this tree's own targets. clang gets more: see .bazelrc."""

MONOCOQUE_COPTS = [
    "-Wall",
    "-Wextra",
    "-Wnon-virtual-dtor",
    # A designated initializer names what matters and leaves the rest to the defaults.
    "-Wno-missing-field-initializers",
    "-Werror",
]
