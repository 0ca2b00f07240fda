/** The nodes of a YAML text: checks of their keys and aliases, and the offsets of values. */
import {
  type AliasEvent,
  EVENT_ID,
  type Event,
  getScalarValue,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from 'js-yaml';
import type { Path } from '../location.js';

/** An alias may stand for a value with aliases, so that few lines could expand to any number of values. */
const MAX_EXPANDED = 5_000_000;

type Fail = (offset: number, problem: string) => never;

/** Calls `fail` for a key that is no string or a duplicate, and for an alias that has no value or too many. */
export const checkNodes = (events: readonly Event[], text: string, fail: Fail): void =>
  new Checker(events, text, fail).documents();

/** Reads the events of nodes. Each event opens a document or a collection, closes one, or is a whole value. */
class Checker {
  private next = 0;
  /** Values of each anchor by name; a later one replaces it. Undefined while its own value is read. */
  private readonly anchors = new Map<string, number | undefined>();

  constructor(
    private readonly events: readonly Event[],
    private readonly text: string,
    private readonly fail: Fail,
  ) {}

  documents(): void {
    while (this.next < this.events.length) {
      this.next++;
      this.anchors.clear();
      this.untilClosed(() => this.node());
    }
  }

  /** @returns the number of values in the next node, with every alias replaced by its anchor's value */
  private node(): number {
    const event = this.events[this.next++] as Event;
    switch (event.type) {
      case EVENT_ID.ALIAS:
        return this.alias(event);
      case EVENT_ID.SCALAR:
        return this.anchored(event, () => 1);
      case EVENT_ID.SEQUENCE:
        return this.anchored(event, () => this.collection(event, () => this.node()));
      case EVENT_ID.MAPPING: {
        const keys = new Set<string>();
        return this.anchored(event, () => this.collection(event, () => this.member(keys, event.start)));
      }
      default:
        throw new Error(`no node begins with event ${event.type}`);
    }
  }

  private collection({ start }: SequenceEvent | MappingEvent, read: () => number): number {
    const size = this.untilClosed(read) + 1;
    return size > MAX_EXPANDED ? this.fail(start, 'aliases that expand to too many values') : size;
  }

  private untilClosed(read: () => number): number {
    let size = 0;
    while (this.events[this.next]?.type !== EVENT_ID.POP) size += read();
    this.next++;
    return size;
  }

  private member(keys: Set<string>, start: number): number {
    const event = this.events[this.next] as Event;
    this.node();
    const key = offsetOfEvent(event) ?? start;
    if (event.type !== EVENT_ID.SCALAR) return this.fail(key, 'a key must be a string');
    const name = getScalarValue(this.text, event);
    if (keys.has(name)) this.fail(key, 'the key stands here a second time');
    keys.add(name);
    return this.node();
  }

  private anchored(event: ScalarEvent | SequenceEvent | MappingEvent, read: () => number): number {
    if (event.anchorStart < 0) return read();
    const name = anchorOf(event, this.text);
    this.anchors.set(name, undefined);
    const size = read();
    this.anchors.set(name, size);
    return size;
  }

  private alias(event: AliasEvent): number {
    const name = anchorOf(event, this.text);
    const offset = event.anchorStart - '*'.length;
    if (!this.anchors.has(name)) this.fail(offset, `*${name} has no anchor before it`);
    return this.anchors.get(name) ?? this.fail(offset, `*${name} stands inside of what it stands for`);
  }
}

/** Finds the offsets of values in events, whose keys and aliases have been checked. */
export class NodeFinder {
  constructor(
    private readonly events: readonly Event[],
    private readonly text: string,
  ) {}

  /** Offset of the value at `path` in a document, or of its key, or of the nearest value around it that exists. */
  offsetOf(document: number, path: Path, what: 'value' | 'key' = 'value'): number {
    let at = 1;
    for (let index = 0; index < document; index++) at = this.after(at - 1) + 1;
    let offset = offsetOfEvent(this.event(at)) ?? 0;
    for (const [index, step] of path.entries()) {
      const collection = this.anchorOf(at);
      const child = this.child(collection, step);
      if (child === undefined) break;
      const key = child.key === undefined ? offsetOfEvent(this.event(collection)) : this.keyOffset(child.key);
      const isLast = index === path.length - 1;
      if (child.key !== undefined && what === 'key' && isLast) return key ?? offset;
      at = child.value;
      // An empty value has no position.
      offset = offsetOfEvent(this.event(at)) ?? this.afterKey(child.key) ?? key ?? offset;
    }
    return offset;
  }

  private event(at: number): Event {
    return this.events[at] as Event;
  }

  /** Index of the event after a node. */
  private after(at: number): number {
    const { type } = this.event(at);
    let next = at + 1;
    if (type !== EVENT_ID.DOCUMENT && type !== EVENT_ID.SEQUENCE && type !== EVENT_ID.MAPPING) return next;
    while (this.event(next).type !== EVENT_ID.POP) next = this.after(next);
    return next + 1;
  }

  /** Index of the node that an alias stands for; of any other node its own. */
  private anchorOf(at: number): number {
    const alias = this.event(at);
    if (alias.type !== EVENT_ID.ALIAS) return at;
    const name = anchorOf(alias, this.text);
    return this.events.findLastIndex(
      (event, index) =>
        index < at &&
        'anchorStart' in event &&
        event.type !== EVENT_ID.ALIAS &&
        event.anchorStart >= 0 &&
        anchorOf(event, this.text) === name,
    );
  }

  private child(
    at: number,
    step: string | number,
  ): { readonly key?: number; readonly value: number } | undefined {
    const { type } = this.event(at);
    const isMapping = type === EVENT_ID.MAPPING;
    if (!isMapping && type !== EVENT_ID.SEQUENCE) return undefined;
    for (let next = at + 1, index = 0; this.event(next).type !== EVENT_ID.POP; index++) {
      const value = isMapping ? this.after(next) : next;
      if (!isMapping && index === step) return { value };
      if (isMapping && this.keyName(next) === String(step)) return { key: next, value };
      next = this.after(value);
    }
    return undefined;
  }

  private keyName(at: number): string | undefined {
    const event = this.event(at);
    return event.type === EVENT_ID.SCALAR ? getScalarValue(this.text, event) : undefined;
  }

  private keyOffset(at: number): number | undefined {
    return offsetOfEvent(this.event(at));
  }

  /** Offset after the colon of a key. */
  private afterKey(at: number | undefined): number | undefined {
    const event = at === undefined ? undefined : this.event(at);
    if (event?.type !== EVENT_ID.SCALAR) return undefined;
    const colon = /["']?\s*:/y;
    colon.lastIndex = event.valueEnd;
    return colon.test(this.text) ? colon.lastIndex : undefined;
  }
}

const anchorOf = (
  { anchorStart, anchorEnd }: Pick<AliasEvent, 'anchorStart' | 'anchorEnd'>,
  text: string,
): string => text.slice(anchorStart, anchorEnd);

/** Where a node begins in the text; undefined for an empty one. */
function offsetOfEvent(event: Event): number | undefined {
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - '*'.length;
  if (event.type === EVENT_ID.SEQUENCE || event.type === EVENT_ID.MAPPING) return event.start;
  if (event.type !== EVENT_ID.SCALAR || event.valueStart < 0) return undefined;
  const { style, valueStart } = event;
  const isQuoted = style === SCALAR_STYLE.DOUBLE_QUOTED || style === SCALAR_STYLE.SINGLE_QUOTED;
  return isQuoted ? valueStart - 1 : valueStart;
}
