"""The rules of the tree that a text alone can break, each a function from a text to a list of complaints."""

import ast
import itertools
import os
import re
import subprocess

MAX_FILE_LINES = 599
MAX_FUNCTION_LINES = 69
# Lines of a folder that are neither blank nor comment.
MAX_FOLDER_LINES = {"adapters/asio": 899, "adapters/coro": 1249, "adapters/uring": 1399, "adapters/uv": 899}

CODE = (".h", ".cc", ".py", ".bzl", ".sh")
TEXT = CODE + (".bazel", ".md", ".txt", ".bazelrc")
# Sources whose folder must have a mirror below tests/.
MIRRORED = ("alloc", "protocol/wire", "protocol/drive", "protocol/connection", "protocol/socket")

_WORK_MARK = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b(?:\(([^)]*)\))?")
_MACHINE_PATH = re.compile(r"(?<![\w.*}])/(?:work|root|home|Users)/")
_DOCUMENT = re.compile(r"(?<![\w./-])((?:[\w.-]+/)*[\w.-]+\.md)\b")
# What ZMTP speaks of, and adapters must not.
_PROTOCOL_WORDS = frozenset(
    "greeting frame handshake mechanism metadata envelope subscription heartbeat ping".split())
# SOCKS5 has a protocol of its own; the one header of ZAP says how a peer proves who it is.
_OWN_PROTOCOL = re.compile(r"adapters/(?:zap\.h$|net/socks5\.(?:h|cc)$)")
# An operation on Asio: one that waits, or a wish that is done at once; and what is said of each.
_OPERATION = re.compile(r"^ *(?!return\b|co_)(?:[\w:]+(?:<[^<>\n]*>)?[&*]* +)+"
                        r"(async_\w+|(?:un)?bind|(?:dis)?connect|(?:un)?subscribe|join|leave) *\(", re.M)
_HEADINGS = ("Signature", "Completes when", "Codes", "Cancellation")
_WALL_CLOCK = re.compile(r"\babsl::(?:Now|GetCurrentTimeNanos)\b|\bsystem_clock\b|\bCLOCK_REALTIME\b|\bgettimeofday\b")
# From below: a folder includes itself and what stands before it. Those of one line are one layer.
_LAYERS = (("alloc",), ("protocol",), ("protocol/drive",), ("protocol/wire",), ("protocol/mechanism",), ("protocol/connection",),
           ("protocol/socket",), ("adapters", "adapters/net", "adapters/auth", "adapters/sodium"), ("adapters/coro",),
           ("adapters/asio", "adapters/sim", "adapters/uring", "adapters/uv"), ("cli",))
# They stand beside each other, and know nothing of each other.
_APART = len(_LAYERS) - 2
_OF_THE_TREE = re.compile(
    r'^[ \t]*#[ \t]*include "((?:alloc|protocol|adapters|cli|tests|bench|fuzz|examples)/(?:[\w.-]+/)*)[\w.-]+"',
    re.M)
_COMMENT_OR_STRING = re.compile(r'(//[^\n]*|/\*.*?\*/)|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', re.S)
# An option that is handed on, and the header that it comes from.
_HANDED_ON = re.compile(r"^[ \t]*#[ \t]*include[^\n]*|\b(?:options_?|link)(?:(?:\.|->)\w+)+", re.M)
_LITERAL = re.compile(
    r'//[^\n]*|/\*.*?\*/|R"([^(\s]*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![\w])\'(?:\\.|[^\'\\\n])+\'|^[ \t]*#(?:\\\n|[^\n])*',
    re.S | re.M)


def tree_files(tree):
    """Paths of all files that belong to the tree, relative to it: what git knows and does not ignore."""
    git = ["git", "-c", "safe.directory=*", "-C", tree, "ls-files", "-z", "-co", "--exclude-standard"]
    done = subprocess.run(git, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8")
    if done.returncode == 0:
        names = [name for name in done.stdout.split("\0") if name]
        return sorted(name for name in names if os.path.isfile(os.path.join(tree, name)))
    found = []
    for folder, folders, files in os.walk(tree):
        folders[:] = [name for name in folders if not name.startswith((".", "bazel-", "__pycache__", "external"))]
        found += [os.path.relpath(os.path.join(folder, name), tree) for name in files]
    return sorted(found)


def blank_literals(source):
    """C++ without comments, literals and directives, every line in its place."""
    return _LITERAL.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), source)


def _outside_parentheses(text):
    while True:
        shorter = re.sub(r"\([^()]*\)", "@", text)
        if shorter == text:
            return text
        text = shorter


