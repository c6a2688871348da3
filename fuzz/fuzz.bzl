"""cc_fuzz_test: a fuzz target as an ordinary test, as a campaign and as a program.

  tools/bazel test //fuzz:NAME_corpus_test                  each corpus file is a test case
  tools/bazel test --config=fuzz //fuzz:NAME_campaign       libFuzzer under sanitizers, for a while
  tools/bazel run --config=fuzz-fast //fuzz:NAME -- ARGS    libFuzzer by hand, at full speed

A campaign lasts `seconds`, or --test_env=FUZZ_SECONDS=N; --test_env=FUZZ_FLAGS=... has more flags
for libFuzzer, -max_len=128 for instance, and --test_output=all shows how many runs a second it made.
"""

load("//tools:copts.bzl", "MONOCOQUE_COPTS")

def cc_fuzz_test(name, srcs, corpus, deps = [], seconds = 20):
    """Declares the targets above.

    Args:
      name: the fuzz target, NAME above.
      srcs: sources that define LLVMFuzzerTestOneInput.
      corpus: seed files, with names that say what they hold.
      deps: what the sources include.
      seconds: how long a campaign lasts.
    """
    native.cc_library(
        name = name + "_target",
        testonly = True,
        srcs = srcs,
        copts = MONOCOQUE_COPTS,
        deps = deps,
        alwayslink = True,
    )
    seeds = ["$(location %s)" % seed for seed in corpus]
    native.cc_test(
        name = name + "_corpus_test",
        size = "medium",
        args = seeds,
        data = corpus,
        deps = [
            ":" + name + "_target",
            "//fuzz:replay_main",
        ],
    )
    native.cc_binary(
        name = name,
        testonly = True,
        linkopts = select({
            "//fuzz:libfuzzer": ["-fsanitize=fuzzer"],
            "//conditions:default": [],
        }),
        tags = ["manual"],
        deps = [":" + name + "_target"],
    )
    native.sh_test(
        name = name + "_campaign",
        size = "large",
        srcs = ["//fuzz:campaign.sh"],
        args = ["$(location :%s)" % name, str(seconds)] + seeds,
        data = [":" + name] + corpus,
        tags = [
            "exclusive",
            "external",
            "manual",
        ],
    )
