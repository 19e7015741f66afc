"""A stand-in for the parts of `kfp` that a component uses while it runs.

The sources of lightweight components begin with `import kfp`, `from kfp import dsl` and `from kfp.dsl import *`, only
for the types in their signatures. install() puts modules of those names into sys.modules, so that the SDK (more than a
second to import) need not be there. Whatever else of the SDK a component asks for is refused by name.
"""

import sys
import types
from typing import Annotated, Any, Dict, List, NamedTuple, Optional, TypeVar

VERSION = "2.17.0+slipway"
NEEDS_KFP = ("this component uses {name}, which is part of the full kfp package and not available while a step runs here; "
             "run the step as a container component whose image has kfp, or leave {name} out of the component")

_MOUNTS = (("gs://", "/gcs/"), ("minio://", "/minio/"), ("s3://", "/s3/"))


class Artifact:
    schema_title = "system.Artifact"
    schema_version = "0.0.1"

    def __init__(self, name: Optional[str] = None, uri: Optional[str] = None, metadata: Optional[Dict] = None) -> None:
        self.uri = uri or ""
        self.name = name or ""
        self.metadata = metadata or {}
        self.custom_path = ""

    @property
    def path(self) -> str:
        if self.custom_path:
            return self.custom_path
        for scheme, mount in _MOUNTS:
            if self.uri.startswith(scheme):
                return mount + self.uri[len(scheme):]
        return self.uri

    @path.setter
    def path(self, path: str) -> None:
        for scheme, mount in _MOUNTS:
            if path.startswith(mount):
                self.uri = scheme + path[len(mount):]
                return
        self.uri = path

    def set_path(self, path: str) -> None:
        self.custom_path = path


class Model(Artifact):
    schema_title = "system.Model"

    @property
    def framework(self) -> str:
        return self.metadata.get("framework", "")

    @framework.setter
    def framework(self, framework: str) -> None:
        self.metadata["framework"] = framework


class Dataset(Artifact):
    schema_title = "system.Dataset"


class HTML(Artifact):
    schema_title = "system.HTML"


class Markdown(Artifact):
    schema_title = "system.Markdown"


class Metrics(Artifact):
    schema_title = "system.Metrics"

    def log_metric(self, metric: str, value: float) -> None:
        self.metadata[metric] = value


class ClassificationMetrics(Artifact):
    schema_title = "system.ClassificationMetrics"

    def log_roc_data_point(self, fpr: float, tpr: float, threshold: float) -> None:
        self.metadata.setdefault("confidenceMetrics", []).append(
            {"confidenceThreshold": threshold, "recall": tpr, "falsePositiveRate": fpr})

    def log_roc_curve(self, fpr: List[float], tpr: List[float], threshold: List[float]) -> None:
        if not len(fpr) == len(tpr) == len(threshold):
            raise ValueError("Length of fpr, tpr and threshold must be the same. "
                             f"Got lengths {len(fpr)}, {len(tpr)} and {len(threshold)} respectively.")
        for point in zip(fpr, tpr, threshold):
            self.log_roc_data_point(*point)

    def set_confusion_matrix_categories(self, categories: List[str]) -> None:
        self._categories = list(categories)
        self._rows = [{"row": [0] * len(categories)} for _ in categories]
        self.metadata["confusionMatrix"] = {
            "annotationSpecs": [{"displayName": category} for category in categories], "rows": self._rows}

    def log_confusion_matrix_row(self, row_category: str, row: List[float]) -> None:
        if row_category not in self._categories:
            raise ValueError(f"Invalid category: {row_category} passed. Expected one of: {self._categories}")
        if len(row) != len(self._categories):
            raise ValueError(f"Invalid row. Expected size: {len(self._categories)} got: {len(row)}")
        self._rows[self._categories.index(row_category)] = {"row": row}
        self.metadata["confusionMatrix"]["rows"] = self._rows

    def log_confusion_matrix_cell(self, row_category: str, col_category: str, value: int) -> None:
        for category in (row_category, col_category):
            if category not in self._categories:
                raise ValueError(f"Invalid category: {category} passed. Expected one of: {self._categories}")
        self._rows[self._categories.index(row_category)]["row"][self._categories.index(col_category)] = value

    def log_confusion_matrix(self, categories: List[str], matrix: List[List[int]]) -> None:
        self.set_confusion_matrix_categories(categories)
        if len(matrix) != len(categories):
            raise ValueError(f"Invalid matrix: {matrix} passed for categories: {categories}")
        for category, row in zip(categories, matrix):
            self.log_confusion_matrix_row(category, row)


