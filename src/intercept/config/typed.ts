/** A JSON object in the shape of one Envoy message. */
export type Message = { readonly [member: string]: unknown };

/** `google.protobuf.Any` in JSON: the type's full name without the prefix, and its members. */
export function typed(type: string, members: Message = {}): Message {
  return { '@type': `type.googleapis.com/${type}`, ...members };
}

/** A named extension point with its typed configuration. */
export function extension(name: string, type: string, members: Message = {}): Message {
  return { name, typed_config: typed(type, members) };
}
