"""What the core may ask of the world outside itself, and the check against it.

The core is alloc/ and protocol/. It has no input and no output of its own: no system call, clock,
thread, lock, random device, locale, environment or standard stream. Whatever its archives leave
undefined must be on the list below, each entry with the reason why it is harmless. A symbol that is
new and harmless is added there; anything else belongs to an adapter.
"""

import os
import re
import subprocess

# A pattern matches a whole demangled name, without Abseil's inline namespace and ABI marks.
SYMBOLS = [
    # Our own.
    (r"(?:(?:vtable|VTT|typeinfo|typeinfo name|guard variable) for )?monocoque::.*", "defined in another part of the core"),
    # The compiler's.
    (r"_GLOBAL_OFFSET_TABLE_|__dso_handle", "made by the linker"),
    (r"__stack_chk_fail", "the guard of the stack"),
    (r"__gxx_personality_v0|_Unwind_Resume|__cxa_(?:begin|end)_catch|__cxa_rethrow|std::terminate\(\)|__clang_call_terminate",
     "cleans up when memory is out in a container of the standard library"),
    (r"__cxa_pure_virtual|vtable for __cxxabiv1::.*", "virtual functions"),
    (r"__cxa_atexit|std::ios_base::Init::~?Init\(\)", "Abseil's headers include <iostream>, whose initialiser comes along unused"),
    (r"__assert_fail", "an invariant of our own or of a container, in builds with assertions"),
    (r"__libc_single_threaded", "a variable that std::shared_ptr reads, to count without atomic operations"),
    (r"__(?:asan|ubsan|tsan|sanitizer|sancov)_.*|__(?:start|stop)_(?:asan_globals|__sancov_\w+)|__gcc_personality_v0|typeinfo for std::type_info",
     "what sanitizers and fuzzers compile in"),
    # Memory.
    (r"operator (?:new|delete)(?:\[\])?\(.*\)|std::nothrow", "the heap, which a program may replace"),
    (r"(?:mem(?:cpy|move|set|cmp|chr)|bcmp|strlen|strcmp)|__mem(?:cpy|move|set)_chk", "octets in memory, touched by nothing else"),
    # The standard library.
    (r"std::__throw_\w+\(.*\)", "a broken precondition of a container"),
    (r"std::allocator<char>::~?allocator\(.*\)", "memory of strings"),
    (r"std::basic_string<char, .*>::.*", "strings"),
    (r"std::_Rb_tree_\w+\(.*\)", "ordered maps"),
    (r"std::__detail::_Prime_rehash_policy::.*|std::_Hash_bytes\(.*\)", "hashed maps"),
    # Abseil: values, and functions from values to values. Never time itself, locks, random bits, logs or flags.
    (r"absl::Status::.*|absl::status_internal::.*|absl::internal_statusor::.*|absl::operator<<\(std::ostream&, absl::Status const&\)", "statuses"),
    (r"absl::\w+Error\(std::basic_string_view<.*>\)|absl::Is[A-Z]\w+\(absl::Status const&\)", "statuses by their code"),
    (r"absl::Str(?:Cat|Append)\(.*\)|absl::(?:strings_internal|numbers_internal|ascii_internal|substitute_internal|str_format_internal)::.*", "text made and read, in no locale"),
    (r"absl::(?:(?:Starts|Ends)WithIgnoreCase|EqualsIgnoreCase|C?HexEscape|CEscape|BytesToHexString|HexStringToBytes)\(.*\)", "text compared and escaped, in no locale"),
    (r"absl::Duration::.*|absl::(?:ToInt64\w+|ToDouble\w+|IDivDuration|FDivDuration|FormatDuration|Trunc|Floor|Ceil)\(.*\)", "arithmetic on durations, which are arguments"),
    (r"absl::Cord::.*|absl::cord_internal::.*", "payloads of statuses"),
    (r"absl::(?:container_internal|hash_internal)::.*", "containers"),
    (r"absl::raw_log_internal::.*|absl::base_internal::ThrowStd\w+\(.*\)", "a broken precondition of a container"),
]

