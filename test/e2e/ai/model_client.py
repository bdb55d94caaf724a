"""Calls by the official libraries, as their documentation shows them. argv: JSON list of library, api, base_url, model, prompt, stream."""
import json
import sys

TOOL = {
    "type": "object",
    "properties": {"account": {"type": "string"}, "amount": {"type": "number"}},
    "required": ["account"],
}


def usage_of(usage):
    if usage is None:
        return None
    first = getattr(usage, "prompt_tokens", None)
    second = getattr(usage, "completion_tokens", None)
    return {
        "input": usage.input_tokens if first is None else first,
        "output": usage.output_tokens if second is None else second,
    }


def openai_chat(asked, told):
    import openai

    client = openai.OpenAI(base_url=asked["base_url"], api_key="sk-test")
    tools = [{"type": "function", "function": {"name": name, "parameters": TOOL}} for name in ("lookup", "transfer")]
    request = dict(
        model=asked["model"],
        max_completion_tokens=100,
        messages=[{"role": "user", "content": asked["prompt"]}],
        tools=tools,
    )
    if not asked["stream"]:
        answer = client.chat.completions.create(**request)
        message = answer.choices[0].message
        told["text"] = message.content
        told["calls"] = [
            {"name": call.function.name, "arguments": call.function.arguments} for call in message.tool_calls or []
        ]
        told["usage"] = usage_of(answer.usage)
        return
    for event in client.chat.completions.create(stream=True, **request):
        if event.usage is not None:
            told["usage"] = usage_of(event.usage)
        for choice in event.choices:
            told["text"] += choice.delta.content or ""
            for call in choice.delta.tool_calls or []:
                if call.function.name:
                    told["calls"].append({"name": call.function.name, "arguments": ""})
                told["calls"][-1]["arguments"] += call.function.arguments or ""


def openai_responses(asked, told):
    import openai

    client = openai.OpenAI(base_url=asked["base_url"], api_key="sk-test")
    request = dict(model=asked["model"], max_output_tokens=100, input=asked["prompt"])
    if not asked["stream"]:
        answer = client.responses.create(**request)
        told["text"] = answer.output_text
        told["usage"] = usage_of(answer.usage)
        return
    for event in client.responses.create(stream=True, **request):
        if event.type == "response.output_text.delta":
            told["text"] += event.delta
        if event.type == "response.completed":
            told["usage"] = usage_of(event.response.usage)


def anthropic_messages(asked, told):
    import anthropic

    client = anthropic.Anthropic(base_url=asked["base_url"], api_key="sk-ant-test")
    request = dict(
        model=asked["model"],
        max_tokens=100,
        messages=[{"role": "user", "content": asked["prompt"]}],
        tools=[{"name": name, "input_schema": TOOL} for name in ("lookup", "transfer")],
    )
    if asked["stream"]:
        with client.messages.stream(**request) as stream:
            for text in stream.text_stream:
                told["text"] += text
            answer = stream.get_final_message()
    else:
        answer = client.messages.create(**request)
    told["text"] = "".join(block.text for block in answer.content if block.type == "text")
    told["calls"] = [
        {"name": block.name, "arguments": json.dumps(block.input)}
        for block in answer.content
        if block.type == "tool_use"
    ]
    told["usage"] = usage_of(answer.usage)


for asked in json.loads(sys.argv[1]):
    told = {"text": "", "calls": []}
    call = openai_responses if asked["api"] == "responses" else openai_chat
    try:
        (anthropic_messages if asked["library"] == "anthropic" else call)(asked, told)
        told["ok"] = True
    except Exception as error:
        told["ok"] = False
        told["error"] = {
            "name": type(error).__name__,
            "status": getattr(error, "status_code", None),
            "code": getattr(error, "code", None),
            "message": str(error),
        }
    print(json.dumps(told))
