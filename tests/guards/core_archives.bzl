"""Names the libraries below some packages, with the archives that were built of them."""

_LibrariesInfo = provider(
    doc = "cc_library targets found in a closure.",
    fields = {"libraries": "depset of struct(label, archives)"},
)

def _collect_impl(target, ctx):
    found = []
    if ctx.rule.kind == "cc_library" and not target.label.workspace_name:
        archives = []
        for linker_input in target[CcInfo].linking_context.linker_inputs.to_list():
            if linker_input.owner != target.label:
                continue
            for library in linker_input.libraries:
                archive = library.static_library or library.pic_static_library
                if archive:
                    archives.append(archive)
        found.append(struct(label = target.label, archives = tuple(archives)))
    return [_LibrariesInfo(libraries = depset(
        found,
        transitive = [dep[_LibrariesInfo].libraries for dep in getattr(ctx.rule.attr, "deps", [])],
    ))]

_collect = aspect(
    implementation = _collect_impl,
    attr_aspects = ["deps"],
)

def _below(package, tops):
    for top in tops:
        if package == top or package.startswith(top + "/"):
            return True
    return False

def _core_archives_impl(ctx):
    libraries = depset(transitive = [dep[_LibrariesInfo].libraries for dep in ctx.attr.deps]).to_list()
    lines = []
    archives = []
    for library in libraries:
        if not _below(library.label.package, ctx.attr.packages):
            continue
        lines.append(" ".join(
            ["//%s:%s" % (library.label.package, library.label.name)] +
            [archive.short_path for archive in library.archives],
        ))
        archives.extend(library.archives)
    manifest = ctx.actions.declare_file(ctx.label.name + ".txt")
    ctx.actions.write(manifest, "\n".join(sorted(lines)) + "\n")
    return [DefaultInfo(
        files = depset([manifest]),
        runfiles = ctx.runfiles(files = [manifest] + archives),
    )]

core_archives = rule(
    implementation = _core_archives_impl,
    doc = """All libraries of `packages` that `deps` lead to: one line each, the label and its archives' paths in
the runfiles. A library of headers alone has no archive.""",
    attrs = {
        "deps": attr.label_list(aspects = [_collect], mandatory = True),
        "packages": attr.string_list(mandatory = True),
    },
)
