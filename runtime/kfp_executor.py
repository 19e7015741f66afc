"""Runs one lightweight Python component of a compiled KFP v2 pipeline, with the standard library alone.

It does what `python -m kfp.dsl.executor_main` does: reads the ExecutorInput, calls the function with parameters and
artifacts, and writes executor_output.json. Not for container components, which are plain commands.
"""

import argparse
import importlib.metadata
import importlib.util
import inspect
import json
import os
import re
import sys
import traceback
import typing
from typing import Any, Dict, List, Optional

import kfp_standin as kfp

_CONTAINERS = {dict: dict, list: list, Dict: dict, List: list}


class ComponentError(Exception):
    """What the author of the component must mend; shown without a stack trace."""


def without_optional(annotation: Any) -> Any:
    """X for Optional[X] and X | None."""
    members = [member for member in typing.get_args(annotation) if member is not type(None)]
    is_union = typing.get_origin(annotation) is typing.Union or type(annotation).__name__ == "UnionType"
    return members[0] if is_union and len(members) == 1 else annotation


def marker_of(annotation: Any) -> Any:
    """InputAnnotation, OutputAnnotation or None."""
    for marker in getattr(annotation, "__metadata__", ()):
        if marker in (kfp.InputAnnotation, kfp.OutputAnnotation):
            return marker
    return None


def base_of(annotation: Any) -> Any:
    """Model for Input[Model], and for Input[List[Model]]."""
    if hasattr(annotation, "__metadata__"):
        annotation = typing.get_args(annotation)[0]
    while typing.get_origin(annotation) is list:
        annotation = (typing.get_args(annotation) or (kfp.Artifact,))[0]
    return annotation


def is_list(annotation: Any) -> bool:
    if hasattr(annotation, "__metadata__"):
        annotation = typing.get_args(annotation)[0]
    return typing.get_origin(annotation) is list


def is_artifact_class(annotation: Any) -> bool:
    return isinstance(annotation, type) and hasattr(annotation, "schema_title") and hasattr(annotation, "path")


def parameter_type(annotation: Any) -> Optional[type]:
    """str, int, float, bool, dict or list; None when the annotation is not a parameter's."""
    annotation = typing.get_origin(annotation) or annotation
    annotation = _CONTAINERS.get(annotation, annotation) if isinstance(annotation, typing.Hashable) else annotation
    return annotation if annotation in (str, int, float, bool, dict, list) else None


def typed(value: Any, wanted: Any) -> Any:
    """A JSON number as the function declares it: 2.0 arrives where an int is wanted."""
    if wanted is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return value


