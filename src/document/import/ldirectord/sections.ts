/** The lines of an ldirectord.cf: settings for all services, and those of each, which are indented below it. */
import { quoted } from '../../../foreign-text.js';
import type { NamedText } from '../../load.js';
import type { Setting, Values } from '../setting.js';

/** Settings by name; their only word is all of the value. */
export class Section {
  private readonly settings: Setting[] = [];
  private readonly left = new Set<Setting>();

  /** @param declaration the line `virtual = ...`; undefined for the settings of all services */
  constructor(readonly declaration?: Setting) {}

  add(setting: Setting): void {
    this.settings.push(setting);
    this.left.add(setting);
  }

  all(name: string): Setting[] {
    const found = this.settings.filter((setting) => setting.name === name);
    for (const setting of found) this.left.delete(setting);
    return found;
  }

  /** The last one of this name. */
  own(name: string): Setting | undefined {
    return this.all(name).at(-1);
  }

  /** Settings that nothing has asked for. */
  get rest(): readonly Setting[] {
    return [...this.left];
  }
}

/** The setting of a service, or else that of all services. */
export function nearest(name: string, section: Section, global: Section): Setting | undefined {
  const own = section.own(name);
  const outer = global.own(name);
  return own ?? outer;
}

export const valueText = (setting: Setting | undefined): string => setting?.words[0] ?? '';

/** The value without the quotes around it. */
export const unquoted = (setting: Setting | undefined): string =>
  valueText(setting).replace(/^"(.*)"$/s, '$1');

/** Tabs count as four blanks; a section ends with a line that is indented less. */
const INDENT = 4;

export function sectionsOf(
  { file, text }: NamedText,
  values: Values,
): { global: Section; services: Section[] } {
  const global = new Section();
  const services: Section[] = [];
  let inner: Section | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.replaceAll('\t', ' '.repeat(INDENT)).replace(/#.*$/, '').trimEnd();
    if (/^\s*#/.test(raw)) continue;
    const place = { file, line: index + 1 };
    const content = line.trimStart();
    const isIndented = line.length - content.length >= INDENT;
    if (!isIndented) inner = undefined;
    if (content === '') continue;
    const equals = content.indexOf('=');
    const name = (equals < 0 ? content : content.slice(0, equals)).trim();
    const value = equals < 0 ? '' : content.slice(equals + 1).trim();
    const setting = { name, words: [value], place };
    if (!/^\w+$/.test(name) || (equals < 0 && name !== 'supervised')) {
      values.problem(place, `${quoted(content)} is not a setting such as checktimeout = 5`);
    } else if (!isIndented && (name === 'virtual' || name === 'virtual6')) {
      inner = new Section(setting);
      services.push(inner);
    } else if (isIndented && inner === undefined) {
      values.problem(place, `${name}: indented, but no virtual service is above it`);
    } else (inner ?? global).add(setting);
  }
  return { global, services };
}
