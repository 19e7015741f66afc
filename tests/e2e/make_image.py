"""Makes a container image of one static program (busybox) without any tool for images: a docker-archive, or a directory in the OCI layout.

    python3 tests/e2e/make_image.py --busybox /bin/busybox --docker image.tar
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import platform
import tarfile

ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}[platform.machine()]
CONFIG = {
    "Entrypoint": ["/bin/sh", "-c"],
    "Cmd": ["echo by default; id -u; pwd; echo $GREETING"],
    "Env": ["PATH=/bin:/usr/bin", "GREETING=hello from the image"],
    "WorkingDir": "/srv/app",
    "User": "app",
}


def entry(name, kind=tarfile.REGTYPE, mode=0o644, **more):
    member = tarfile.TarInfo(name)
    member.type, member.mode = kind, mode
    for key, value in more.items():
        setattr(member, key, value)
    return member


def layer(members):
    """The bytes of a tar with (TarInfo, contents) members."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member, contents in members:
            member.size = len(contents)
            tar.addfile(member, io.BytesIO(contents))
    return out.getvalue()


def busybox_layers(busybox):
    with open(busybox, "rb") as file:
        program = file.read()
    directories = ["bin", "etc", "dev", "proc", "sys", "tmp", "usr", "usr/bin", "srv", "srv/app", "old", "opaque"]
    first = [(entry(name, tarfile.DIRTYPE, 0o755), b"") for name in directories]
    first.append((entry("bin/busybox", mode=0o755), program))
    first += [(entry(f"bin/{name}", tarfile.SYMTYPE, linkname="busybox"), b"") for name in ("sh", "cat", "id", "ls", "pwd", "sleep", "touch", "rm", "echo", "test")]
    first.append((entry("etc/passwd"), b"root:x:0:0:root:/root:/bin/sh\napp:x:1234:2345:app:/srv/app:/bin/sh\n"))
    first.append((entry("etc/group"), b"root:x:0:\napp:x:2345:\n"))
    first += [(entry("old/file"), b"of the first layer"), (entry("opaque/hidden"), b"hidden"), (entry("usr/bin/cat2", tarfile.LNKTYPE, linkname="bin/busybox"), b"")]
    second = [(entry("old/.wh.file"), b""), (entry("opaque/.wh..wh..opq"), b""), (entry("opaque/seen"), b"seen"), (entry("srv/app/data", uid=1234, gid=2345), b"data")]
    return [layer(first), layer(second)]


def digest(data):
    return hashlib.sha256(data).hexdigest()


def config_of(layers, config=CONFIG):
    document = {"architecture": ARCHITECTURE, "os": "linux", "config": config, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest(data) for data in layers]}}
    return json.dumps(document).encode()


def write_docker(path, layers, name, config=None):
    """Returns the image's digest."""
    config = config or config_of(layers)
    files = {digest(config) + ".json": config, **{f"{digest(data)}/layer.tar": data for data in layers}}
    files["manifest.json"] = json.dumps([{"Config": digest(config) + ".json", "RepoTags": [name], "Layers": [f"{digest(data)}/layer.tar" for data in layers]}]).encode()
    with open(path, "wb") as file:
        file.write(layer([(entry(name), data) for name, data in files.items()]))
    return "sha256:" + digest(config)


def write_layout(path, layers):
    """Layers are compressed there. Returns the image's digest."""
    config = config_of(layers)
    packed = [gzip.compress(data, mtime=0) for data in layers]
    descriptor = lambda kind, data: {"mediaType": f"application/vnd.oci.image.{kind}", "digest": "sha256:" + digest(data), "size": len(data)}  # noqa: E731
    manifest = json.dumps({"schemaVersion": 2, "config": descriptor("config.v1+json", config), "layers": [descriptor("layer.v1.tar+gzip", data) for data in packed]}).encode()
    os.makedirs(os.path.join(path, "blobs/sha256"), exist_ok=True)
    for data in [config, manifest, *packed]:
        with open(os.path.join(path, "blobs/sha256", digest(data)), "wb") as file:
            file.write(data)
    with open(os.path.join(path, "oci-layout"), "w", encoding="utf-8") as file:
        json.dump({"imageLayoutVersion": "1.0.0"}, file)
    with open(os.path.join(path, "index.json"), "w", encoding="utf-8") as file:
        json.dump({"schemaVersion": 2, "manifests": [descriptor("manifest.v1+json", manifest)]}, file)
    return "sha256:" + digest(config)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--busybox", default="/bin/busybox")
    parser.add_argument("--docker")
    parser.add_argument("--layout")
    parser.add_argument("--name", default="test/busybox:1")
    options = parser.parse_args()
    if options.docker:
        print(write_docker(options.docker, busybox_layers(options.busybox), options.name))
    if options.layout:
        print(write_layout(options.layout, busybox_layers(options.busybox)))
