/** The settings that options make, and the kinds of options: flags, values, numbers. options.ts has the options. */
import type { ForwardingMethod, TunnelChecksum, TunnelType } from '../../model/destination.js';
import type { DestinationNumber, ServiceSwitch } from '../../model/fields.js';
import type { Range } from '../../model/limits.js';
import type { Protocol } from '../../model/service.js';
import type { CommandName } from './commands.js';
import type { EndpointArg, ResolvedNames } from './endpoint.js';
import type { PoptOption } from './popt.js';
import { number } from './values.js';

interface NumberSettings extends Record<DestinationNumber, number> {
  /** Seconds. */
  persistence: number;
  tunnelPort: number;
  syncId: number;
  /** Bytes. */
  maxLength: number;
  port: number;
  ttl: number;
}

/** The values of options, by the setting that each option makes. Options that make the same setting exclude each other. */
export interface Settings extends NumberSettings, Record<ServiceSwitch, true> {
  service: { readonly protocol: Protocol; readonly at: EndpointArg } | { readonly fwmark: number };
  ipv6: true;
  scheduler: string;
  schedulerFlags: string;
  netmask: string;
  engine: string;
  server: EndpointArg;
  method: ForwardingMethod;
  tunnelType: TunnelType;
  tunnelChecksum: TunnelChecksum;
  numeric: true;
  connections: true;
  timeouts: true;
  daemons: true;
  stats: true;
  rate: true;
  exact: true;
  thresholds: true;
  persistentConnections: true;
  tunnels: true;
  unsorted: true;
  sorted: true;
  interface: string;
  group: string;
  netns: string;
}

export type SettingName = keyof Settings;
type NumberSetting = keyof NumberSettings;

/** Commands that need a setting, and others that take it. */
export interface Legality {
  readonly needed?: readonly CommandName[];
  readonly allowed?: readonly CommandName[];
}

/** Options that have these in common. `about` is their section of the help. */
export interface Group extends Legality {
  readonly about: 'virtual service' | 'real server' | 'listing' | 'sync daemon' | 'every command';
}

/** The part of a row that every kind of option has. */
export interface Row extends Pick<PoptOption, 'long' | 'short'> {
  readonly help: string;
  /** Settings that exclude it. */
  readonly excludes?: readonly SettingName[];
  /** May be given more than once. */
  readonly repeatable?: true;
}

interface Value {
  /** The value's name in the help. */
  readonly value: string;
  /** Words that the value usually is, for completion. */
  readonly choices?: readonly string[];
}

interface ValueRow extends Row, Value {}

export interface NumberRow extends ValueRow {
  /** The number's name in messages. */
  readonly field: string;
}

/** An option that makes the setting `N`. */
export interface OptionOf<N extends SettingName> extends PoptOption, Group, Row, Partial<Value> {
  readonly setting: N;
  /** The value is a whole number of this range. */
  readonly range?: Range;
  /** The value is HOST[:PORT], either of which may be a name. */
  readonly endpoint?: true;
  read(text: string | undefined, names: ResolvedNames): Settings[N];
}

export type SettingOption = { [N in SettingName]: OptionOf<N> }[SettingName];

/** An option without a value, which means `value`. */
export const flag = <N extends SettingName>(
  group: Group,
  setting: N,
  value: Settings[N],
  row: Row,
): OptionOf<N> => ({ ...group, ...row, setting, argument: 'none', read: () => value });

/** An option that needs a value. */
export const valued = <N extends SettingName>(
  group: Group,
  setting: N,
  read: (text: string, names: ResolvedNames) => Settings[N],
  row: ValueRow,
): OptionOf<N> => ({
  ...group,
  ...row,
  setting,
  argument: 'required',
  read: (text = '', names) => read(text, names),
});

/** An option that needs a whole number of a range. */
export const numeric = (
  group: Group,
  setting: NumberSetting,
  range: Range,
  { field, ...row }: NumberRow,
): OptionOf<NumberSetting> => ({ ...valued(group, setting, number(field, range), row), range });
