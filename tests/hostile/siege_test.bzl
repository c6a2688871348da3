"""Tests of attacks on a socket of each live adapter."""

load("//tools:copts.bzl", "MONOCOQUE_COPTS")

def siege_test(name, deps = []):
    """NAME.cc as NAME; `deps` beyond what each of them needs."""
    native.cc_test(
        name = name,
        srcs = [name + ".cc"],
        copts = MONOCOQUE_COPTS,
        # Counts by its own operator new, which the thread sanitizer replaces too.
        tags = ["no-tsan"],
        deps = deps + [
            ":siege",
            "//protocol/drive:cause",
            "//protocol/socket:event",
            "//protocol/socket:options",
            "//protocol/wire:socket_type",
            "//tests/support:adapter_face",
            "//tests/support:raw_peer",
            "@com_google_absl//absl/strings",
            "@com_google_absl//absl/time",
            "@com_google_googletest//:gtest",
            "@com_google_googletest//:gtest_main",
        ],
    )
