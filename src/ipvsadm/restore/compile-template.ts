/**
 * Compiles a parsed rule line into a template: which parts of the line may vary, and at which offsets of its message each goes.
 * Which options have numbers and endpoints, and the ranges of numbers, are the grammar's own rows.
 */
import { CommandAttributes } from '../../ipvs/schema.js';
import { type AddressReader, ipv4At, ipv6At } from '../../model/address.js';
import type { Change } from '../../model/change.js';
import { hasOwnPort } from '../../model/destination.js';
import { destinationNumberNames } from '../../model/fields.js';
import { portRange, type Range } from '../../model/limits.js';
import { isFwmark } from '../../model/service.js';
import { findAttribute, type Place } from '../../netlink/attribute-layout.js';
import { Reader } from '../../netlink/bytes.js';
import { GENL_HEADER } from '../../netlink/genl.js';
import { HEADER } from '../../netlink/message.js';
import { endpointPortRange, splitHostPort } from '../grammar/endpoint.js';
import { isSetting } from '../grammar/options.js';
import { tokensOf } from '../grammar/parse.js';
import type { SettingName, SettingOption } from '../grammar/settings.js';
import { splitRule } from '../rules.js';
import { LineTemplate } from './line-template.js';
import { AddressSlot, NumberSlot, type Slot } from './slot.js';

type Message = Uint8Array<ArrayBuffer>;
type Path = readonly [object: 'service' | 'destination', attribute: string];

/** The attributes of options that have a number. One whose attribute is not known here is text like any other. */
const numberPaths: Readonly<Partial<Record<SettingName, Path>>> = {
  service: ['service', 'fwmark'],
  persistence: ['service', 'timeout'],
  tunnelPort: ['destination', 'tunnelPort'],
  ...Object.fromEntries(destinationNumberNames.map((name) => [name, ['destination', name]])),
};

/** A value of an option, and its offset in the line. */
interface Value {
  readonly option: SettingOption;
  readonly text: string;
  readonly start: number;
}

/** The part of the line that a slot takes the place of. */
interface Variable {
  readonly start: number;
  readonly end: number;
  readonly slot: Slot;
}

/**
 * The template of a line, given without its newline, whose change was encoded as this message; undefined if nothing in the line
 * can vary.
 *
 * A line that matches parses to the same command with other values, because it differs from this line only in addresses of the
 * same family, ports of a service that are not 0, and numbers within the ranges of their options. Options, their order and how
 * they are written are the same bytes.
 */
export function compileTemplate(line: string, change: Change, message: Message): LineTemplate | undefined {
  // Offsets into other text would not be offsets into its bytes.
  if (!/^[\t\r\x20-\x7e]*$/.test(line) || mayMeanEveryService(change)) return undefined;
  const bytes = Buffer.from(`${line}\n`, 'latin1');
  const copy = message.slice();
  const variables = new TemplateCompiler(bytes, change, copy).variables(valuesIn(line));
  // Each slot has matched this line, so the copy must be the message that it was.
  if (variables.length === 0 || Buffer.compare(copy, message) !== 0) return undefined;
  const ends = [0, ...variables.map(({ end }) => end)];
  const starts = [...variables.map(({ start }) => start), bytes.length];
  const texts = ends.map((end, index) => bytes.toString('latin1', end, starts[index]));
  const slots = variables.map(({ slot }) => slot);
  return new LineTemplate(change.do, copy, texts, slots);
}

/** Another address in its place, the unspecified one, is another command: -Z of all services. */
const mayMeanEveryService = (change: Change): boolean =>
  change.do === 'zeroService' && !isFwmark(change.id) && change.id.port === 0;

/** The values of options, in the order of the line. */
function valuesIn(line: string): Value[] {
  const words = splitRule(line);
  const matches = [...line.matchAll(/[^ \t\r]+/g)];
  // `splitRule` leaves out the names of programs in front.
  const skipped = matches.findIndex(([word]) => word === words[0]);
  return tokensOf(words).flatMap((token): Value[] => {
    if (token.kind !== 'option' || !isSetting(token.option)) return [];
    const { option, value = '', valueIndex = 0 } = token;
    const word = matches[skipped + valueIndex];
    return word ? [{ option, text: value, start: word.index + word[0].length - value.length }] : [];
  });
}

class TemplateCompiler {
  constructor(
    private readonly bytes: Uint8Array,
    private readonly change: Change,
    private readonly message: Message,
  ) {}

  variables(values: readonly Value[]): Variable[] {
    const ownPort = values.some(({ option, text }) => option.setting === 'server' && this.isOwnPort(text));
    return values.flatMap((value) => {
      const { option, text, start } = value;
      const path = option.range && numberPaths[option.setting];
      if (path) return this.number(start, start + text.length, option.range, [path]);
      if (!option.endpoint) return [];
      if (option.setting === 'server') {
        const ports: Path[] = ownPort ? [['destination', 'port']] : [];
        return this.endpoint(value, 'destination', endpointPortRange, ports);
      }
      const ports: Path[] = [['service', 'port']];
      // A server without a port of its own has the service's.
      if ('of' in this.change && !ownPort) ports.push(['destination', 'port']);
      // Port 0 of a service needs persistence.
      return this.endpoint(value, 'service', portRange, ports);
    });
  }

  private isOwnPort(server: string): boolean {
    const { change } = this;
    if (splitHostPort(server)?.port === undefined) return false;
    return !('destination' in change) || hasOwnPort(change.destination.method, change.of);
  }

  /** `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]`, `[2001:db8::1]:80`. */
  private endpoint(
    { text, start }: Value,
    object: Path[0],
    portRange: Range,
    ports: readonly Path[],
  ): Variable[] {
    const bracketed = text.startsWith('[');
    const end = start + (bracketed ? text.indexOf(']') : `${text}:`.indexOf(':'));
    const address = this.address(bracketed ? start + 1 : start, end, bracketed ? ipv6At : ipv4At, object);
    if (address.length === 0) return [];
    const port = end + (bracketed ? 2 : 1);
    return [...address, ...this.number(port, start + text.length, portRange, ports)];
  }

  private address(start: number, end: number, read: AddressReader, object: Path[0]): Variable[] {
    const slot = ([place]: Place[]) => new AddressSlot(read, this.message, place?.at ?? 0);
    return this.variable(start, end, [[object, 'address']], slot);
  }

  private number(start: number, end: number, range: Range, paths: readonly Path[]): Variable[] {
    return this.variable(start, end, paths, (places) => new NumberSlot(range, this.message, places));
  }

  /** None if the slot does not match the line itself, or the message lacks an attribute: the value is then text like any other. */
  private variable(
    start: number,
    end: number,
    paths: readonly Path[],
    slotAt: (places: Place[]) => Slot,
  ): Variable[] {
    const places = paths.flatMap((path) => this.place(path) ?? []);
    if (start >= end || places.length < paths.length) return [];
    const slot = slotAt(places);
    return slot.match(this.bytes, start) === end ? [{ start, end, slot }] : [];
  }

  private place(path: Path): Place | undefined {
    const { message } = this;
    return findAttribute(CommandAttributes, path, new Reader(message), HEADER + GENL_HEADER, message.length);
  }
}
