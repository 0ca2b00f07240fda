/**
 * Servers that are plainly right: IPv4 addresses with a port as `export` writes them, and nothing that depends on several
 * values but what is checked here. Most servers of large documents are, and most of those are in the table already: that is
 * told by their text, and nothing is made of them that nobody asks for.
 */
import { formatAddress } from '../model/address.js';
import { type Destination, type ForwardingMethod, plainTunnel } from '../model/destination.js';
import type { ServerReader } from '../model/state.js';
import type { ServerSettings, ServerValue } from './schema.js';

/** What a server has, by what it says itself, else what its service or the document says, else by default. */
export const settingsOf = (own: ServerSettings, inherited: ServerSettings) => ({
  method: own.method ?? inherited.method ?? ('dr' satisfies ForwardingMethod),
  weight: own.weight ?? inherited.weight ?? 1,
  upperThreshold: own.upperThreshold ?? inherited.upperThreshold ?? 0,
  lowerThreshold: own.lowerThreshold ?? inherited.lowerThreshold ?? 0,
});

/** What a server says of itself beside its address. */
export const ownSettings = (value: ServerValue): ServerSettings => (typeof value === 'string' ? {} : value);

/** The address and port of a server. */
export const serverText = (value: ServerValue): string => (typeof value === 'string' ? value : value.server);

const octet = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const unicast = '(?:22[0-3]|2[01]\\d|1\\d\\d|[1-9]\\d?)';
const port = '(?:6553[0-5]|655[0-2]\\d|65[0-4]\\d\\d|6[0-4]\\d{3}|[1-5]\\d{4}|[1-9]\\d{0,3}|0)';
/** All of a service's at once, each with a blank behind it: the call costs more than what it looks at. */
const plainTexts = new RegExp(`^(?:${unicast}\\.${octet}\\.${octet}\\.${octet}:${port} )*$`);

export class PlainServers {
  private made: readonly Destination[] | undefined;
  private places: ReadonlyMap<string, number> | undefined;

  private constructor(
    private readonly values: readonly ServerValue[],
    /** Address and port of each, which is the key of what it will be. */
    private readonly texts: readonly string[],
    private readonly inherited: ServerSettings,
  ) {}

  /** The servers of a service of IPv4; undefined where one of them is not plain. */
  static of(values: readonly ServerValue[], inherited: ServerSettings): PlainServers | undefined {
    const texts: string[] = [];
    let before = '';
    let ascending = true;
    for (const value of values) {
      const text = serverText(value);
      const own = ownSettings(value);
      const { method, upperThreshold, lowerThreshold } = settingsOf(own, inherited);
      if (method === 'tun' || own.tunnel !== undefined) return undefined;
      if (lowerThreshold > upperThreshold) return undefined;
      // What is in some order holds nothing twice; most documents are, and need no set.
      ascending &&= text.length > before.length || (text.length === before.length && text > before);
      before = text;
      texts.push(text);
    }
    const all = `${texts.join(' ')} `;
    if (texts.length > 0 && !(plainTexts.test(all) && all.split(' ').length - 1 === texts.length))
      return undefined;
    if (!ascending && new Set(texts).size < texts.length) return undefined;
    return new PlainServers(values, texts, inherited);
  }

  /** Each as the model has it, made when somebody asks. */
  get destinations(): readonly Destination[] {
    this.made ??= this.values.map((value, index) => {
      const [address = '', digits] = (this.texts[index] as string).split(':');
      return {
        id: { address, port: Number(digits) },
        ...settingsOf(ownSettings(value), this.inherited),
        tunnel: plainTunnel,
      };
    });
    return this.made;
  }

  get size(): number {
    return this.texts.length;
  }

  /** Whether a table has, from this one on, just these servers, set as they should be. */
  areJust(table: ServerReader, from: number): boolean {
    const { texts, values, inherited } = this;
    if (table.count - from !== texts.length) return false;
    // A dump may hold one server twice, and another not at all.
    const found: boolean[] = [];
    let place = texts.length;
    for (let index = from; index < table.count; index++) {
      table.seek(index);
      if (table.family !== 'inet') return false;
      const text = `${formatAddress(table.bytes, table.address(), 'inet')}:${table.port()}`;
      // The kernel tells the servers that were added last first.
      place = texts[place - 1] === text ? place - 1 : this.placeOf(text);
      const value = values[place];
      if (value === undefined || found[place]) return false;
      found[place] = true;
      const wanted = settingsOf(ownSettings(value), inherited);
      const same =
        wanted.method === table.method() &&
        wanted.weight === table.number('weight') &&
        wanted.upperThreshold === table.number('upperThreshold') &&
        wanted.lowerThreshold === table.number('lowerThreshold');
      if (!same) return false;
    }
    return true;
  }

  private placeOf(text: string): number {
    this.places ??= new Map(this.texts.map((each, place) => [each, place]));
    return this.places.get(text) ?? -1;
  }
}
