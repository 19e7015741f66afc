"""The committed IR of the example is what the kfp SDK compiles from its Python source."""

import importlib.util
import os
import sys
import tempfile

import yaml
from kfp import compiler

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
source = os.path.join(ROOT, "examples/support-assistant/pipelines/evaluate.py")


def load(path):
    with open(path, encoding="utf-8") as file:
        document = yaml.safe_load(file)
    document.pop("sdkVersion")
    return document


with tempfile.TemporaryDirectory() as directory:
    compiled = os.path.join(directory, "evaluate.yaml")
    spec = importlib.util.spec_from_file_location("evaluate", source)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    compiler.Compiler().compile(module.evaluate, compiled)
    if load(compiled) != load(source.replace(".py", ".yaml")):
        sys.exit("pipelines/evaluate.yaml is not what kfp compiles from evaluate.py: run python3 pipelines/evaluate.py")
print("kfp compiles the example to what is committed")
