import protobuf from 'protobufjs';
import descriptor from 'protobufjs/ext/descriptor.js';

/**
 * A definition as one line per fact that is visible on the wire or in a path:
 * `package.Message.field` -> `number label type [oneof]`, `package.Enum.VALUE` -> `number`, `package.Service.Method` ->
 * types. Two independent readers produce the same form: protobufjs reflection for ours, raw descriptors for theirs.
 */
export type WireLines = Map<string, string>;

/** Reads .proto text. */
export function linesOfRoot(root: protobuf.Root): WireLines {
  const lines: WireLines = new Map();
  root.resolveAll();
  visit(root, lines);
  return lines;
}

function visit(at: protobuf.NamespaceBase, lines: WireLines): void {
  for (const child of at.nestedArray) {
    if (child instanceof protobuf.Enum) enumLines(child, lines);
    if (child instanceof protobuf.Type) for (const field of child.fieldsArray) fieldLine(field, lines);
    if (child instanceof protobuf.Service) for (const method of child.methodsArray) methodLine(method, lines);
    if (child instanceof protobuf.Namespace) visit(child, lines);
  }
}

function enumLines(of: protobuf.Enum, lines: WireLines): void {
  for (const [name, number] of Object.entries(of.values)) lines.set(`${pathOf(of)}.${name}`, String(number));
}

function fieldLine(field: protobuf.Field, lines: WireLines): void {
  const type = field.resolvedType === null ? field.type : pathOf(field.resolvedType);
  const shape = field instanceof protobuf.MapField ? `map<${field.keyType},${type}>` : type;
  const label = field.repeated || field instanceof protobuf.MapField ? 'repeated' : 'singular';
  // The library's bundled google.protobuf definitions carry camel case names.
  const name = field.name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const parent = field.parent === null ? '' : pathOf(field.parent);
  const oneof = field.partOf ? ` oneof ${field.partOf.name}` : '';
  lines.set(`${parent}.${name}`, `${field.id} ${label} ${shape}${oneof}`);
}

function methodLine(method: protobuf.Method, lines: WireLines): void {
  const [request, response] = [method.resolvedRequestType, method.resolvedResponseType];
  if (request === null || response === null) throw new Error(`unresolved: ${method.fullName}`);
  const stream = `${method.requestStream === true} ${method.responseStream === true}`;
  lines.set(pathOf(method), `${pathOf(request)} ${pathOf(response)} ${stream}`);
}

function pathOf(object: protobuf.ReflectionObject): string {
  return object.fullName.replace(/^\./, '');
}

interface DescribedField {
  name: string;
  number: number;
  label: number;
  type: number;
  typeName?: string;
  oneofIndex?: number;
}
interface DescribedMessage {
  name: string;
  field?: DescribedField[];
  nestedType?: DescribedMessage[];
  enumType?: DescribedEnum[];
  oneofDecl?: { name: string }[];
  options?: { mapEntry?: boolean };
}
interface DescribedEnum {
  name: string;
  value: { name: string; number: number }[];
}
interface DescribedFile {
  package: string;
  messageType?: DescribedMessage[];
  enumType?: DescribedEnum[];
  service?: { name: string; method: DescribedMethod[] }[];
}
interface DescribedMethod {
  name: string;
  inputType: string;
  outputType: string;
  clientStreaming?: boolean;
  serverStreaming?: boolean;
}

/** Reads the bytes of a FileDescriptorSet. */
export function linesOfDescriptor(bytes: Uint8Array): WireLines {
  const set = descriptor.FileDescriptorSet.toObject(descriptor.FileDescriptorSet.decode(bytes), {
    enums: Number,
  }) as { file: DescribedFile[] };
  const lines: WireLines = new Map();
  for (const file of set.file) {
    for (const type of file.enumType ?? []) describedEnum(file.package, type, lines);
    for (const type of file.messageType ?? []) describedMessage(file.package, type, lines);
    for (const service of file.service ?? []) {
      for (const method of service.method) {
        const stream = `${method.clientStreaming === true} ${method.serverStreaming === true}`;
        const types = `${method.inputType.slice(1)} ${method.outputType.slice(1)}`;
        lines.set(`${file.package}.${service.name}.${method.name}`, `${types} ${stream}`);
      }
    }
  }
  return lines;
}

function describedEnum(scope: string, type: DescribedEnum, lines: WireLines): void {
  for (const { name, number } of type.value) lines.set(`${scope}.${type.name}.${name}`, String(number));
}

function describedMessage(scope: string, message: DescribedMessage, lines: WireLines): void {
  const path = `${scope}.${message.name}`;
  for (const type of message.enumType ?? []) describedEnum(path, type, lines);
  for (const nested of message.nestedType ?? []) {
    if (nested.options?.mapEntry !== true) describedMessage(path, nested, lines);
  }
  for (const field of message.field ?? []) {
    const entry = (message.nestedType ?? []).find(
      (nested) => nested.options?.mapEntry === true && field.typeName === `.${path}.${nested.name}`,
    );
    const [key, value] = entry?.field ?? [];
    const shape = key && value ? `map<${typeOf(key)},${typeOf(value)}>` : typeOf(field);
    const oneof = field.oneofIndex === undefined ? undefined : message.oneofDecl?.[field.oneofIndex];
    const label = field.label === LABEL_REPEATED ? 'repeated' : 'singular';
    lines.set(
      `${path}.${field.name}`,
      `${field.number} ${label} ${shape}${oneof ? ` oneof ${oneof.name}` : ''}`,
    );
  }
}

const LABEL_REPEATED = 3;

// google.protobuf.FieldDescriptorProto.Type; 11 and 14 are messages and enums, which have a name.
const SCALARS: Readonly<Record<number, string>> = {
  1: 'double',
  2: 'float',
  3: 'int64',
  4: 'uint64',
  5: 'int32',
  6: 'fixed64',
  7: 'fixed32',
  8: 'bool',
  9: 'string',
  12: 'bytes',
  13: 'uint32',
  15: 'sfixed32',
  16: 'sfixed64',
  17: 'sint32',
  18: 'sint64',
};

function typeOf(field: DescribedField): string {
  return SCALARS[field.type] ?? field.typeName?.slice(1) ?? `type ${field.type}`;
}
