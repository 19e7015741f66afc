"""Evaluates a served model: asks it the questions of a prompts file and scores the answers.

Compile:  kfp dsl compile --py pipelines/evaluate.py --output pipelines/evaluate.yaml
"""

from kfp import dsl
from kfp.dsl import Dataset, Input, Metrics, Output


@dsl.component(base_image="python:3.11")
def ask(endpoint: str, host: str, model: str, prompts: str, answers: Output[Dataset]):
    """Sends every prompt to the model, one at a time, and records answer and time to first token."""
    import json
    import time
    import urllib.request

    with open(prompts, encoding="utf-8") as file:
        items = [json.loads(line) for line in file if line.strip()]
    records = []
    for item in items:
        body = {
            "model": model,
            "stream": True,
            "temperature": 0,
            "max_tokens": 24,
            "messages": [
                {"role": "system", "content": "Answer in one short sentence, only from the passage."},
                {"role": "user", "content": f"Passage: {item['passage']} Question: {item['question']}"},
            ],
        }
        request = urllib.request.Request(
            endpoint + "/v1/chat/completions",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json", "Host": host},
        )
        started = time.monotonic()
        first = None
        text = ""
        with urllib.request.urlopen(request, timeout=120) as response:
            for line in response:
                if not line.startswith(b"data: ") or line.strip() == b"data: [DONE]":
                    continue
                choices = json.loads(line[6:]).get("choices") or []
                piece = (choices[0].get("delta") or {}).get("content") if choices else None
                if piece:
                    if first is None:
                        first = time.monotonic() - started
                    text += piece
        records.append({**item, "answer": text, "ttft": first, "seconds": time.monotonic() - started})
        print(f"{item['question']} -> {text.strip()}", flush=True)
    with open(answers.path, "w", encoding="utf-8") as file:
        for record in records:
            file.write(json.dumps(record) + "\n")
    answers.metadata["prompts"] = len(records)


@dsl.component(base_image="python:3.11")
def score(answers: Input[Dataset], metrics: Output[Metrics]) -> float:
    """Accuracy is the share of answers that contain the expected fact; an empty file has none."""
    import json

    with open(answers.path, encoding="utf-8") as file:
        records = [json.loads(line) for line in file]
    if not records:
        raise ValueError("the prompts file is empty: there is nothing to score")
    right = sum(1 for r in records if r["expect"].lower() in r["answer"].lower())
    waits = sorted(r["ttft"] if r["ttft"] is not None else r["seconds"] for r in records)
    accuracy = right / len(records)
    metrics.log_metric("accuracy", accuracy)
    metrics.log_metric("prompts", len(records))
    metrics.log_metric("ttft_p95_seconds", waits[min(len(waits) - 1, int(0.95 * len(waits)))])
    print(f"{right} of {len(records)} answers have the expected fact")
    return accuracy


@dsl.pipeline(name="evaluate-support-assistant", description="asks a served model the questions of a prompts file and scores the answers")
def evaluate(endpoint: str, host: str, model: str, prompts: str) -> float:
    # A model server's answers are not a function of these inputs: asking is never taken from the cache. A server may be
    # replaced in the middle of it: then all questions are asked again.
    asked = (
        ask(endpoint=endpoint, host=host, model=model, prompts=prompts)
        .set_caching_options(False)
        .set_retry(num_retries=3, backoff_duration="2s", backoff_factor=2, backoff_max_duration="20s")
    )
    return score(answers=asked.outputs["answers"]).outputs["Output"]


if __name__ == "__main__":
    from kfp import compiler

    compiler.Compiler().compile(evaluate, __file__.replace(".py", ".yaml"))
