import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { linesOfDescriptor, linesOfRoot, type WireLines } from './wire_lines.ts';

const repository = fileURLToPath(new URL('../../../', import.meta.url));
const official = linesOfDescriptor(
  readFileSync(join(repository, 'test/vectors/envoy-descriptor/envoy-1.40.0.binpb')),
);

/** Our definitions, with one file's text changed on the way when a test asks for it. */
function ours(mutate: (path: string, text: string) => string = (_path, text) => text): WireLines {
  const proto = join(repository, 'proto');
  const root = new protobuf.Root();
  const pending = readdirSync(proto, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.proto'),
  );
  const seen = new Set<string>();
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    const common = protobuf.common.get(path);
    if (common !== null) {
      root.addJSON(common.nested ?? {});
      continue;
    }
    const text = mutate(path, readFileSync(join(proto, path), 'utf8'));
    const parsed = protobuf.parse(text, root, { keepCase: true });
    pending.push(...(parsed.imports ?? []));
  }
  return linesOfRoot(root);
}

function differences(subset: WireLines): string[] {
  return [...subset].filter(([path, line]) => official.get(path) !== line).map(([path]) => path);
}

test('every field, enum value and method of ours is the official one', () => {
  const subset = ours();
  assert.deepEqual(
    [...subset]
      .filter(([path, line]) => official.get(path) !== line)
      .map(([path, line]) => [path, line, official.get(path)]),
    [],
  );
});

test('the comparison covers the definitions that carry decisions', () => {
  const subset = ours();
  const expected: [string, string][] = [
    ['envoy.service.auth.v3.CheckRequest.attributes', '1 singular envoy.service.auth.v3.AttributeContext'],
    ['envoy.service.auth.v3.AttributeContext.context_extensions', '10 repeated map<string,string>'],
    [
      'envoy.service.auth.v3.CheckResponse.denied_response',
      '2 singular envoy.service.auth.v3.DeniedHttpResponse oneof http_response',
    ],
    ['envoy.config.core.v3.HeaderValue.raw_value', '3 singular bytes'],
    [
      'envoy.service.secret.v3.SecretDiscoveryService.DeltaSecrets',
      'envoy.service.discovery.v3.DeltaDiscoveryRequest envoy.service.discovery.v3.DeltaDiscoveryResponse true true',
    ],
    [
      'envoy.extensions.transport_sockets.tls.v3.Secret.tls_certificate',
      '2 singular envoy.extensions.transport_sockets.tls.v3.TlsCertificate oneof type',
    ],
    ['envoy.config.core.v3.DataSource.inline_bytes', '2 singular bytes oneof specifier'],
    ['envoy.type.v3.StatusCode.ProxyAuthenticationRequired', '407'],
    [
      'envoy.service.ext_proc.v3.ExternalProcessor.Process',
      'envoy.service.ext_proc.v3.ProcessingRequest envoy.service.ext_proc.v3.ProcessingResponse true true',
    ],
    [
      'envoy.service.ext_proc.v3.ProcessingResponse.mode_override',
      '9 singular envoy.extensions.filters.http.ext_proc.v3.ProcessingMode',
    ],
    ['envoy.extensions.filters.http.ext_proc.v3.ProcessingMode.BodySendMode.BUFFERED', '2'],
    ['envoy.service.ext_proc.v3.BodyMutation.body', '1 singular bytes oneof mutation'],
    [
      'envoy.service.auth.v3.Authorization.Check',
      'envoy.service.auth.v3.CheckRequest envoy.service.auth.v3.CheckResponse false false',
    ],
  ];
  for (const [path, line] of expected) assert.equal(subset.get(path), line);
  assert.ok(subset.size > 50 && official.size > subset.size);
});

const MUTATIONS: { name: string; file: string; find: string; replace: string; caught: string }[] = [
  {
    name: 'a changed number',
    file: 'external_auth.proto',
    find: 'headers_to_remove = 5',
    replace: 'headers_to_remove = 3',
    caught: 'envoy.service.auth.v3.OkHttpResponse.headers_to_remove',
  },
  {
    name: 'a changed type',
    file: 'base.proto',
    find: 'bytes raw_value',
    replace: 'string raw_value',
    caught: 'envoy.config.core.v3.HeaderValue.raw_value',
  },
  {
    name: 'a changed label',
    file: 'external_auth.proto',
    find: 'repeated string headers_to_remove',
    replace: 'string headers_to_remove',
    caught: 'envoy.service.auth.v3.OkHttpResponse.headers_to_remove',
  },
  {
    name: 'a changed enum number',
    file: 'base.proto',
    find: 'OVERWRITE_IF_EXISTS_OR_ADD = 2',
    replace: 'OVERWRITE_IF_EXISTS_OR_ADD = 4',
    caught: 'envoy.config.core.v3.HeaderValueOption.HeaderAppendAction.OVERWRITE_IF_EXISTS_OR_ADD',
  },
  {
    name: 'a field outside its oneof',
    file: 'external_auth.proto',
    find: 'OkHttpResponse ok_response = 3;\n  }',
    replace: '}\n  OkHttpResponse ok_response = 3;',
    caught: 'envoy.service.auth.v3.CheckResponse.ok_response',
  },
  {
    name: 'an invented field',
    file: 'attribute_context.proto',
    find: 'Request request = 4;',
    replace: 'Request request = 4; string server = 40;',
    caught: 'envoy.service.auth.v3.AttributeContext.server',
  },
];

for (const { name, file, find, replace, caught } of MUTATIONS) {
  test(`${name} is caught`, () => {
    let applied = 0;
    const mutated = ours((path, text) => {
      if (!path.endsWith(file)) return text;
      applied += 1;
      assert.ok(text.includes(find));
      return text.replace(find, replace);
    });
    assert.equal(applied, 1);
    assert.deepEqual(differences(mutated), [caught]);
  });
}