def _opens(head, enclosing, adjacent):
    """What a brace behind `head` opens: a scope of names, a function, or anything else."""
    if enclosing not in ("file", "names"):
        return "block"
    if adjacent:
        return "value"
    head = re.sub(r"\balignas\s*\([^()]*\)", "", head)
    flat = _outside_parentheses(re.sub(r"\boperator\s*[^\s\w(]+", "operator", head))
    if re.search(r"\b(?:namespace|class|struct|union|enum|extern)\b", flat) and "@" not in flat:
        return "names"
    if "@" in flat and not re.search(r"(?<![=!<>])=(?!=)", flat):
        return "function"
    return "names" if re.search(r"\b(?:class|struct|union)\b", flat) else "block"


def cc_functions(source):
    """(name, first line, number of lines) of each function that is defined in a C++ text."""
    text = blank_literals(source)
    found = []
    stack = []  # (kind, head, offset of the head)
    head_at = 0
    for brace in re.finditer(r"[{};]", text):
        at = brace.start()
        if brace.group() == ";":
            # Within the parentheses of a `for` it ends nothing, but there no head is looked at.
            head_at = at + 1
        elif brace.group() == "{":
            head = text[head_at:at]
            adjacent = at > 0 and re.match(r"[\w>\]]", text[at - 1]) is not None
            kind = _opens(head, stack[-1][0] if stack else "file", adjacent)
            stack.append((kind, head, head_at))
            if kind != "value":
                head_at = at + 1
        elif stack:
            kind, head, begin = stack.pop()
            if kind == "value":
                continue
            head_at = at + 1
            if kind == "function":
                begin += re.match(r"\s*(?:(?:public|protected|private):\s*)?", head).end()
                first = text.count("\n", 0, begin) + 1
                last = text.count("\n", 0, at) + 1
                name = re.search(r"((?:[\w:]*\boperator\s*(?:\(\)|[^\s\w(]+)|[~\w:]+))\s*\(", head)
                found.append((name.group(1) if name else "?", first, last - first + 1))
    return found


def py_functions(source):
    """The same of a Python text."""
    return [(node.name, node.lineno, node.end_lineno - node.lineno + 1)
            for node in ast.walk(ast.parse(source))
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]


def check_length(path, source):
    """No code file has 600 lines or more, no function 70."""
    if not path.endswith(CODE):
        return []
    lines = source.count("\n")
    found = ["%s: %d lines, at most %d" % (path, lines, MAX_FILE_LINES)] if lines > MAX_FILE_LINES else []
    functions = []
    if path.endswith((".h", ".cc")):
        functions = cc_functions(source)
    elif path.endswith(".py"):
        functions = py_functions(source)
    return found + ["%s:%d: %s has %d lines, at most %d" % (path, first, name, count, MAX_FUNCTION_LINES)
                    for name, first, count in functions if count > MAX_FUNCTION_LINES]


def check_guard(path, source):
    """A header's guard is its path."""
    if not path.endswith(".h"):
        return []
    guard = "MONOCOQUE_%s_" % re.sub(r"\W", "_", path).upper()
    wanted = r"#ifndef %s\n#define %s\n.*\n#endif  // %s\n" % (guard, guard, guard)
    return [] if re.search(wanted, source, re.S) else ["%s: the guard is not %s" % (path, guard)]


def check_words(path, source, owners=""):
    """No tabs, no machine's paths, no marks of unfinished work but for an owner that `owners` names."""
    if not path.endswith(TEXT):
        return []
    found = []
    for number, line in enumerate(source.splitlines(), 1):
        if "\t" in line:
            found.append("%s:%d: a tab" % (path, number))
        if _MACHINE_PATH.search(line):
            found.append("%s:%d: a path of some machine" % (path, number))
        for mark, owner in _WORK_MARK.findall(line):
            if not owner or owner not in owners:
                found.append("%s:%d: %s without an owner that docs/ names" % (path, number, mark))
    return found


def check_documents(path, source, files):
    """Each document that is named is part of the tree."""
    if not path.endswith(TEXT):
        return []
    found = []
    for number, line in enumerate(source.splitlines(), 1):
        for name in _DOCUMENT.findall(line):
            if not any(each == name or each.endswith("/" + name) for each in files):
                found.append("%s:%d: there is no %s" % (path, number, name))
    return found


def _without(pattern, source):
    return pattern.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)), source)


def code_lines(source):
    """Lines of a C++ text that are neither blank nor comment alone."""
    text = _COMMENT_OR_STRING.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)) if match.group(1) else
                                  match.group(0), source)
    return sum(1 for line in text.splitlines() if line.strip())


