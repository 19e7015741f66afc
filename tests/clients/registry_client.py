"""The unmodified `model-registry` client of PyPI against a running registry.

MODEL_REGISTRY_URL=http://127.0.0.1:8080 MODEL_REGISTRY_TOKEN=slw_... python registry_client.py
Registers, reads, updates and lists; exits with an assertion when an answer is not what Kubeflow's server gives.
"""

import os
import uuid

from model_registry import ModelRegistry
from model_registry.exceptions import StoreError
from model_registry.types import ModelArtifact, ModelVersion


def connect() -> ModelRegistry:
    return ModelRegistry(
        os.environ["MODEL_REGISTRY_URL"],
        author="ada@example.com",
        user_token=os.environ.get("MODEL_REGISTRY_TOKEN") or "none",
        is_secure=False,
    )


def register(registry: ModelRegistry, name: str, version: str) -> None:
    model = registry.register_model(
        name,
        f"s3://models/{name}/{version}.gguf",
        version=version,
        model_format_name="gguf",
        model_format_version="3",
        version_description="from the client",
        storage_key="aws",
        metadata={"accuracy": 0.91, "layers": 30, "quantized": True, "base": "SmolLM2", "label": ""},
    )
    assert model.id and model.name == name and model.owner == "ada@example.com"


def main() -> None:
    registry = connect()
    name = f"client-{uuid.uuid4().hex[:8]}"

    assert registry.get_registered_model(name) is None
    register(registry, name, "v1")
    register(registry, name, "model:latest")
    try:
        register(registry, name, "v1")
    except StoreError as error:
        assert "already exists" in str(error)
    else:
        raise AssertionError("a second v1 was accepted")

    model = registry.get_registered_model(name)
    assert model and model.name == name

    version = registry.get_model_version(name, "v1")
    assert isinstance(version, ModelVersion)
    assert version.author == "ada@example.com" and version.description == "from the client"
    assert version.custom_properties == {
        "accuracy": 0.91, "layers": 30, "quantized": True, "base": "SmolLM2", "label": "",
    }, version.custom_properties

    artifact = registry.get_model_artifact(name, "v1")
    assert isinstance(artifact, ModelArtifact)
    assert artifact.name == name and artifact.uri == f"s3://models/{name}/v1.gguf"
    assert (artifact.model_format_name, artifact.model_format_version, artifact.storage_key) == ("gguf", "3", "aws")

    before = model.last_update_time_since_epoch
    model.description = "updated"
    updated = registry.update(model)
    assert updated.description == "updated" and updated.owner == "ada@example.com"
    assert int(updated.last_update_time_since_epoch) >= int(before)
    version.custom_properties = {"only": "this"}
    assert registry.update(version).custom_properties == {"only": "this"}
    artifact.uri = "s3://elsewhere"
    changed = registry.update(artifact)
    assert changed.uri == "s3://elsewhere" and changed.model_format_name == "gguf"

    for i in range(7):
        register(registry, f"{name}-{i}", "v1")
    names = [m.name for m in registry.get_registered_models().page_size(3).order_by_id()]
    ours = [n for n in names if n.startswith(name)]
    assert ours == [name] + [f"{name}-{i}" for i in range(7)], ours
    newest = next(iter(registry.get_registered_models().order_by_creation_time().descending()))
    assert newest.name.startswith(name)
    assert [v.name for v in registry.get_model_versions(name).order_by_id()] == ["v1", "model:latest"]

    print("the model-registry client is content")


if __name__ == "__main__":
    main()
