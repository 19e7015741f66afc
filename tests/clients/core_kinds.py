"""The built-in kinds of a manifest against Kubernetes' own schemas, strictly. Usage: core_kinds.py FILE"""

import sys

import kubernetes_validate
import yaml

with open(sys.argv[1], encoding="utf-8") as file:
    for document in yaml.safe_load_all(file):
        if document and "/" not in document["apiVersion"]:
            kubernetes_validate.validate(document, "1.33", strict=True)
            print(f"{sys.argv[1]}: {document['kind']} {document['metadata']['name']} is valid")
