/** How moulds are made: where a line that was understood may differ, and where its message has what stands there. */
import { CommandAttributes } from '../../ipvs/schema.js';
import { type AddressReader, ipv4At, ipv6At } from '../../model/address.js';
import type { Change } from '../../model/change.js';
import { hasOwnPort } from '../../model/destination.js';
import { persistenceRange } from '../../model/limits.js';
import { findAttribute, type Place } from '../../netlink/attribute-offset.js';
import { Reader } from '../../netlink/bytes.js';
import { GENL_HEADER } from '../../netlink/genl.js';
import { HEADER } from '../../netlink/message.js';
import { splitHostPort } from '../grammar/endpoint.js';
import { isSetting } from '../grammar/options.js';
import { tokensOf } from '../grammar/parse.js';
import type { SettingName, SettingOption } from '../grammar/settings.js';
import { splitRule } from '../rules.js';
import { Mould } from './line-template.js';
import { AddressGap, type Gap, NumberGap } from './slot.js';

type Message = Uint8Array<ArrayBuffer>;
type Path = readonly [part: 'service' | 'destination', attribute: string];

/** The options whose values are numbers, where messages have them, and what a mould takes: no more than the option. */
const numbers: Readonly<Partial<Record<SettingName, { least: number; most: number; path: Path }>>> = {
  persistence: { least: 1, most: persistenceRange.max, path: ['service', 'timeout'] },
  weight: { least: 0, most: 2 ** 31 - 1, path: ['destination', 'weight'] },
  upperThreshold: { least: 0, most: 2 ** 31 - 1, path: ['destination', 'upperThreshold'] },
  lowerThreshold: { least: 0, most: 2 ** 31 - 1, path: ['destination', 'lowerThreshold'] },
};

/** A value of an option, and where in the line it stands. */
interface Value {
  readonly option: SettingOption;
  readonly text: string;
  readonly start: number;
}

/** A stretch of the line that a mould leaves out. */
interface Cut {
  readonly start: number;
  readonly end: number;
  readonly gap: Gap;
}

/**
 * A mould of a line, without its end, that asked for the change whose message this is; undefined where nothing in it could
 * be otherwise.
 *
 * What fits it means the same with other numbers because of what may differ: an address stays one of its family, a port
 * stays given, a service's never becomes 0, and no number leaves its option's range. All else that the grammar looks at,
 * which options there are, in which order and how they are written, is the same to the byte.
 */
export function mouldOf(line: string, change: Change, message: Message): Mould | undefined {
  // Of other text, places in the line would not be places in its bytes.
  if (!/^[\t\r\x20-\x7e]*$/.test(line)) return undefined;
  const bytes = Buffer.from(`${line}\n`, 'latin1');
  const copy = message.slice();
  const cuts = new Caster(bytes, change, copy).cuts(valuesIn(line));
  // Each gap has read this line itself, so that the copy must say what it said before.
  if (cuts.length === 0 || Buffer.compare(copy, message) !== 0) return undefined;
  const ends = [0, ...cuts.map(({ end }) => end)];
  const starts = [...cuts.map(({ start }) => start), bytes.length];
  const texts = ends.map((end, index) => bytes.toString('latin1', end, starts[index]));
  return new Mould(
    change.do,
    copy,
    texts,
    cuts.map(({ gap }) => gap),
  );
}

/** The values of options, in the order of the line. */
function valuesIn(line: string): Value[] {
  const words = splitRule(line);
  const places = [...line.matchAll(/[^ \t\r]+/g)];
  // In front there are names of programs, which the first word is not.
  const skipped = places.findIndex(([word]) => word === words[0]);
  return tokensOf(words).flatMap((token): Value[] => {
    if (token.kind !== 'option' || !isSetting(token.option) || token.value === undefined) return [];
    const { option, index, value } = token;
    // Behind its option, or glued to it: no option is called as what fills a gap ends.
    const own = words[index] as string;
    const at = own.endsWith(value) ? index : index + 1;
    const start = (places[skipped + at]?.index ?? 0) + (words[at] as string).length - value.length;
    return [{ option, text: value, start }];
  });
}

class Caster {
  constructor(
    private readonly bytes: Uint8Array,
    private readonly change: Change,
    private readonly message: Message,
  ) {}

  cuts(values: readonly Value[]): Cut[] {
    // Without a port of its own, what the service has is the server's too.
    const ownPort = values.some(({ option, text }) => option.setting === 'server' && this.isOwnPort(text));
    return values.flatMap(({ option: { setting: slot, long }, text, start }) => {
      const end = start + text.length;
      const known = numbers[slot];
      if (known) return this.number(start, end, known.least, known.most, [known.path]);
      if (long === 'fwmark-service') return this.number(start, end, 1, 2 ** 32 - 1, [['service', 'fwmark']]);
      if (slot === 'service') {
        const ports: Path[] = [['service', 'port']];
        if ('of' in this.change && !ownPort) ports.push(['destination', 'port']);
        return this.endpoint(text, start, 'service', 1, ports);
      }
      if (slot === 'server') {
        return this.endpoint(text, start, 'destination', 0, ownPort ? [['destination', 'port']] : []);
      }
      return [];
    });
  }

  private isOwnPort(server: string): boolean {
    const { change } = this;
    if (splitHostPort(server)?.port === undefined) return false;
    return !('destination' in change) || hasOwnPort(change.destination.method, change.of);
  }

  /** `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]`, `[2001:db8::1]:80`. */
  private endpoint(
    text: string,
    start: number,
    part: Path[0],
    leastPort: number,
    ports: readonly Path[],
  ): Cut[] {
    const bracketed = text.startsWith('[');
    const end = start + (bracketed ? text.indexOf(']') : `${text}:`.indexOf(':'));
    const address = this.address(bracketed ? start + 1 : start, end, bracketed ? ipv6At : ipv4At, part);
    if (address.length === 0) return [];
    const port = end + (bracketed ? 2 : 1);
    return [...address, ...this.number(port, start + text.length, leastPort, 65535, ports)];
  }

  private address(start: number, end: number, read: AddressReader, part: Path[0]): Cut[] {
    const make = ([place]: Place[]) => new AddressGap(read, this.message, place?.at ?? 0);
    return this.cut(start, end, [[part, 'address']], make);
  }

  private number(start: number, end: number, least: number, most: number, paths: readonly Path[]): Cut[] {
    return this.cut(start, end, paths, (places) => new NumberGap(least, most, this.message, places));
  }

  /** Nothing where the gap does not take what the line has there: then it is a word like any other. */
  private cut(start: number, end: number, paths: readonly Path[], make: (places: Place[]) => Gap): Cut[] {
    const places = paths.flatMap((path) => this.place(path) ?? []);
    if (start >= end || places.length < paths.length) return [];
    const gap = make(places);
    return gap.fill(this.bytes, start) === end ? [{ start, end, gap }] : [];
  }

  private place(path: Path): Place | undefined {
    const { message } = this;
    return findAttribute(CommandAttributes, path, new Reader(message), HEADER + GENL_HEADER, message.length);
  }
}
