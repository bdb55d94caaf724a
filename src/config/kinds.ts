import { isIP } from 'node:net';

/** What one key accepts. `accept` returns the value to use, or undefined when it is not allowed. */
export interface Kind {
  /** Completes "allowed: …" in messages and the type column of the documentation. */
  readonly allowed: string;
  accept(value: unknown): unknown;
  /** Turns the text of a variable or flag into what YAML would have given; undefined when it cannot. */
  fromText(text: string): unknown;
  /** Relative values are resolved against the folder of the file (or the working directory). */
  readonly isPath?: true;
}

const asText = (text: string): unknown => text;
const when = (value: unknown, fits: boolean): unknown => (fits ? value : undefined);

export function integer(min: number, max: number): Kind {
  return {
    allowed: `an integer from ${min} to ${max}`,
    accept: (value) => when(value, Number.isInteger(value) && Number(value) >= min && Number(value) <= max),
    fromText: (text) => (/^-?\d{1,15}$/.test(text) ? Number(text) : undefined),
  };
}

export const port: Kind = { ...integer(1, 65_535), allowed: 'a port from 1 to 65535' };

export const flag: Kind = {
  allowed: 'true or false',
  accept: (value) => when(value, typeof value === 'boolean'),
  fromText: (text) => (text === 'true' ? true : text === 'false' ? false : undefined),
};

export function oneOf(...values: readonly string[]): Kind {
  return {
    allowed: values.join(' | '),
    accept: (value) => when(value, typeof value === 'string' && values.includes(value)),
    fromText: asText,
  };
}

export function matching(pattern: RegExp, allowed: string): Kind {
  return {
    allowed,
    accept: (value) => when(value, typeof value === 'string' && pattern.test(value)),
    fromText: asText,
  };
}

export const ip: Kind = {
  allowed: 'an IPv4 or IPv6 address',
  accept: (value) => when(value, typeof value === 'string' && isIP(value) !== 0),
  fromText: asText,
};

const LOOPBACK_V4 = /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;

export const loopbackV4: Kind = {
  allowed: 'an IPv4 address in 127.0.0.0/8',
  accept: (value) => when(value, typeof value === 'string' && isIP(value) === 4 && LOOPBACK_V4.test(value)),
  fromText: asText,
};

const PATH_BYTES_MAX = 4_096;

export const path: Kind = {
  allowed: 'a path',
  isPath: true,
  accept: (value) =>
    when(
      value,
      typeof value === 'string' && value !== '' && value.length <= PATH_BYTES_MAX && !value.includes('\0'),
    ),
  fromText: asText,
};

export function listOf(item: Kind, max: number): Kind {
  return {
    allowed: `a list of at most ${max}, each ${item.allowed}`,
    accept: (value) =>
      when(
        value,
        Array.isArray(value) &&
          value.length <= max &&
          value.every((entry) => item.accept(entry) !== undefined),
      ),
    fromText: (text) => (text === '' ? [] : text.split(',').map((part) => item.fromText(part.trim()))),
  };
}

export const cidr: Kind = {
  allowed: 'an address with a prefix length, for instance 10.1.0.0/16',
  accept: (value) => when(value, typeof value === 'string' && isCidr(value)),
  fromText: asText,
};

function isCidr(text: string): boolean {
  const [address = '', length = '', ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0 || !/^\d{1,3}$/.test(length)) return false;
  return Number(length) <= (family === 4 ? 32 : 128);
}
