/**
 * Prints the messages of a connection, for LVSADM_DEBUG, decoded by the tables that encode them. Bytes that cannot be decoded are
 * printed as bytes.
 */
import { errnoName, ProtocolError } from '../errors.js';
import { AttributeCursor, type AttributeSet, hexDump, nestedSet } from './attributes.js';
import type { Reader } from './bytes.js';
import type { Trace } from './connection.js';
import {
  CONTROLLER_ID,
  Controller,
  controllerSchema,
  type FamilySchema,
  GENL_HEADER,
  type Operation,
  type Operations,
} from './genl.js';
import { ErrorAttributes, extendedStart, Flag, type Message, MessageType, messages } from './message.js';

type Schema = FamilySchema<Operations>;

/**
 * A trace that writes a few lines for each datagram. It learns the message type of each of `schemas` from the kernel's answers.
 */
export function createTrace(write: (text: string) => void, schemas: readonly Schema[]): Trace {
  const known = new TraceState(schemas);
  return (direction, bytes) => write(describe(direction, bytes, known));
}

/** The lines for one datagram, each ended. */
export function describe(direction: 'send' | 'receive', bytes: Uint8Array, known: TraceState): string {
  const lines = [`netlink ${direction === 'send' ? '>' : '<'} ${bytes.length} bytes`];
  try {
    for (const message of messages(bytes)) {
      lines.push(...indent(direction === 'send' ? request(message, known) : answer(message, known)));
    }
  } catch (error) {
    lines.push(...indent([problem(error), hexDump(bytes)]));
  }
  return `${lines.join('\n')}\n`;
}

/** Number of requests whose sequence numbers are remembered; a batch has fewer. */
const REMEMBERED = 1024;

/** State from earlier messages, needed to decode later ones. */
export class TraceState {
  private readonly families = new Map<number, Schema>([[CONTROLLER_ID, controllerSchema]]);
  private readonly asked = new Map<number, string>();

  constructor(private readonly schemas: readonly Schema[]) {}

  family(type: number): Schema | undefined {
    return this.families.get(type);
  }

  /** The operation that a sequence number stands for. */
  operation(sequence: number): string | undefined {
    return this.asked.get(sequence);
  }

  ask(sequence: number, operation: string): void {
    this.asked.delete(sequence);
    this.asked.set(sequence, operation);
    for (const oldest of this.asked.keys()) {
      if (this.asked.size <= REMEMBERED) return;
      this.asked.delete(oldest);
    }
  }

  /** Takes the number of a family from the controller's reply. */
  learn({ reader, start, end, type }: Message): void {
    if (type !== CONTROLLER_ID || end - start < GENL_HEADER) return;
    const { id, name } = Controller.get(reader, start + GENL_HEADER, end);
    const schema = this.schemas.find((one) => one.name === name);
    if (id !== undefined && schema !== undefined) this.families.set(id, schema);
  }
}

/** Flags by bit; those above 0xff mean different things in requests and in answers. */
const commonFlags = ['REQUEST', 'MULTI', 'ACK', 'ECHO', 'DUMP_INTR', 'DUMP_FILTERED'] as const;
const requestFlags = { 8: 'ROOT', 9: 'MATCH' } as const;
const answerFlags = { 8: 'CAPPED', 9: 'ACK_TLVS' } as const;

function flagNames(flags: number, high: Readonly<Record<number, string>>): string {
  const names: string[] = [];
  for (let bit = 0; bit < 16; bit++) {
    if (flags & (1 << bit)) names.push(commonFlags[bit] ?? high[bit] ?? `0x${(1 << bit).toString(16)}`);
  }
  return names.length === 0 ? '' : ` ${names.join('|')}`;
}

const heading = (what: string, message: Message, flags: string): string =>
  `${what}${flags} seq ${message.sequence} port ${message.port}`;

function request(message: Message, known: TraceState): string[] {
  const schema = known.family(message.type);
  const flags = flagNames(message.flags, requestFlags);
  if (schema === undefined) return unknown(message, flags);
  const command = commandOf(message);
  const found = Object.entries(schema.operations).find(([, row]) => asks(row, command, message));
  if (found === undefined) return unknown(message, flags, ` ${schema.name} command ${command}`);
  const [name, operation] = found;
  known.ask(message.sequence, name);
  return [heading(`${schema.name} ${name}`, message, flags), ...indent(content(message, operation.takes))];
}

/** Whether a request is of an operation: some share a command, and differ in the dump flag or in what they need. */
function asks(
  { command, reply, needs, takes }: Operation,
  wanted: number | undefined,
  message: Message,
): boolean {
  if (command !== wanted || (reply === 'dump') !== ((message.flags & Flag.dump) === Flag.dump)) return false;
  const { reader, start, end } = message;
  const { found } = findAttributes(reader, start + GENL_HEADER, end);
  const present = new Set(found.map(({ type }) => takes.find(type)?.[0]));
  return needs.every((name) => present.has(name));
}

