"""JSON schemas, as kubeconform reads them, of the kinds that CustomResourceDefinitions define.
Usage: schemas.py DIRECTORY CRD.yaml...   writes DIRECTORY/GROUP/KIND_VERSION.json
"""

import json
import os
import sys

import yaml


def strict(schema):
    """Unknown fields are mistakes, unless the definition keeps them: what a strict API server says."""
    if schema.pop("x-kubernetes-int-or-string", False):
        schema["anyOf"] = [{"type": "integer"}, {"type": "string"}]
        schema.pop("type", None)
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if "properties" in schema and not open_ended:
        schema["additionalProperties"] = False
    for child in schema.get("properties", {}).values():
        strict(child)
    for part in ("items", "additionalProperties"):
        if isinstance(schema.get(part), dict):
            strict(schema[part])
    return schema


directory, *files = sys.argv[1:]
for path in files:
    with open(path, encoding="utf-8") as file:
        for crd in yaml.safe_load_all(file):
            if not crd or crd.get("kind") != "CustomResourceDefinition":
                continue
            spec = crd["spec"]
            for version in spec["versions"]:
                schema = version["schema"]["openAPIV3Schema"]
                properties = schema.setdefault("properties", {})
                properties.update({"apiVersion": {"type": "string"}, "kind": {"type": "string"}, "metadata": {"type": "object"}})
                where = os.path.join(directory, spec["group"], f"{spec['names']['kind'].lower()}_{version['name']}.json")
                os.makedirs(os.path.dirname(where), exist_ok=True)
                metadata = properties.pop("metadata")
                strict(schema)
                properties["metadata"] = metadata
                with open(where, "w", encoding="utf-8") as out:
                    json.dump(schema, out)