# Standard headers that name nothing outside the program. A header-only library is judged by them alone.
HEADERS = set("""
    algorithm array atomic bit cassert cctype compare concepts cstddef cstdint cstring deque functional
    initializer_list iterator limits list map memory new numeric optional set span string string_view
    tuple type_traits unordered_map unordered_set utility variant vector
    sanitizer/asan_interface.h
""".split())
# Of Abseil, by folder; the rest knows clocks, locks, flags or logs.
ABSEIL_FOLDERS = ("algorithm", "base", "container", "functional", "hash", "memory", "meta", "numeric",
                  "status", "strings", "time", "types", "utility")
# In these folders or headers some names are fine and others ask the world.
FORBIDDEN_WORDS = re.compile(
    r"\babsl::(?:Now|GetCurrentTimeNanos|SleepFor|LocalTimeZone|LoadTimeZone|Mutex|CondVar|Notification|BitGen)\b"
    r"|\bstd::(?:this_thread|mutex|thread|jthread|locale|random_device|getenv|rand|time|clock)\b"
)

_ALLOWED = re.compile("|".join("(?:%s)" % pattern for pattern, _ in SYMBOLS))
_INCLUDE = re.compile(r'^\s*#\s*include\s+(?:<([^>]+)>|"([^"]+)")', re.M)


def plain(name):
    """A demangled name without what differs from one release or compiler to the next."""
    name = re.sub(r"\blts_\d+::|\b__cxx11::", "", name)
    return re.sub(r"\[abi:\w+\]", "", name)


def undefined_symbols(archive):
    """Demangled names that the archive's objects leave to others."""
    done = subprocess.run(["nm", "--undefined-only", "--demangle", archive], check=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    names = set()
    for line in done.stdout.splitlines():
        match = re.fullmatch(r"\s+[UwvV] (.*)", line)
        if match:
            names.add(plain(match.group(1)))
    return names


def foreign_symbols(archive):
    """What the archive asks for and may not, sorted."""
    return sorted(name for name in undefined_symbols(archive) if not _ALLOWED.fullmatch(name))


def foreign_words(source):
    """Includes and names in a source text that the core may not use, in their order."""
    found = []
    for match in _INCLUDE.finditer(source):
        system, quoted = match.groups()
        if system is not None and system not in HEADERS:
            found.append("<%s>" % system)
        elif quoted is not None and quoted.startswith("absl/"):
            if quoted.split("/")[1] not in ABSEIL_FOLDERS or quoted == "absl/time/clock.h":
                found.append(quoted)
        elif quoted is not None and not quoted.startswith(("alloc/", "protocol/")):
            found.append(quoted)
    code = re.sub(r"//[^\n]*", "", source)
    return found + FORBIDDEN_WORDS.findall(code)


def read_manifest(path):
    """{label: [archive, ...]} of a core_archives target."""
    with open(path, encoding="utf-8") as lines:
        return {words[0]: words[1:] for words in (line.split() for line in lines) if words}


def declared_libraries(tree, tops):
    """{label: has sources} of each cc_library in the BUILD files below `tops`."""
    found = {}
    for top in tops:
        for folder, _, files in os.walk(os.path.join(tree, top)):
            if "BUILD.bazel" not in files:
                continue
            with open(os.path.join(folder, "BUILD.bazel"), encoding="utf-8") as build:
                text = build.read()
            package = os.path.relpath(folder, tree)
            for rule in re.findall(r"^cc_library\(\n(.*?)^\)", text, re.M | re.S):
                name = re.search(r'^ +name = "([^"]+)"', rule, re.M).group(1)
                found["//%s:%s" % (package, name)] = re.search(r"^ +srcs = ", rule, re.M) is not None
    return found
