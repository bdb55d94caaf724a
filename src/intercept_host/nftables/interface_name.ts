/** IFNAMSIZ without the final zero byte. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/;

/**
 * A network interface by its exact name. Narrower than the kernel, which lets a name hold quotes, stars and braces:
 * such a name would end the string in the rule that it stands in.
 */
export function parseInterfaceName(text: string): string | undefined {
  return NAME.test(text) && text !== 'lo' ? text : undefined;
}
