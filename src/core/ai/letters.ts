/**
 * A name as the least careful server compares it. Not only A and a are one letter there: libraries of Go fold by Unicode, where
 * the long s is an s and the sign of Kelvin a k, and those of Java take the i without its dot for an i.
 */
export function withoutCase(name: string): string {
  return name.toUpperCase().toLowerCase().replaceAll('\u0307', '');
}
