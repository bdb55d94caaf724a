// A session of the official MCP client. argv: JSON of {url, tool, arguments}.
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const { url, tool, arguments: given } = JSON.parse(process.argv[2]);
const client = new Client({ name: 'scripted', version: '1.0.0' });
try {
  await client.connect(new StreamableHTTPClientTransport(new URL(url)));
  const { tools } = await client.listTools();
  const told = { tools: tools.map(({ name }) => name) };
  try {
    const { content } = await client.callTool({ name: tool, arguments: given });
    console.log(JSON.stringify({ ok: true, ...told, text: content[0]?.text }));
  } catch (error) {
    console.log(JSON.stringify({ ok: false, ...told, error: { code: error.code, message: error.message } }));
  }
} catch (error) {
  console.log(JSON.stringify({ ok: false, error: { code: error.code, message: error.message } }));
}
await client.close().catch(() => {});
