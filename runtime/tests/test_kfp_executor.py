"""Runs the executor as the engine does: a process, an ExecutorInput, a component's source. `python3 -m unittest discover runtime/tests`."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

EXECUTOR = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "kfp_executor.py")
HEADER = "\nimport kfp\nfrom kfp import dsl\nfrom kfp.dsl import *\nfrom typing import *\n\n"


class Step:
    def __init__(self, source, function, parameters=None, inputs=None, artifacts=None, outputs=(), packages=()):
        self.directory = tempfile.TemporaryDirectory()
        base = self.directory.name
        with open(os.path.join(base, "component.py"), "w", encoding="utf-8") as file:
            file.write(HEADER + source)
        self.output_file = os.path.join(base, "executor_output.json")
        message = {
            "inputs": {"parameterValues": parameters or {},
                       "artifacts": {name: {"artifacts": listed} for name, listed in (inputs or {}).items()}},
            "outputs": {"parameters": {name: {"outputFile": os.path.join(base, "parameters", name)} for name in outputs},
                        "artifacts": {name: {"artifacts": [{"name": name, "type": {"schemaTitle": title}, "metadata": {},
                                                            "uri": os.path.join(base, "artifacts", name)}]}
                                      for name, title in (artifacts or {}).items()},
                        "outputFile": self.output_file}}
        command = [sys.executable, EXECUTOR, "--component_module_path", os.path.join(base, "component.py"),
                   "--function_to_execute", function, "--executor_input", json.dumps(message)]
        for package in packages:
            command += ["--package", package]
        done = subprocess.run(command, capture_output=True, text=True, env={"PATH": os.environ["PATH"]}, cwd=base, check=False)
        self.code, self.errors, self.printed = done.returncode, done.stderr, done.stdout

    def __del__(self):
        self.directory.cleanup()

    def output(self):
        with open(self.output_file, encoding="utf-8") as file:
            return json.load(file)

    def read(self, *path):
        with open(os.path.join(self.directory.name, *path), encoding="utf-8") as file:
            return file.read()


class ExecutorTest(unittest.TestCase):
    def run_well(self, *args, **kwargs):
        step = Step(*args, **kwargs)
        self.assertEqual(step.code, 0, step.errors)
        return step

    def test_parameters_arrive_as_declared_and_a_result_is_named_output(self):
        step = self.run_well(
            "def f(n: int, x: float, s: str, b: bool = False, l: List[int] = [1], d: Optional[Dict[str, int]] = None) -> str:\n"
            "    return repr((n, x, s, b, l, d))\n",
            "f", parameters={"n": 3.0, "x": 2, "s": "hi", "b": True, "l": [1, 2]})
        self.assertEqual(step.output(), {"parameterValues": {"Output": "(3, 2.0, 'hi', True, [1, 2], None)"}})

    def test_artifacts_have_paths_uris_and_metadata(self):
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as data:
            data.write("1 2 3")
            data.flush()
            step = self.run_well(
                "def train(dataset: Input[Dataset], model: Output[Model], metrics: dsl.Output[dsl.Metrics], extra: Optional[Input[Artifact]] = None):\n"
                "    assert type(dataset) is Dataset and extra is None\n"
                "    open(model.path, 'w').write('w' + open(dataset.path).read())\n"
                "    model.framework = dataset.metadata['kind']\n"
                "    metrics.log_metric('accuracy', 0.75)\n",
                "train", inputs={"dataset": [{"name": "d", "uri": data.name, "type": {"schemaTitle": "system.Dataset"}, "metadata": {"kind": "csv"}}]},
                artifacts={"model": "system.Model", "metrics": "system.Metrics"})
        artifacts = step.output()["artifacts"]
        self.assertEqual(artifacts["metrics"]["artifacts"][0]["metadata"], {"accuracy": 0.75})
        self.assertEqual(artifacts["model"]["artifacts"][0]["metadata"], {"framework": "csv"})
        self.assertEqual(step.read("artifacts", "model"), "w1 2 3")

    def test_a_named_tuple_becomes_several_outputs(self):
        step = self.run_well(
            "def f() -> NamedTuple('Outputs', [('loss', float), ('label', str), ('note', Artifact)]):\n"
            "    return (1, 'a', 'text')\n", "f", artifacts={"note": "system.Artifact"})
        self.assertEqual(step.output()["parameterValues"], {"loss": 1, "label": "a"})
        self.assertEqual(step.read("artifacts", "note"), "text")

    def test_paths_are_given_where_paths_are_asked_for(self):
        step = self.run_well(
            "def f(out: OutputPath(str), data: OutputPath('Dataset')):\n"
            "    open(out, 'w').write('x')\n    open(data, 'w').write('y')\n",
            "f", outputs=["out"], artifacts={"data": "system.Dataset"})
        self.assertEqual((step.read("parameters", "out"), step.read("artifacts", "data")), ("x", "y"))

    def test_a_list_of_artifacts_arrives_as_a_list(self):
        models = [{"name": str(i), "uri": f"/m/{i}", "type": {"schemaTitle": "system.Model"}, "metadata": {}} for i in range(2)]
        step = self.run_well("def f(models: Input[List[Model]]) -> int:\n    return len([m.path for m in models])\n", "f", inputs={"models": models})
        self.assertEqual(step.output()["parameterValues"]["Output"], 2)

    def test_classification_metrics_live_in_metadata(self):
        step = self.run_well(
            "def f(m: Output[ClassificationMetrics]):\n    m.log_confusion_matrix(['a', 'b'], [[1, 2], [3, 4]])\n    m.log_roc_curve([0.1], [0.9], [0.5])\n",
            "f", artifacts={"m": "system.ClassificationMetrics"})
        metadata = step.output()["artifacts"]["m"]["artifacts"][0]["metadata"]
        self.assertEqual(metadata["confusionMatrix"]["rows"], [{"row": [1, 2]}, {"row": [3, 4]}])
        self.assertEqual(metadata["confidenceMetrics"][0]["recall"], 0.9)

    def test_what_only_the_full_sdk_has_is_refused_by_name(self):
        for line in ("from kfp import compiler", "import kfp.client", "kfp.Client()", "from kfp.dsl import ParallelFor"):
            step = Step(f"def f():\n    {line}\n", "f")
            self.assertEqual(step.code, 1)
            self.assertIn("part of the full kfp package", step.errors)

    def test_a_missing_package_is_named(self):
        step = Step("def f():\n    import no_such_package_here\n", "f", packages=["no-such-package-here==1.0"])
        self.assertEqual(step.code, 1)
        self.assertIn("asks for no-such-package-here==1.0", step.errors)

    def test_a_wrong_return_type_and_a_raise_fail_without_output(self):
        for source, words in (("def f() -> int:\n    return 'a'\n", "declares int"), ("def f():\n    raise ValueError('boom')\n", "boom")):
            step = Step(source, "f")
            self.assertEqual(step.code, 1)
            self.assertIn(words, step.errors)
            self.assertFalse(os.path.exists(step.output_file))


if __name__ == "__main__":
    unittest.main()