class SlicedClassificationMetrics(Artifact):
    schema_title = "system.SlicedClassificationMetrics"


class PipelineTaskFinalStatus(NamedTuple):
    state: str = ""
    pipeline_job_resource_name: str = ""
    pipeline_task_name: str = ""
    error_code: Optional[int] = None
    error_message: Optional[str] = None


class InputAnnotation:
    pass


class OutputAnnotation:
    pass


class _Path:
    """InputPath or OutputPath: a file's path instead of its value."""

    def __init__(self, type: Any = None) -> None:  # the SDK calls it `type`
        self.type = type


class InputPath(_Path):
    pass


class OutputPath(_Path):
    pass


T = TypeVar("T")
Input = Annotated[T, InputAnnotation]
Output = Annotated[T, OutputAnnotation]

ARTIFACT_TYPES = {cls.schema_title: cls for cls in (Artifact, Model, Dataset, HTML, Markdown, Metrics, ClassificationMetrics,
                                                    SlicedClassificationMetrics)}

_PLACEHOLDERS = {
    "PIPELINE_JOB_NAME_PLACEHOLDER": "{{$.pipeline_job_name}}",
    "PIPELINE_JOB_RESOURCE_NAME_PLACEHOLDER": "{{$.pipeline_job_resource_name}}",
    "PIPELINE_JOB_ID_PLACEHOLDER": "{{$.pipeline_job_uuid}}",
    "PIPELINE_TASK_NAME_PLACEHOLDER": "{{$.pipeline_task_name}}",
    "PIPELINE_TASK_ID_PLACEHOLDER": "{{$.pipeline_task_uuid}}",
    "PIPELINE_TASK_EXECUTOR_OUTPUT_PATH_PLACEHOLDER": "{{$.outputs.output_file}}",
    "PIPELINE_TASK_EXECUTOR_INPUT_PLACEHOLDER": "{{$}}",
    "PIPELINE_ROOT_PLACEHOLDER": "{{$.pipeline_root}}",
    "PIPELINE_JOB_CREATE_TIME_UTC_PLACEHOLDER": "{{$.pipeline_job_create_time_utc}}",
    "PIPELINE_JOB_SCHEDULE_TIME_UTC_PLACEHOLDER": "{{$.pipeline_job_schedule_time_utc}}",
    "WORKSPACE_PATH_PLACEHOLDER": "{{$.workspace_path}}",
}

_EXPORTS = (Artifact, Model, Dataset, HTML, Markdown, Metrics, ClassificationMetrics, SlicedClassificationMetrics,
            PipelineTaskFinalStatus, InputPath, OutputPath)


class _RefuseTheRest:
    """Last on sys.meta_path: names the submodules of kfp that the stand-in does not have."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == "kfp" or name.startswith("kfp."):
            raise ImportError(NEEDS_KFP.format(name=name))
        return None


def _module(name: str, contents: Dict[str, Any]) -> types.ModuleType:
    module = types.ModuleType(name, "Slipway's stand-in; see runtime/kfp_standin.py")
    module.__path__ = []  # a package without files: submodules go to _RefuseTheRest
    module.__dict__.update(contents)

    def refuse(attribute: str) -> Any:
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        raise ImportError(NEEDS_KFP.format(name=f"{name}.{attribute}"))

    module.__getattr__ = refuse
    sys.modules[name] = module
    return module


def install(output_directory: str) -> None:
    """Puts `kfp`, `kfp.dsl` and `kfp.dsl.types.artifact_types` into sys.modules."""

    def get_uri(suffix: str = "") -> str:
        import os
        return os.path.join(output_directory, "artifacts", suffix)

    contents = {cls.__name__: cls for cls in _EXPORTS}
    contents.update(Input=Input, Output=Output, get_uri=get_uri, **_PLACEHOLDERS)
    dsl = _module("kfp.dsl", {**contents, "__all__": list(contents)})
    dsl.types = _module("kfp.dsl.types", {})
    dsl.types.artifact_types = _module("kfp.dsl.types.artifact_types", contents)
    _module("kfp", {"dsl": dsl, "__version__": VERSION})
    sys.meta_path.insert(0, _RefuseTheRest)
