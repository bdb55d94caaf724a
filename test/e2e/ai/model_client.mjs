// Calls by the official libraries, as their documentation shows them, one after the other.
// argv: JSON list of {library, api, base_url, model, prompt, stream}; a line of JSON for each.
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';

const TOOL = {
  type: 'object',
  properties: { account: { type: 'string' }, amount: { type: 'number' } },
  required: ['account'],
};

async function openaiChat({ base_url, model, prompt, stream }) {
  const client = new OpenAI({ baseURL: base_url, apiKey: 'sk-test' });
  const request = {
    model,
    max_completion_tokens: 100,
    messages: [{ role: 'user', content: prompt }],
    tools: ['lookup', 'transfer'].map((name) => ({ type: 'function', function: { name, parameters: TOOL } })),
  };
  if (!stream) {
    const answer = await client.chat.completions.create(request);
    const [{ message }] = answer.choices;
    const calls = (message.tool_calls ?? []).map((call) => call.function);
    return { text: message.content, calls, usage: usageOf(answer.usage) };
  }
  return await streamed(async (told) => {
    const runner = client.chat.completions.stream(request);
    for await (const event of runner) {
      const delta = event.choices[0]?.delta;
      told.text += delta?.content ?? '';
      for (const { function: part } of delta?.tool_calls ?? []) {
        if (part?.name) told.calls.push({ name: part.name, arguments: '' });
        told.calls.at(-1).arguments += part?.arguments ?? '';
      }
      if (event.usage) told.usage = usageOf(event.usage);
    }
  });
}

async function openaiResponses({ base_url, model, prompt, stream }) {
  const client = new OpenAI({ baseURL: base_url, apiKey: 'sk-test' });
  const request = { model, max_output_tokens: 100, input: prompt };
  if (!stream) {
    const answer = await client.responses.create(request);
    return { text: answer.output_text, calls: [], usage: usageOf(answer.usage) };
  }
  return await streamed(async (told) => {
    for await (const event of await client.responses.create({ ...request, stream: true })) {
      if (event.type === 'response.output_text.delta') told.text += event.delta;
      if (event.type === 'response.completed') told.usage = usageOf(event.response.usage);
    }
  });
}

async function anthropic({ base_url, model, prompt, stream }) {
  const client = new Anthropic({ baseURL: base_url, apiKey: 'sk-ant-test' });
  const request = {
    model,
    max_tokens: 100,
    messages: [{ role: 'user', content: prompt }],
    tools: ['lookup', 'transfer'].map((name) => ({ name, input_schema: TOOL })),
  };
  const told = { text: '', calls: [] };
  const take = (content) => {
    for (const block of content) {
      if (block.type === 'text') told.text += block.text;
      if (block.type === 'tool_use')
        told.calls.push({ name: block.name, arguments: JSON.stringify(block.input) });
    }
  };
  if (!stream) {
    const answer = await client.messages.create(request);
    take(answer.content);
    return { ...told, usage: usageOf(answer.usage) };
  }
  return await streamed(async (seen) => {
    const runner = client.messages.stream(request);
    for await (const event of runner)
      if (event.type === 'content_block_delta' && event.delta.type === 'text_delta')
        seen.text += event.delta.text;
    const answer = await runner.finalMessage();
    take(answer.content);
    Object.assign(seen, told, { usage: usageOf(answer.usage) });
  });
}

/** What was read before something went wrong counts as well. */
async function streamed(read) {
  const told = { text: '', calls: [] };
  try {
    await read(told);
    return told;
  } catch (error) {
    throw Object.assign(error, { told });
  }
}

function usageOf(usage) {
  if (!usage) return undefined;
  return {
    input: usage.prompt_tokens ?? usage.input_tokens,
    output: usage.completion_tokens ?? usage.output_tokens,
  };
}

for (const asked of JSON.parse(process.argv[2])) {
  const { library, api } = asked;
  const call = library === 'anthropic' ? anthropic : api === 'responses' ? openaiResponses : openaiChat;
  const told = await call(asked).then(
    (answer) => ({ ok: true, ...answer }),
    (error) => ({ ok: false, ...error.told, error: errorOf(error) }),
  );
  console.log(JSON.stringify(told));
}

function errorOf(error) {
  const { status, message } = error;
  const code = error.code ?? error.error?.code;
  return { name: error.constructor.name, status, code, message: String(message) };
}