class Executor:
    def __init__(self, function: Any, executor_input: Dict[str, Any]) -> None:
        self.function = function
        self.inputs = executor_input.get("inputs", {})
        self.outputs = executor_input["outputs"]
        self.signature = inspect.signature(function)
        self.output_artifacts: Dict[str, Any] = {}
        self.parameter_values: Dict[str, Any] = {}

    def run(self) -> None:
        for name, listed in self.outputs.get("artifacts", {}).items():
            if not listed.get("artifacts"):
                continue
            annotation = self.annotation_of(name)
            artifact = self.make_artifact(listed["artifacts"][0], base_of(annotation))
            os.makedirs(os.path.dirname(artifact.path), exist_ok=True)
            self.output_artifacts[name] = artifact
        result = self.function(**self.arguments())
        if result is not None:
            self.take_result(result)
        self.write()

    def annotation_of(self, name: str) -> Any:
        parameter = self.signature.parameters.get(name)
        return without_optional(parameter.annotation) if parameter is not None else None

    def make_artifact(self, message: Dict[str, Any], declared: Any) -> Any:
        cls = kfp.ARTIFACT_TYPES.get(message.get("type", {}).get("schemaTitle", ""))
        if cls is None or (is_artifact_class(declared) and issubclass(declared, cls)):
            cls = declared if is_artifact_class(declared) else kfp.Artifact
        return cls(name=message.get("name", ""), uri=message.get("uri", ""), metadata=dict(message.get("metadata", {})))

    def arguments(self) -> Dict[str, Any]:
        arguments = {}
        for name in self.signature.parameters:
            annotation = self.annotation_of(name)
            if isinstance(annotation, kfp.OutputPath):
                arguments[name] = self.output_path(name)
            elif isinstance(annotation, kfp.InputPath):
                arguments[name] = self.input_artifact(name, kfp.Artifact).path
            elif marker_of(annotation) is kfp.OutputAnnotation:
                arguments[name] = self.output_artifacts.get(name)
            elif marker_of(annotation) is kfp.InputAnnotation or is_list(annotation) and is_artifact_class(base_of(annotation)):
                arguments[name] = self.input_artifact(name, annotation)
            elif is_artifact_class(annotation):
                arguments[name] = self.input_artifact(name, annotation)
            elif annotation is kfp.PipelineTaskFinalStatus:
                raise ComponentError(f"the input {name} is a task's final status, which is not supported yet")
            else:
                value = self.inputs.get("parameterValues", {}).get(name)
                if value is not None:
                    arguments[name] = typed(value, parameter_type(annotation))
        return arguments

    def input_artifact(self, name: str, annotation: Any) -> Any:
        messages = self.inputs.get("artifacts", {}).get(name, {}).get("artifacts", [])
        made = [self.make_artifact(message, base_of(annotation)) for message in messages]
        if is_list(annotation):
            return made
        return made[0] if made else None

    def output_path(self, name: str) -> str:
        if name in self.output_artifacts:
            return self.output_artifacts[name].path
        path = self.outputs.get("parameters", {}).get(name, {}).get("outputFile")
        if not path:
            raise ComponentError(f"the output {name} is not declared by the pipeline")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def take_result(self, result: Any) -> None:
        annotation = self.signature.return_annotation
        fields = getattr(annotation, "_fields", None)
        if fields is None:
            self.take("Output", annotation, result)
            return
        if len(fields) != len(result):
            raise ComponentError(f"{self.function.__name__}() declares {len(fields)} return values and returned {len(result)}")
        for index, field in enumerate(fields):
            value = result[index] if type(result) is tuple else getattr(result, field)
            self.take(field, annotation.__annotations__[field], value)

    def take(self, name: str, annotation: Any, value: Any) -> None:
        annotation = without_optional(annotation)
        wanted = parameter_type(annotation)
        if wanted is not None:
            accepted = (int, float) if wanted is float else wanted
            if not isinstance(value, accepted):
                raise ComponentError(f"{self.function.__name__}() returned {name} of type {type(value).__name__}; it declares {wanted.__name__}")
            self.parameter_values[name] = value
        elif is_artifact_class(base_of(annotation)):
            if isinstance(value, kfp.Artifact):
                self.output_artifacts[name] = value
            else:
                with open(self.output_artifacts[name].path, "w", encoding="utf-8") as file:
                    file.write(str(value))
        else:
            raise ComponentError(f"{self.function.__name__}() returns {name} of the type {annotation}, which is neither a parameter nor an artifact")

    def write(self) -> None:
        output: Dict[str, Any] = {}
        if self.parameter_values:
            output["parameterValues"] = self.parameter_values
        for name, artifact in self.output_artifacts.items():
            message = {"name": artifact.name or name, "uri": artifact.uri, "metadata": artifact.metadata}
            if artifact.custom_path:
                message["custom_path"] = artifact.custom_path
            output.setdefault("artifacts", {})[name] = {"artifacts": [message]}
        path = self.outputs["outputFile"]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        # Whoever reads it after a crash sees all of it or nothing.
        with open(path + ".partial", "w", encoding="utf-8") as file:
            json.dump(output, file)
        os.replace(path + ".partial", path)


def missing_packages(wanted: List[str]) -> List[str]:
    missing = []
    for requirement in wanted:
        match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
        try:
            if match:
                importlib.metadata.distribution(match.group())
        except importlib.metadata.PackageNotFoundError:
            missing.append(requirement)
    return missing


def load(path: str, function: str) -> Any:
    spec = importlib.util.spec_from_file_location("ephemeral_component", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["ephemeral_component"] = module
    spec.loader.exec_module(module)
    if not hasattr(module, function):
        raise ComponentError(f"the component's source has no function {function}()")
    return getattr(module, function)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--component_module_path", required=True)
    parser.add_argument("--function_to_execute", required=True)
    parser.add_argument("--executor_input", help="the ExecutorInput as JSON")
    parser.add_argument("--executor_input_file", help="a file with it")
    parser.add_argument("--package", action="append", default=[], help="a package that the component asks for")
    options = parser.parse_args()
    if options.executor_input_file:
        with open(options.executor_input_file, encoding="utf-8") as file:
            executor_input = json.load(file)
    else:
        executor_input = json.loads(options.executor_input)

    kfp.install(os.path.dirname(executor_input["outputs"]["outputFile"]))
    sys.path[0] = os.path.dirname(options.component_module_path)  # was this file's directory
    sys.argv = [options.component_module_path]
    missing = missing_packages(options.package)
    try:
        Executor(load(options.component_module_path, options.function_to_execute), executor_input).run()
    except ComponentError as problem:
        print(f"error: {problem}", file=sys.stderr)
        return 1
    except ImportError:
        traceback.print_exc()
        if missing:
            print(f"error: the component asks for {', '.join(missing)}, not installed for {sys.executable}; "
                  "install it there, or name another Python in the profile", file=sys.stderr)
        return 1
    except Exception:  # the component's own failure: its trace is what its author needs
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
