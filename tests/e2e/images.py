"""Images of archives, unpacked and run: as root, and as a plain user with --plain. Needs a static busybox; without one it says so."""

import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from make_image import busybox_layers, config_of, entry, layer, write_docker, write_layout  # noqa: E402
from support import Platform, again_as_plain_user, expect, kill, processes_of, remove, run, wait_until  # noqa: E402

BUSYBOX = os.environ.get("BUSYBOX", "/bin/busybox")
if not os.path.exists(BUSYBOX) or subprocess.run(["ldd", BUSYBOX], capture_output=True).returncode == 0:
    print("skipped: there is no static busybox (package busybox-static)")
    sys.exit(0)
if "--plain" in sys.argv:
    again_as_plain_user(os.path.abspath(__file__))

PODS = "/api/v1/namespaces/default/pods"
IS_ROOT = os.geteuid() == 0


def create(name, image, **container):
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": image, **container}]}
    platform.ask("POST", PODS, {"metadata": {"name": name}, "spec": spec})


def pod(name):
    return platform.ask("GET", f"{PODS}/{name}")


def main_of(name):
    return pod(name)["status"].get("containerStatuses", [{}])[0]


def said_by(name, code=0):
    ended = wait_until(f"{name} has ended", lambda: main_of(name).get("state", {}).get("terminated"))
    log = platform.ask("GET", f"{PODS}/{name}/log")
    expect(ended["exitCode"] == code, f"{name} ends with {code}: {ended} {log}")
    return log


def waits_with(name, *reasons):
    def is_so():
        waiting = main_of(name).get("state", {}).get("waiting", {})
        return waiting if waiting.get("reason") in reasons else None
    return wait_until(f"{name} waits with {reasons}: {main_of(name)}", is_so)


def events_of(name):
    items = platform.ask("GET", "/api/v1/namespaces/default/events")["items"]
    return [f"{e['reason']}: {e['message']}" for e in items if e["involvedObject"].get("name") == name]


def sh(script):
    return {"command": ["/bin/sh", "-c", script]}


def what_the_image_says_is_done():
    create("by-default", "test/busybox:1")
    log = said_by("by-default").split("\n")
    user = "1234" if IS_ROOT else str(os.geteuid())
    expect(log[:4] == ["by default", user, "/srv/app", "hello from the image"], f"entrypoint, command, user, directory, environment: {log}")
    expect(main_of("by-default")["imageID"] == docker_id, "its digest is in the status")
    condition = next(c for c in pod("by-default")["status"]["conditions"] if c["type"] == "slipway.dev/isolation")
    expect(condition["reason"] == "Container", f"it is a container: {condition}")
    events = events_of("by-default")
    for word in ("Pulling: Pulling image", "Pulled: Successfully pulled image"):
        expect(any(event.startswith(word) for event in events), f"{word}: {events}")
    create("own-args", "test/busybox:1", args=["echo mine; echo $GREETING"], env=[{"name": "GREETING", "value": "mine"}], imagePullPolicy="Never")
    expect(said_by("own-args") == "mine\nmine\n", "args replace the command, and env wins")


def last_words_of_machine():
    return os.path.exists("/dev/termination-log") and os.stat("/dev/termination-log").st_mtime_ns


def its_files_are_its_own():
    before = last_words_of_machine()  # an older version may have left one
    create("files", "test/busybox:1", **sh("ls /old /opaque; test ! -e /usr/lib && test ! -e /work && cat /srv/app/data; echo; ls /dev | cat"))
    log = said_by("files")
    expect("seen" in log and "hidden" not in log and "file" not in log.split("/opaque")[0], f"whiteouts: {log}")
    expect("data" in log and "null" in log and "termination-log" in log and "vda" not in log, f"its data, usual devices only: {log}")
    script = "echo changed > /srv/app/data && rm /etc/group && cat /srv/app/data && touch /new"
    create("writes", "test/busybox:1", **sh(script), securityContext={"runAsUser": 0} if IS_ROOT else {})
    expect(said_by("writes") == "changed\n", "it writes to its root")
    create("reads", "layout/busybox", **sh("cat /srv/app/data; test -e /etc/group && test ! -e /new"))
    expect(said_by("reads").strip() == "data", "and nobody else sees that")
    expect(main_of("reads")["imageID"] == layout_id == docker_id, "the same image from another archive is the same")
    create("read-only", "test/busybox:1", **sh("touch /new; test $? != 0 && echo x > /dev/null && echo y > /dev/shm/slipway-test-$$ && rm /dev/shm/slipway-test-$$ && echo fine"),
           securityContext={"readOnlyRootFilesystem": True})
    expect("fine" in said_by("read-only"), "a read-only root has devices and shared memory")
    create("last-words", "test/busybox:1", **sh("echo that was it > /dev/termination-log; exit 3"))
    said_by("last-words", 3)
    expect("that was it" in main_of("last-words")["state"]["terminated"].get("message", ""), "last words")
    expect(last_words_of_machine() == before, "and nothing is made on the machine")


