"""kfp.Client runs a pipeline of lightweight components on Slipway and waits for it. Usage: kfp_client.py URL TOKEN_FILE"""

import os
import sys
import tempfile

import kfp
from kfp import compiler, dsl


@dsl.component(base_image="python:3.11")
def double(number: int) -> int:
    return number * 2


@dsl.component(base_image="python:3.11")
def say(number: int, word: str, text: dsl.Output[dsl.Dataset], metrics: dsl.Output[dsl.Metrics]) -> str:
    with open(text.path, "w", encoding="utf-8") as file:
        file.write(f"{word} {number}")
    metrics.log_metric("number", number)
    return f"{word} {number}"


@dsl.component(base_image="python:3.11")
def fail(message: str):
    raise ValueError(message)


@dsl.pipeline(name="doubling")
def doubling(number: int = 20, word: str = "twice") -> str:
    return say(number=double(number=number).output, word=word).outputs["Output"]


@dsl.pipeline(name="failing")
def failing():
    fail(message="on purpose")


with open(sys.argv[2], encoding="utf-8") as file:
    token = file.read().strip()
client = kfp.Client(host=sys.argv[1], existing_token=token, verify_ssl=False)
print("experiment", client.create_experiment("from-the-sdk").experiment_id)
with tempfile.TemporaryDirectory() as directory:
    package = os.path.join(directory, "p.yaml")
    compiler.Compiler().compile(doubling, package)
    run = client.create_run_from_pipeline_package(package, arguments={"number": 21}, run_name="doubling", experiment_name="from-the-sdk")
    done = client.wait_for_run_completion(run.run_id, timeout=120, sleep_duration=1)
    assert done.state == "SUCCEEDED", done.state
    tasks = {task.display_name: task.state for task in client.get_run(run.run_id).run_details.task_details}
    assert tasks.get("double") == "SUCCEEDED" and tasks.get("say") == "SUCCEEDED", tasks
    compiler.Compiler().compile(failing, package)
    run = client.create_run_from_pipeline_package(package, arguments={}, run_name="failing", experiment_name="from-the-sdk")
    done = client.wait_for_run_completion(run.run_id, timeout=120, sleep_duration=1)
    assert done.state == "FAILED", done.state
assert any(r.display_name == "doubling" for r in client.list_runs(page_size=10).runs)
print("kfp.Client: runs succeed and fail as they should")
