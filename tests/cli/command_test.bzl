"""Tests of the command, once for each adapter that its roles are played on."""

load("//tools:copts.bzl", "MONOCOQUE_COPTS")

ADAPTERS = {
    "uring": "",
    "uv": "_uv",
    "asio": "_asio",
}

def command_test(name, deps = []):
    """NAME.cc as NAME, NAME_uv and NAME_asio; `deps` beyond what each of them needs."""
    native.cc_library(
        name = name + "_cases",
        testonly = True,
        srcs = [name + ".cc"],
        copts = MONOCOQUE_COPTS,
        deps = deps + [
            "//tests/support:command",
            "@com_google_absl//absl/strings",
            "@com_google_googletest//:gtest",
        ],
        # Nothing asks for the cases: they enter themselves.
        alwayslink = True,
    )
    for adapter, suffix in ADAPTERS.items():
        native.cc_test(
            name = name + suffix,
            size = "medium",
            data = ["//cli:monocoque"],
            env = {"MONOCOQUE_ADAPTER": adapter},
            deps = [
                ":" + name + "_cases",
                "@com_google_googletest//:gtest_main",
            ],
        )
