"""A small operator on kopf for the rows: what a Toy says becomes a ConfigMap of its own."""

import kopf
import kr8s
from kr8s.objects import ConfigMap


@kopf.on.startup()
def configure(settings, **_):
    settings.peering.standalone = True
    settings.persistence.finalizer = "rows.example.com/kept"


@kopf.on.create("rows.example.com", "v1", "toys")
def create(spec, name, namespace, patch, **_):
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": namespace}, "data": {"size": str(spec["size"])}}
    kopf.adopt(made)
    ConfigMap(made, api=kr8s.api()).create()
    patch.status["made"] = name
    return {"said": "hello"}


@kopf.on.field("rows.example.com", "v1", "toys", field="spec.size")
def resize(old, new, name, namespace, **_):
    if old is not None:
        ConfigMap.get(name, namespace=namespace).patch({"data": {"size": str(new)}})
    return f"{old}->{new}"


@kopf.timer("rows.example.com", "v1", "toys", interval=0.5)
def tick(status, patch, **_):
    patch.status["ticks"] = status.get("ticks", 0) + 1


@kopf.on.delete("rows.example.com", "v1", "toys")
def remove(name, **_):
    print(f"removed {name}", flush=True)


@kopf.daemon("rows.example.com", "v1", "toys")
async def accompany(stopped, name, **_):
    await stopped.wait()
    print(f"let go {name}", flush=True)
