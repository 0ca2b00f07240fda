/** The nodes of a YAML text with their offsets, and checks of their keys and aliases. */
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

export interface Node {
  /** Where it begins in the text. */
  readonly offset: number;
  /** Values in it, with every alias replaced by its anchor's value. */
  readonly size: number;
  readonly items?: readonly Node[];
  readonly members?: ReadonlyMap<string, Member>;
}

/** Offset of the key, and the value. */
interface Member {
  readonly key: number;
  readonly value: Node;
}

/** An alias may stand for a value with aliases, so that few lines could expand to any number of values. */
const MAX_EXPANDED = 5_000_000;

type Fail = (offset: number, problem: string) => never;

/** The root of each document. Calls `fail` for a key that is no string or a duplicate, and for an alias that has no value. */
export const composeNodes = (events: readonly Event[], text: string, fail: Fail): Node[] =>
  new Composer(events, text, fail).documents();

/** Offset of the value at `path`, or of its key, or of the nearest value around it that exists. */
export function offsetOf(root: Node | undefined, path: Path, what: 'value' | 'key' = 'value'): number {
  let node = root;
  let offset = node?.offset ?? 0;
  for (const [index, step] of path.entries()) {
    const member = node?.members?.get(String(step));
    node = member?.value ?? node?.items?.[Number(step)];
    if (node === undefined) break;
    offset = member && what === 'key' && index === path.length - 1 ? member.key : node.offset;
  }
  return offset;
}

/** Composes nodes of events. Each event opens a document or a collection, closes one, or is a whole value. */
class Composer {
  private next = 0;
  /** By name; a later anchor of the same name replaces it. Undefined while its own value is composed. */
  private readonly anchors = new Map<string, Node | undefined>();

  constructor(
    private readonly events: readonly Event[],
    private readonly text: string,
    private readonly fail: Fail,
  ) {}

  documents(): Node[] {
    const roots: Node[] = [];
    while (this.next < this.events.length) {
      this.next++;
      this.anchors.clear();
      roots.push(...this.untilClosed(() => this.node(0)));
    }
    return roots;
  }

  /** The next node. An empty value has no position, and gets `empty` as its offset. */
  private node(empty: number): Node {
    const event = this.events[this.next++] as Event;
    switch (event.type) {
      case EVENT_ID.ALIAS:
        return this.alias(event);
      case EVENT_ID.SCALAR:
        return this.anchored(event, () => ({ offset: offsetOfScalar(event) ?? empty, size: 1 }));
      case EVENT_ID.SEQUENCE:
        return this.anchored(event, () => {
          const items = this.untilClosed(() => this.node(event.start));
          return this.sized({ offset: event.start, items }, items);
        });
      case EVENT_ID.MAPPING:
        return this.anchored(event, () => {
          const members = new Map<string, Member>();
          const values = this.untilClosed(() => this.addMember(members, event.start));
          return this.sized({ offset: event.start, members }, values);
        });
      default:
        throw new Error(`no node begins with event ${event.type}`);
    }
  }

  private untilClosed<T>(compose: () => T): T[] {
    const composed: T[] = [];
    while (this.events[this.next]?.type !== EVENT_ID.POP) composed.push(compose());
    this.next++;
    return composed;
  }

  /** @returns the value */
  private addMember(members: Map<string, Member>, start: number): Node {
    const event = this.events[this.next];
    const { offset: key } = this.node(start);
    if (event?.type !== EVENT_ID.SCALAR) return this.fail(key, 'a key must be a string');
    const name = getScalarValue(this.text, event);
    if (members.has(name)) this.fail(key, 'the key stands here a second time');
    const value = this.node(this.afterKey(event) ?? key);
    members.set(name, { key, value });
    return value;
  }

  /** Offset after the colon of a key. */
  private afterKey({ valueEnd }: ScalarEvent): number | undefined {
    const colon = /["']?\s*:/y;
    colon.lastIndex = valueEnd;
    return colon.test(this.text) ? colon.lastIndex : undefined;
  }

  private anchored(event: ScalarEvent | SequenceEvent | MappingEvent, compose: () => Node): Node {
    if (event.anchorStart < 0) return compose();
    const name = this.text.slice(event.anchorStart, event.anchorEnd);
    this.anchors.set(name, undefined);
    const node = compose();
    this.anchors.set(name, node);
    return node;
  }

  private alias({ anchorStart, anchorEnd }: AliasEvent): Node {
    const name = this.text.slice(anchorStart, anchorEnd);
    const offset = anchorStart - '*'.length;
    if (!this.anchors.has(name)) this.fail(offset, `*${name} has no anchor before it`);
    const node = this.anchors.get(name);
    return node ? { ...node, offset } : this.fail(offset, `*${name} stands inside of what it stands for`);
  }

  private sized(collection: Omit<Node, 'size'>, values: readonly Node[]): Node {
    const size = values.reduce((sum, value) => sum + value.size, 1);
    if (size > MAX_EXPANDED) this.fail(collection.offset, 'aliases that expand to too many values');
    return { ...collection, size };
  }
}

/** Undefined for an empty one. */
function offsetOfScalar({ valueStart, style }: ScalarEvent): number | undefined {
  if (valueStart < 0) return undefined;
  const isQuoted = style === SCALAR_STYLE.DOUBLE_QUOTED || style === SCALAR_STYLE.SINGLE_QUOTED;
  return isQuoted ? valueStart - 1 : valueStart;
}
