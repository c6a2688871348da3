"""Upstream source tarballs, taken from whichever Debian mirror apt uses.

Debian's archive keeps the upstream tarball of each package beside the binaries. The rule asks apt for its
mirrors, so that no address is written down here, and checks the sha256, so that it does not matter who
served it. A copy in third_party/distdir/ comes first and needs no network at all.

Debian's own patches (security fixes above all) are applied by naming them: they are taken from the
package's debian.tar.xz, fetched and checked in the same way.
"""

def _urls(ctx, path):
    filename = path.split("/")[-1]
    urls = []
    kept = ctx.path(Label("//third_party:BUILD.bazel")).dirname.get_child("distdir").get_child(filename)
    if kept.exists:
        urls.append("file://%s" % kept)
    if ctx.which("apt-get"):
        found = ctx.execute([
            "apt-get",
            "indextargets",
            "--format",
            "$(SITE)",
            "Created-By: Packages",
            "Label: Debian",
        ])
        for site in found.stdout.splitlines():
            url = "%s/%s" % (site.strip().rstrip("/"), path)
            if url.startswith("http") and url not in urls:
                urls.append(url)
    if not urls:
        fail("%s: no copy in third_party/distdir and apt names no mirror; run 'apt-get update' first" % filename)
    return urls

def _debian_source_impl(ctx):
    ctx.download_and_extract(
        url = _urls(ctx, ctx.attr.path),
        sha256 = ctx.attr.sha256,
        stripPrefix = ctx.attr.strip_prefix,
    )
    if ctx.attr.debian_patches:
        ctx.download_and_extract(
            url = _urls(ctx, ctx.attr.debian_path),
            sha256 = ctx.attr.debian_sha256,
            output = "debian_packaging",
        )
    for name in ctx.attr.debian_patches:
        done = ctx.execute(["patch", "-p1", "-i", "debian_packaging/debian/patches/" + name])
        if done.return_code:
            fail("%s: %s does not apply:\n%s%s" % (ctx.name, name, done.stdout, done.stderr))
    if ctx.attr.debian_patches:
        ctx.delete("debian_packaging")
    if ctx.attr.build_file:
        ctx.file("BUILD.bazel", ctx.read(ctx.attr.build_file))
    ctx.file("WORKSPACE", "workspace(name = \"%s\")\n" % ctx.name)

debian_source = repository_rule(
    implementation = _debian_source_impl,
    attrs = {
        "path": attr.string(mandatory = True, doc = "path below the mirror's root"),
        "sha256": attr.string(mandatory = True),
        "strip_prefix": attr.string(),
        "build_file": attr.label(allow_single_file = True),
        "debian_path": attr.string(doc = "the package's debian.tar.xz, below the mirror's root"),
        "debian_sha256": attr.string(),
        "debian_patches": attr.string_list(doc = "names in debian/patches, applied in this order"),
    },
)