def what_is_wrong_with_an_image_is_said():
    create("absent", "absent/image:1")
    expect("cannot open" in waits_with("absent", "ErrImagePull", "ImagePullBackOff")["message"], "an archive that is not there")
    waits_with("absent", "ImagePullBackOff")
    create("never", "absent/image:2", imagePullPolicy="Never")
    waits_with("never", "ErrImageNeverPull")
    for name, why in {"broken": "other contents", "climbing": "leaves it", "device": "device", "not-an-image": "no image", "linked": "not there"}.items():
        create(name, f"bad/{name}:1")
        message = waits_with(name, "ErrImagePull", "ImagePullBackOff")["message"]
        expect(why in message, f"{name}: {why}: {message}")
    expect(not os.path.exists(os.path.join(directory, "outside")), "nothing was written outside")
    images = os.listdir(os.path.join(platform.data, "images"))
    expect(sorted(images) == sorted([docker_id.removeprefix("sha256:"), "sources.json"]), f"and nothing of them is left: {images}")
    shutil.copy(docker, os.path.join(directory, "absent.tar"))
    wait_until("the archive came, and with it the Pod", lambda: pod("absent")["status"].get("phase") == "Succeeded", 60)


def an_image_outlives_its_control_plane():
    create("stays", "test/busybox:1", **sh("while :; do sleep 0.1; done"))
    wait_until("it runs", lambda: main_of("stays").get("state", {}).get("running"))
    before = main_of("stays")
    kill(platform.pid())
    platform.up()
    wait_until("it is known again", lambda: main_of("stays").get("ready"))
    expect(main_of("stays")["containerID"] == before["containerID"] and main_of("stays")["imageID"] == docker_id, "the same, with its digest")


def write_bad_images():
    layers = busybox_layers(BUSYBOX)
    rows = {
        "broken": (layers[:1] + [layers[1] + b"\0" * 512], config_of(layers, {"Cmd": ["another"]})),
        "climbing": ([layer([(entry("../../outside"), b"x")])], None),
        "device": ([layer([(entry("etc/disk", tarfile.BLKTYPE, devmajor=8), b"")])], None),
        "linked": ([layer([(entry("out", tarfile.SYMTYPE, linkname="/"), b""), (entry("in", tarfile.LNKTYPE, linkname=f"out{directory}/profile.yaml"), b"")])], None),
    }
    for name, (content, config) in rows.items():
        write_docker(os.path.join(directory, f"{name}.tar"), content, f"bad/{name}:1", config)
    with open(os.path.join(directory, "not-an-image.tar"), "wb") as file:
        file.write(layer([(entry("hello"), b"world")]))


directory = tempfile.mkdtemp(prefix="slipway-images-", dir="/var/tmp")
docker, layout = os.path.join(directory, "image.tar"), os.path.join(directory, "layout")
docker_id = write_docker(docker, busybox_layers(BUSYBOX), "test/busybox:1")
layout_id = write_layout(layout, busybox_layers(BUSYBOX))
write_bad_images()
table = [{"match": "test/busybox:*", "archive": docker}, {"match": "layout/busybox", "archive": layout}, {"match": "absent/*", "archive": f"{directory}/absent.tar"}]
table += [{"match": f"bad/{name}:1", "archive": f"{directory}/{name}.tar"} for name in ("broken", "climbing", "device", "linked", "not-an-image")]
profile = os.path.join(directory, "profile.yaml")
with io.open(profile, "w", encoding="utf-8") as file:
    json.dump({"pods": {"images": table}}, file)
platform = Platform(os.path.join(directory, "data"), "--profile", profile)
try:
    platform.up()
    for case in (what_the_image_says_is_done, its_files_are_its_own, what_is_wrong_with_an_image_is_said, an_image_outlives_its_control_plane):
        case()
        print(case.__name__.replace("_", " "), flush=True)
finally:
    run("down", "--data", platform.data, check=False)
    for pid in processes_of(directory):
        kill(pid)
    remove(directory)
