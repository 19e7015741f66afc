"""The openai client talks to a model through the gateway, streamed and not. Usage: openai_client.py GATEWAY HOST MODEL"""

import sys

import openai

gateway, host, model = sys.argv[1:4]
client = openai.OpenAI(base_url=gateway + "/v1", api_key="unused", default_headers={"Host": host}, timeout=120, max_retries=0)
question = [{"role": "user", "content": "Passage: Gift cards never expire. Question: Do gift cards expire?"}]

answer = client.chat.completions.create(model=model, messages=question, max_tokens=16)
assert answer.choices[0].message.content and answer.usage.completion_tokens > 0, answer
pieces, usage = [], None
for chunk in client.chat.completions.create(model=model, messages=question, max_tokens=16, stream=True, stream_options={"include_usage": True}):
    if chunk.choices and chunk.choices[0].delta.content:
        pieces.append(chunk.choices[0].delta.content)
    usage = chunk.usage or usage
assert len(pieces) > 1 and usage is not None, pieces
assert [m.id for m in client.models.list().data], "the model is listed"

try:
    client.chat.completions.create(model=model, messages=[{"role": "user", "content": "word " * 9000}], max_tokens=4)
    sys.exit("a prompt that does not fit must be refused")
except openai.BadRequestError as error:
    assert "context" in str(error), error
try:
    openai.OpenAI(base_url=gateway + "/v1", api_key="unused", default_headers={"Host": "nobody.example.com"}, max_retries=0).models.list()
    sys.exit("an unknown host must be refused")
except openai.NotFoundError as error:
    print("unknown host:", error)
print("openai: answers, streams, and errors in their shape")