function answer(message: Message, known: TraceState): string[] {
  const operation = known.operation(message.sequence);
  const flags = flagNames(message.flags, answerFlags);
  const of = operation === undefined ? '' : ` of ${operation}`;
  if (message.type === MessageType.error) return ending(`NLMSG_ERROR${of}`, message, flags);
  if (message.type === MessageType.done) return ending(`NLMSG_DONE${of}`, message, flags);
  const schema = known.family(message.type);
  if (schema === undefined) return unknown(message, flags);
  const gives = operation === undefined ? undefined : schema.operations[operation]?.gives;
  if (gives === undefined) return unknown(message, flags, ` ${schema.name} command ${commandOf(message)}`);
  tolerate(() => known.learn(message));
  return [
    heading(`${schema.name} reply to ${operation}`, message, flags),
    ...indent(content(message, gives)),
  ];
}

/** The end of a request: an errno, and the kernel's text. */
function ending(what: string, message: Message, flags: string): string[] {
  const { reader, start, end } = message;
  if (end - start < 4) return [heading(what, message, flags), ...rest(message, start)];
  const errno = 0 - reader.i32(start);
  const name = errno === 0 ? 'ok' : errnoName(errno);
  const lines = [heading(`${what}: ${name}`, message, flags)];
  if (message.flags & Flag.ackAttributes) {
    const extended = tolerate(() => extendedStart(message)) ?? end;
    lines.push(...indent(attributes(reader, extended, end, ErrorAttributes)));
  }
  return lines;
}

const unknown = (message: Message, flags: string, what = ''): string[] => [
  heading(`type ${message.type}${what}`, message, flags),
  ...rest(message, message.start),
];

const rest = ({ reader, end }: Pick<Message, 'reader' | 'end'>, start: number): string[] =>
  start < end ? indent([hexDump(reader.bytes.subarray(start, end))]) : [];

const commandOf = ({ reader, start, end }: Message): number | undefined =>
  start < end ? reader.bytes[start] : undefined;

/** The attributes behind the generic-netlink header, a line each. */
function content(message: Message, set: AttributeSet): string[] {
  const { reader, start, end } = message;
  if (end - start < GENL_HEADER) return rest(message, start);
  return attributes(reader, start + GENL_HEADER, end, set);
}

function attributes(from: Reader, start: number, end: number, set: AttributeSet): string[] {
  const { found, broken } = findAttributes(from, start, end);
  const beside = values(from, found, set);
  const lines = found.flatMap((attribute) => attributeLines(from, attribute, set, beside));
  return broken === undefined ? lines : [...lines, broken];
}

type Attribute = Pick<AttributeCursor, 'type' | 'start' | 'end'>;

/** The attributes, and the error after the last valid one. */
function findAttributes(from: Reader, start: number, end: number): { found: Attribute[]; broken?: string } {
  const found: Attribute[] = [];
  const attributes = new AttributeCursor(from, start, end);
  try {
    while (attributes.next()) {
      found.push({ type: attributes.type, start: attributes.start, end: attributes.end });
    }
  } catch (error) {
    return { found, broken: problem(error) };
  }
  return { found };
}

/** The values that can be decoded, by name: the form of some depends on others. */
function values(from: Reader, found: readonly Attribute[], set: AttributeSet): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const { type, start, end } of found) {
    const [name, kind] = set.find(type) ?? [];
    if (name !== undefined) read[name] = tolerate(() => kind?.get(from, start, end));
  }
  return read;
}

function attributeLines(
  from: Reader,
  { type, start, end }: Attribute,
  set: AttributeSet,
  beside: Readonly<Record<string, unknown>>,
): string[] {
  const dump = hexDump(from.bytes.subarray(start, end));
  const [name, kind] = set.find(type) ?? [];
  if (kind === undefined) return [`attribute ${type}: ${dump}`];
  const inner = nestedSet(kind);
  if (inner !== undefined) return [`${name}`, ...indent(attributes(from, start, end, inner))];
  try {
    const value = kind.get(from, start, end);
    return [`${name}: ${kind.show?.(value, beside) ?? value}`];
  } catch (error) {
    return [`${name}: ${problem(error)}: ${dump}`];
  }
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

const problem = (error: unknown): string => {
  if (error instanceof ProtocolError) return `unreadable (${error.message})`;
  throw error;
};

/** The result; undefined if the bytes cannot be decoded. */
function tolerate<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
