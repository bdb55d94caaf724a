import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { isInitializeRequest } from '@modelcontextprotocol/sdk/types.js';
import { z } from 'zod';

export interface McpService {
  handle(request: IncomingMessage, reply: ServerResponse, body: string): Promise<void>;
  close(): Promise<void>;
}

/** The official server with sessions and two tools: `add`, and `drop` that nobody should be allowed to call. */
export function startMcpServer(): McpService {
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const open = async () => {
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => {
        sessions.set(id, transport);
      },
    });
    const server = new McpServer({ name: 'scripted', version: '1.0.0' });
    server.registerTool(
      'add',
      { description: 'adds', inputSchema: { a: z.number(), b: z.number() } },
      ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }),
    );
    server.registerTool('drop', { description: 'drops', inputSchema: { table: z.string() } }, () => ({
      content: [{ type: 'text', text: 'dropped' }],
    }));
    await server.connect(transport as Parameters<typeof server.connect>[0]);
    return transport;
  };
  return {
    async handle(request, reply, text) {
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      const id = request.headers['mcp-session-id'];
      const known = typeof id === 'string' ? sessions.get(id) : undefined;
      const transport = known ?? (isInitializeRequest(body) ? await open() : undefined);
      if (transport !== undefined) return await transport.handleRequest(request, reply, body);
      reply.writeHead(400).end();
    },
    async close() {
      for (const transport of sessions.values()) await transport.close();
    },
  };
}
