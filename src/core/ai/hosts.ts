import type { Dialect, Provider } from './facts.ts';

const HOSTS: Readonly<Record<string, Provider>> = {
  'api.openai.com': 'openai',
  'eu.api.openai.com': 'openai',
  'us.api.openai.com': 'openai',
  'api.anthropic.com': 'anthropic',
  'generativelanguage.googleapis.com': 'gemini',
  'aiplatform.googleapis.com': 'vertex',
  'api.x.ai': 'xai',
  'api.deepseek.com': 'deepseek',
  'api.mistral.ai': 'mistral',
  'codestral.mistral.ai': 'mistral',
  'api.groq.com': 'groq',
  'api.moonshot.ai': 'moonshot',
  'api.moonshot.cn': 'moonshot',
  'openrouter.ai': 'openrouter',
  'ollama.com': 'ollama',
};
const SUFFIXES: readonly (readonly [string, Provider])[] = [
  ['.openai.azure.com', 'azure_openai'],
  ['.cognitiveservices.azure.com', 'azure_openai'],
  ['.services.ai.azure.com', 'azure_openai'],
  ['-aiplatform.googleapis.com', 'vertex'],
];

/** Formats that a service is known to speak. */
const SPEAKS: Readonly<Record<Provider, readonly Dialect[]>> = {
  openai: ['openai'],
  azure_openai: ['openai', 'anthropic'],
  anthropic: ['anthropic', 'openai'],
  gemini: ['gemini', 'openai'],
  vertex: ['gemini', 'openai'],
  ollama: ['ollama', 'openai', 'anthropic'],
  xai: ['openai', 'anthropic'],
  deepseek: ['openai', 'anthropic'],
  mistral: ['openai'],
  groq: ['openai'],
  moonshot: ['openai', 'anthropic'],
  openrouter: ['openai', 'anthropic'],
  other: ['openai', 'anthropic', 'gemini', 'ollama'],
};

/** The service behind a host in canonical form (lower case, no port, no trailing dot). */
export function providerOfHost(host: string): Provider | undefined {
  if (Object.hasOwn(HOSTS, host)) return HOSTS[host];
  return SUFFIXES.find(([suffix]) => host.endsWith(suffix))?.[1];
}

export function speaks(provider: Provider, dialect: Dialect): boolean {
  return SPEAKS[provider].includes(dialect);
}