def check_folders(texts):
    """An adapter is small. `texts`: each path with its text."""
    lines = dict.fromkeys(MAX_FOLDER_LINES, 0)
    for path, text in texts.items():
        if os.path.dirname(path) in lines and path.endswith((".h", ".cc")):
            lines[os.path.dirname(path)] += code_lines(text)
    return ["%s: %d lines of code, at most %d" % (folder, count, MAX_FOLDER_LINES[folder])
            for folder, count in lines.items() if count > MAX_FOLDER_LINES[folder]]


def check_vocabulary(path, source):
    """Outside comments no adapter speaks of the protocol, be it within a name or a string."""
    if not path.startswith("adapters/") or not path.endswith((".h", ".cc")) or _OWN_PROTOCOL.match(path):
        return []
    text = _COMMENT_OR_STRING.sub(lambda match: re.sub(r"[^\n]", " ", match.group(0)) if match.group(1) else
                                  match.group(0), source)
    found = []
    for number, line in enumerate(_without(_HANDED_ON, text).splitlines(), 1):
        for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", line):
            if word.lower() in _PROTOCOL_WORDS:
                found.append("%s:%d: an adapter speaks of \"%s\"" % (path, number, word))
    return found


def check_clock(path, source):
    """Nobody but a test asks the wall clock, which may be set: what lasts is measured by a steady one."""
    if path.startswith("tests/") or not path.endswith((".h", ".cc")):
        return []
    return ["%s:%d: the wall clock" % (path, number)
            for number, line in enumerate(blank_literals(source).splitlines(), 1) if _WALL_CLOCK.search(line)]


def asio_operations(source):
    """(name, line) of each operation in a C++ text."""
    text = blank_literals(source)
    return [(match.group(1), text.count("\n", 0, match.start(1)) + 1) for match in _OPERATION.finditer(text)]


def check_headings(path, source):
    """Each operation on Asio, or a row of them without a blank line, stands under a comment with the fixed headings."""
    if not path.startswith("adapters/asio/") or not path.endswith(".h"):
        return []
    lines = source.splitlines()
    found = []
    for name, number in asio_operations(source):
        begin = number - 1
        while begin > 0 and lines[begin - 1].strip():
            begin -= 1
        comment = itertools.takewhile(lambda line: line.lstrip().startswith("//"), lines[begin:number])
        headings = [match.group(1) for match in map(re.compile(r" *// ([A-Z][a-z ]+): ").match, comment)
                    if match and match.group(1) in _HEADINGS]
        if tuple(headings) != _HEADINGS:
            found.append("%s:%d: %s without the headings %s" % (path, number, name, ", ".join(_HEADINGS)))
    return found


def _layer(folder):
    for number, folders in enumerate(_LAYERS):
        if folder in folders:
            return number
    return len(_LAYERS)


def check_layers(path, source):
    """Each layer knows those below, and of the adapters none another."""
    own = _layer(os.path.dirname(path))
    if own == len(_LAYERS):
        return []
    found = []
    for match in _OF_THE_TREE.finditer(source):
        folder = match.group(1).rstrip("/")
        other = _layer(folder)
        if other > own or (other == own == _APART and folder != os.path.dirname(path)):
            found.append("%s:%d: includes %s, which is above or beside it"
                         % (path, source.count("\n", 0, match.start()) + 1, folder))
    return found


def check_mirrors(files):
    """Each mirrored folder with sources has tests in its mirror."""
    found = []
    for folder in sorted({os.path.dirname(path) for path in files if path.endswith(".cc")}):
        if not any(folder == top or folder.startswith(top + "/") for top in MIRRORED):
            continue
        mirror = "tests/" + folder
        if not any(os.path.dirname(path) == mirror and path.endswith("_test.cc") for path in files):
            found.append("%s: no test in %s" % (folder, mirror))
    return found


def check_corpora(files, fuzz_build):
    """A corpus has a fuzzer, and each seed a name that says what it is."""
    found = []
    for path in files:
        if not path.startswith("fuzz/corpus/"):
            continue
        parts = path.split("/")
        name = parts[-1]
        if len(parts) != 4:
            found.append("%s: a seed lies in fuzz/corpus/FUZZER/" % path)
        elif not re.search(r'"%s_fuzzer"|corpus/%s\b' % (parts[2], parts[2]), fuzz_build):
            found.append("%s: no fuzzer of that name" % path)
        if not re.fullmatch(r"[a-z][a-z0-9_.-]*", name) or re.fullmatch(r"[0-9a-f]{8,}", name):
            found.append("%s: no readable name" % path)
    return found
