import type { TestAi, TestRequest } from '../../gen/policy_document.ts';
import { type Mistake, mistake, shown } from './mistakes.ts';

/** Also for `policy explain`, whose request comes from the command line. */
export function sampleMistakes(request: TestRequest, at: string): readonly Mistake[] {
  const refuse = (where: string, message: string, hint: string) => [
    mistake('TEST_REQUEST_INVALID', `${at}${where}`, message, hint),
  ];
  const { url, connect, protocol, method } = request;
  if ((url === undefined) === (connect === undefined)) {
    return refuse(
      '',
      `found ${url === undefined ? 'neither' : 'both'} url ${url === undefined ? 'nor' : 'and'} connect`,
      'write exactly one of them',
    );
  }
  const isHttp = url === undefined || /^https?:\/\/[^/?#]+[^#]*$/.test(url);
  if (!isHttp)
    return refuse(
      '/url',
      `found the URL ${shown(url)}`,
      'write http:// or https://, a host, and no fragment',
    );
  const wanted = protocol === 'grpc' ? 'POST' : 'GET';
  if (url !== undefined && protocol !== undefined && method !== undefined && method !== wanted)
    return refuse('/method', `method ${method} beside protocol: ${protocol}`, `remove it; it is ${wanted}`);
  if (request.body !== undefined && protocol !== undefined)
    return refuse('/body', `body beside protocol: ${protocol}`, 'nobody looks into these; remove it');
  const call = callProblem(request.body?.ai);
  if (call !== undefined)
    return refuse(`/body/ai/${call}`, `${call} beside kind: ${request.body?.ai?.kind}`, 'remove it');
  const hidden = (['method', 'headers', 'protocol', 'body'] as const).filter(
    (key) => connect !== undefined && request[key] !== undefined,
  );
  return hidden.flatMap((key) =>
    refuse(`/${key}`, `${key} beside connect`, 'a tunnel shows none; remove it'),
  );
}

const OF_KIND: Readonly<Record<TestAi['kind'], readonly string[]>> = {
  llm: ['provider', 'endpoint', 'model', 'tools'],
  mcp: ['method', 'target'],
  a2a: ['method'],
  unknown: [],
};

function callProblem(ai: TestAi | undefined): string | undefined {
  return ai && Object.keys(ai).find((key) => key !== 'kind' && !OF_KIND[ai.kind].includes(key));
}
