/** Services as they are read from the file of another program, and the document that they make. */
import { DocumentError } from '../../errors.js';
import { parseServer, parseService } from '../../model/service-uri.js';
import type { Timeouts } from '../../model/table.js';
import type { OptionValues } from '../option-shapes.js';
import type { DocumentValue, ServerSettings, ServerValue, ServiceSettings, ServiceValue } from '../schema.js';
import type { CheckDraft } from './check-draft.js';
import type { Place, Remark, Values } from './setting.js';

export interface ServerDraft {
  readonly place: Place;
  /** As a document writes it: `198.51.100.7:80`. */
  readonly server: string;
  /** Without the check. */
  readonly settings: ServerSettings;
  readonly check?: CheckDraft | undefined;
  readonly remarks: readonly Remark[];
}

export interface ServiceDraft {
  readonly place: Place;
  /** The services that have these servers, as documents write them: `tcp://192.0.2.10:80`. */
  readonly services: readonly string[];
  readonly settings: ServiceSettings;
  readonly health: OptionValues;
  readonly servers: readonly ServerDraft[];
  readonly remarks: readonly Remark[];
}

/** A document, and what could not be carried over into it. */
export interface Imported {
  readonly document: DocumentValue & { readonly services: readonly ServiceValue[] };
  /** About the file as a whole, in its order. */
  readonly remarks: readonly Remark[];
  /** About services and servers, by the object in the document that they belong to. */
  readonly remarksOn: ReadonlyMap<object, readonly Remark[]>;
}

/** Tables larger than these are a mistake, and make documents that YAML cannot be read from. */
const MOST_SERVICES = 10_000;
const MOST_SERVERS = 100_000;

/** @throws DocumentError for problems that were found in the file, or if there are too many servers */
export function importedOf(
  drafts: readonly ServiceDraft[],
  remarks: readonly Remark[],
  values: Values,
  timeouts?: Partial<Timeouts>,
): Imported {
  const services = drafts.reduce((sum, draft) => sum + draft.services.length, 0);
  const servers = drafts.reduce((sum, draft) => sum + draft.services.length * draft.servers.length, 0);
  const [first] = drafts;
  if (first !== undefined && (services > MOST_SERVICES || servers > MOST_SERVERS)) {
    const text = `${services} services with ${servers} servers; ${MOST_SERVICES} with ${MOST_SERVERS} are the most`;
    throw new DocumentError([{ file: first.place.file, text }]);
  }
  const made = new DocumentMaker();
  const all = drafts.flatMap((draft) => made.services(draft));
  if (!values.problems.isEmpty) throw values.problems.error([]);
  const document = { ...(timeouts && { timeouts }), services: all };
  return { document, remarks: inOrder([...remarks, ...made.remarks]), remarksOn: made.remarksOn };
}

class DocumentMaker {
  readonly remarksOn = new Map<object, readonly Remark[]>();
  readonly remarks: Remark[] = [];
  private readonly seen = new Map<string, Place>();
  private readonly told = new Set<string>();

  /** Remarks stand at the first of several services with the same servers. */
  services(draft: ServiceDraft): ServiceValue[] {
    const isNew = (service: string) => {
      const before = this.seen.get(service);
      if (before === undefined) return this.seen.set(service, draft.place);
      const first = `${before.file}:${before.line}`;
      this.remarks.push({
        place: draft.place,
        text: `${service} stands here a second time; first at ${first}`,
      });
      return false;
    };
    return draft.services.filter(isNew).map((service, index) => this.service(service, draft, index === 0));
  }

  private service(name: string, draft: ServiceDraft, isFirst: boolean): ServiceValue {
    const { servers, settings, health } = draft;
    const remarks = [...draft.remarks];
    const seen = new Set<string>();
    const distinct = servers.filter(({ server, place }) => {
      const key = serverKey(server, name);
      if (!seen.has(key)) return seen.add(key);
      remarks.push({ place, text: `${server} stands here a second time` });
      return false;
    });
    const defaults = common(distinct.map(forwarding));
    const check = sharedCheck(distinct);
    const values: ServerValue[] = [];
    const value: ServiceValue = {
      service: name,
      ...settings,
      ...(check && { check }),
      ...(Object.keys(health).length > 0 && { health }),
      ...(defaults && { defaults }),
      servers: values,
    };
    if (isFirst) this.note(value, remarks);
    for (const server of distinct) values.push(this.server(server, { forwarding: defaults, check }, isFirst));
    return value;
  }

  private server(draft: ServerDraft, usual: Usual, isFirst: boolean): ServerValue {
    const { method: _method, tunnel: _tunnel, ...numbers } = draft.settings;
    const check = draft.check && without(draft.check.value, usual.check);
    const settings = {
      ...(usual.forwarding === undefined && forwarding(draft)),
      ...numbers,
      ...(check && Object.keys(check).length > 0 && { check }),
    };
    const remarks = [...draft.remarks, ...(draft.check?.remarks ?? [])];
    const value = { server: draft.server, ...settings };
    const isNoted = isFirst && this.note(value, remarks);
    return isNoted || Object.keys(settings).length > 0 ? value : draft.server;
  }

  /** A setting that concerns several servers is told at the first of them. @returns whether there is something to tell */
  private note(value: object, remarks: readonly Remark[]): boolean {
    const untold = remarks.filter(({ place: { file, line }, text }) => {
      const key = JSON.stringify([file, line, text]);
      return !this.told.has(key) && this.told.add(key);
    });
    if (untold.length > 0) this.remarksOn.set(value, inOrder(untold));
    return untold.length > 0;
  }
}

/** By file, in the order of their first remarks, and by line. */
function inOrder(remarks: readonly Remark[]): Remark[] {
  const files = [...new Set(remarks.map(({ place }) => place.file))];
  return remarks.toSorted(
    (a, b) => files.indexOf(a.place.file) - files.indexOf(b.place.file) || a.place.line - b.place.line,
  );
}

/** Text that is equal for servers that a service cannot have both: without a port a server has that of its service. */
export function serverKey(server: string, service: string): string {
  const { host, port } = parseServer(server);
  const notation = parseService(service);
  return JSON.stringify([host, port ?? ('port' in notation ? notation.port : 0)]);
}

/** What the servers of a service have in common. */
interface Usual {
  readonly forwarding: ServerSettings | undefined;
  readonly check: OptionValues | undefined;
}

const forwarding = ({ settings: { method, tunnel } }: ServerDraft): ServerSettings => ({
  method,
  ...(tunnel && { tunnel }),
});

/** The options that all checks have alike. Undefined if a server has none, or another kind: it would inherit options then. */
function sharedCheck(servers: readonly ServerDraft[]): OptionValues | undefined {
  const [first, ...others] = servers.map(({ check }) => check?.value);
  if (first === undefined || others.some((other) => other?.['kind'] !== first['kind'])) return undefined;
  const isShared = ([name, value]: [string, unknown]) =>
    others.every((other) => JSON.stringify(other?.[name]) === JSON.stringify(value));
  return Object.fromEntries(Object.entries(first).filter(isShared));
}

/** The options that are not those of the service. */
const without = (options: OptionValues, shared: OptionValues | undefined): OptionValues =>
  Object.fromEntries(
    Object.entries(options).filter(([name]) => shared === undefined || !Object.hasOwn(shared, name)),
  );

/** The value that all of them are; undefined if they differ, or if there are none. */
function common<T>(values: readonly T[]): T | undefined {
  const [first] = values;
  const text = JSON.stringify(first);
  return values.every((value) => JSON.stringify(value) === text) ? first : undefined;
}
