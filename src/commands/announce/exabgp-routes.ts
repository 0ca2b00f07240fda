/** Virtual addresses as lines for ExaBGP (`encoder text`), each written once per change. Pure. */
import type { AnnounceReport } from '../../agent/announce/announce-report.js';
import { hostPrefix } from '../../system/network/network.js';

export interface RouteAttributes {
  /** MULTI_EXIT_DISC of RFC 4271: of routes from one neighbouring network the lowest wins. */
  readonly med: number | undefined;
  /** `65000:1`, of RFC 1997; `65000:1:2`, of RFC 8092. */
  readonly communities: readonly string[];
}

export class ExabgpRoutes {
  /** What ExaBGP was told last, by address. */
  private readonly told = new Map<string, boolean>();

  constructor(private readonly attributes: RouteAttributes) {}

  /** The lines that follow from an answer of the agent; an address that it knows nothing of yet stays as it is. */
  follow({ vips }: Pick<AnnounceReport, 'vips'>): string[] {
    const known = new Set(vips.map(({ vip }) => vip));
    const gone = [...this.told.keys()].filter((address) => !known.has(address));
    return [
      ...gone.flatMap((address) => this.change(address, false)),
      ...vips.flatMap(({ vip, wanted }) => (wanted === null ? [] : this.change(vip, wanted))),
    ];
  }

  /** All that is announced once more, for a neighbour that has just come. */
  again(): string[] {
    return [...this.told]
      .filter(([, isAnnounced]) => isAnnounced)
      .map(([address]) => this.announcement(address));
  }

  withdrawAll(): string[] {
    return [...this.told.keys()].flatMap((address) => this.change(address, false));
  }

  /** An address that is not announced is withdrawn once all the same: a process before this one may have announced it. */
  private change(address: string, isAnnounced: boolean): string[] {
    if (this.told.get(address) === isAnnounced) return [];
    this.told.set(address, isAnnounced);
    return [isAnnounced ? this.announcement(address) : `withdraw ${routeTo(address)}`];
  }

  private announcement(address: string): string {
    const { med, communities } = this.attributes;
    const lists = [
      ['community', communities.filter((each) => each.split(':').length === 2)],
      ['large-community', communities.filter((each) => each.split(':').length === 3)],
    ] as const;
    return [
      `announce ${routeTo(address)}`,
      ...(med === undefined ? [] : [`med ${med}`]),
      ...lists.filter(([, some]) => some.length > 0).map(([name, some]) => `${name} [${some.join(' ')}]`),
    ].join(' ');
  }
}

const routeTo = (address: string): string => `route ${address}/${hostPrefix(address)} next-hop self`;
