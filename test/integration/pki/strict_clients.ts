import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { checkServerIdentity, connect } from 'node:tls';
import { goProgram } from '../../support/go_program.ts';

/** One leaf as a server would present it, and what a client of it trusts. */
export interface Presented {
  readonly chain: string;
  readonly key: string;
  readonly trusted: string;
}

/** What each client says to `name`: empty when it is content, else its own words. */
export type StrictClient = (presented: Presented, name: string) => Promise<string>;

/** `dir` is for scratch files. */
export function openssl(dir: string): StrictClient {
  return async ({ chain, trusted }, name) => {
    const at = (file: string) => join(dir, file);
    writeFileSync(at('chain.pem'), chain);
    writeFileSync(at('trusted.pem'), trusted);
    const check = isAddress(name) ? ['-verify_ip', bare(name)] : ['-verify_hostname', name];
    const strict = ['-x509_strict', '-check_ss_sig', '-purpose', 'sslserver', '-auth_level', '2', ...check];
    const files = [
      '-CAfile',
      at('trusted.pem'),
      '-no-CApath',
      '-untrusted',
      at('chain.pem'),
      at('chain.pem'),
    ];
    const done = spawnSync('openssl', ['verify', ...strict, ...files], { encoding: 'utf8' });
    return done.status === 0 ? '' : `${done.stdout}${done.stderr}`;
  };
}

/** Node's own TLS stack, over a real connection. */
export const node: StrictClient = (presented, name) =>
  served(
    presented,
    (port) =>
      new Promise((resolve) => {
        const socket = connect({
          host: '127.0.0.1',
          port,
          ca: presented.trusted,
          minVersion: 'TLSv1.3',
          ...(isAddress(name) ? {} : { servername: name }),
          // The connection goes to loopback; the name that counts is the one under test.
          checkServerIdentity: (_host, certificate) => checkServerIdentity(bare(name), certificate),
        });
        socket.once('secureConnect', () => end(''));
        socket.once('error', (error) => end(error.message));
        const end = (said: string): void => {
          socket.destroy();
          resolve(said);
        };
      }),
  );

const PYTHON = `
import socket, ssl, sys
name, port, trusted = sys.argv[1], int(sys.argv[2]), sys.argv[3]
context = ssl.create_default_context(cafile=trusted)
context.verify_flags |= ssl.VERIFY_X509_STRICT
with socket.create_connection(("127.0.0.1", port)) as raw, context.wrap_socket(raw, server_hostname=name) as tls:
    assert tls.version() == "TLSv1.3"
`;

export function python(dir: string): StrictClient {
  return (presented, name) => {
    writeFileSync(join(dir, 'trusted.pem'), presented.trusted);
    return served(presented, (port) =>
      said('python3', ['-c', PYTHON, bare(name), `${port}`, join(dir, 'trusted.pem')]),
    );
  };
}

const GO = `package main

import ("crypto/tls"; "crypto/x509"; "fmt"; "os")

func main() {
	pem, err := os.ReadFile(os.Args[3])
	if err != nil { panic(err) }
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) { panic("no roots") }
	config := &tls.Config{RootCAs: roots, ServerName: os.Args[1], MinVersion: tls.VersionTLS13}
	connection, err := tls.Dial("tcp", "127.0.0.1:"+os.Args[2], config)
	if err != nil { fmt.Fprintln(os.Stderr, err); os.Exit(1) }
	connection.Close()
}
`;

/** Compiles the client once; the standard library alone. */
export function go(dir: string): StrictClient {
  const program = goProgram(GO);
  return (presented, name) => {
    writeFileSync(join(dir, 'trusted.pem'), presented.trusted);
    return served(presented, (port) => said(program, [bare(name), `${port}`, join(dir, 'trusted.pem')]));
  };
}

/** Whether a tool can be run here. */
export function has(tool: string, flag: string): boolean {
  return spawnSync(tool, [flag], { stdio: 'ignore' }).status === 0;
}

function said(tool: string, args: readonly string[]): Promise<string> {
  const child = spawn(tool, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code === 0 ? '' : text || `exit code ${code}`));
  });
}

async function served(presented: Presented, client: (port: number) => Promise<string>): Promise<string> {
  const server = createServer({ cert: presented.chain, key: presented.key });
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await client((server.address() as AddressInfo).port);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function isAddress(name: string): boolean {
  return name.startsWith('[') || /^[0-9.]+$/.test(name);
}

function bare(name: string): string {
  return name.replace(/^\[|\]$/g, '');
}
