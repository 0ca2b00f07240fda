/**
 * Generic netlink: families, looked up by name, whose commands carry attributes. A family's operations are rows of a
 * table; the types of its request and reply follow from the row at compile time.
 *
 * Source: linux/genetlink.h, net/netlink/genetlink.c.
 */
import { ProtocolError } from '../errors.js';
import { type AttributeSet, attributeSet, cstring, type Infer, type Rows, u16, u32 } from './attributes.js';
import type { Batch } from './batch.js';
import type { Reader, Writer } from './bytes.js';
import type { Connection, Refusal } from './connection.js';
import type { MessageCursor, Request } from './message.js';

/** Bytes of struct genlmsghdr: command, version, and two reserved. */
export const GENL_HEADER = 4;

/** One operation: its command number, the attributes it takes, and how it is answered. */
export interface Operation {
  readonly command: number;
  readonly takes: AttributeSet<Rows>;
  /** Names of the required attributes. */
  readonly needs: readonly string[];
  /** An acknowledgement alone, one message, or a dump. */
  readonly reply: 'ack' | 'one' | 'dump';
  /** The attributes of the reply; not used for `ack`. */
  readonly gives: AttributeSet<Rows>;
}

export type Operations = Readonly<Record<string, Operation>>;

export interface FamilySchema<O extends Operations> {
  /** As the kernel registers it, at most 15 bytes. */
  readonly name: string;
  readonly version: number;
  readonly operations: O;
}

/** The attributes of an operation's request: required ones, and optional ones of its set. */
export type Body<O extends Operation> = Infer<O['takes']> & {
  readonly [K in O['needs'][number]]: K extends keyof Infer<O['takes']>
    ? NonNullable<Infer<O['takes']>[K]>
    : never;
};

type Named<O extends Operations, Reply> = {
  [K in keyof O & string]: O[K]['reply'] extends Reply ? K : never;
}[keyof O & string];

export type AckName<O extends Operations> = Named<O, 'ack'>;

/** An operation and the attributes of its request: an item of a batch. */
export type Call<O extends Operations> = {
  [K in AckName<O>]: { readonly operation: K; readonly body: Body<O[K]> };
}[AckName<O>];

/** A family that the kernel has, on a connection. */
export class Family<O extends Operations> {
  constructor(
    private readonly connection: Connection,
    readonly schema: FamilySchema<O>,
    /** Message type, which the kernel assigns at every boot. */
    readonly id: number,
  ) {}

  /** @throws KernelError */
  acknowledge(call: Call<O>): Promise<void> {
    return this.connection.acknowledge(this.request(call.operation, call.body));
  }

  /** `read` makes the result of the reply's attributes. @throws KernelError */
  get<K extends Named<O, 'one'>, T>(
    operation: K,
    body: Body<O[K]>,
    read: (reply: Infer<O[K]['gives']>) => T,
  ): Promise<T> {
    return this.connection.get(
      this.request(operation, body),
      this.reader(operation, this.gives(operation), read),
    );
  }

  /** `read` makes one item of the attributes of each reply. @throws KernelError */
  dump<K extends Named<O, 'dump'>, T>(
    operation: K,
    body: Body<O[K]>,
    read: (reply: Infer<O[K]['gives']>) => T,
  ): Promise<T[]> {
    return this.dumpPart(operation, body, this.gives(operation), read);
  }

  /** The same for readers of only some of what an operation gives: `part` has the rows that are decoded. */
  dumpPart<K extends Named<O, 'dump'>, S extends AttributeSet<Rows>, T>(
    operation: K,
    body: Body<O[K]>,
    part: S,
    read: (reply: Infer<S>) => T,
  ): Promise<T[]> {
    return this.connection.dump(this.request(operation, body), this.reader(operation, part, read));
  }

  /**
   * The same for readers of attributes where they lie: `take` gets the datagram of each reply and the range of its attributes,
   * valid during the call only; `restart` drops all replies, because the dump starts again. @throws KernelError
   */
  dumpAttributes<K extends Named<O, 'dump'>>(
    operation: K,
    body: Body<O[K]>,
    take: ReadAttributes<void>,
    restart: () => void,
  ): Promise<void> {
    return this.connection.dumpMessages(this.request(operation, body), {
      take: attributesOf(operation, take),
      restart,
    });
  }

  /** Carries out a batch whose requests `addCall` wrote. @returns the refusals, in order */
  batch(calls: Batch): Promise<Refusal[]> {
    return this.connection.batch(calls, this.id);
  }

  private request<K extends keyof O & string>(operation: K, body: Body<O[K]>): Request {
    const { schema } = this;
    return { operation, type: this.id, put: (to) => putCall(to, schema, operation, body) };
  }

  private gives<K extends keyof O & string>(operation: K): O[K]['gives'] {
    return (this.schema.operations[operation] as O[K]).gives;
  }

  private reader<S extends AttributeSet<Rows>, T>(
    operation: string,
    set: S,
    read: (reply: Infer<S>) => T,
  ): (reply: MessageCursor) => T {
    return attributesOf(operation, (from, start, end) => read(set.get(from, start, end) as Infer<S>));
  }
}

type ReadAttributes<T> = (from: Reader, start: number, end: number) => T;

/** A reader of a reply's attributes; an error in them has the operation at the head of its path. */
const attributesOf =
  <T>(operation: string, read: ReadAttributes<T>) =>
  ({ reader, start, end }: MessageCursor): T => {
    if (end - start < GENL_HEADER) {
      throw new ProtocolError(`expected ${GENL_HEADER} bytes of header, got ${end - start}`, [operation]);
    }
    try {
      return read(reader, start + GENL_HEADER, end);
    } catch (error) {
      throw error instanceof ProtocolError ? error.within(operation) : error;
    }
  };

/** Adds a call to a batch for the family, which need not have been found yet. @throws ValueError, and adds nothing */
export function addCall<O extends Operations>(
  batch: Batch,
  schema: FamilySchema<O>,
  { operation, body }: Call<O>,
): void {
  batch.add(operation, (to) => putCall(to, schema, operation, body));
}

/** Writes a request's payload, as the tables have it. @throws ValueError for a value that its attribute cannot hold */
export function putCall<O extends Operations, K extends keyof O & string>(
  to: Writer,
  { version, operations }: FamilySchema<O>,
  operation: K,
  body: Body<O[K]>,
): void {
  const { command, takes } = operations[operation] as O[K];
  to.u8(command);
  to.u8(version);
  to.u16(0);
  takes.put(to, body as Infer<typeof takes>);
}

/** Attributes of the controller, the family that knows the others: CTRL_ATTR_* in linux/genetlink.h. */
export const Controller = attributeSet('controller', {
  id: [1, u16],
  name: [2, cstring],
  version: [3, u32],
  headerSize: [4, u32],
  maxAttribute: [5, u32],
});

/** The controller's family, whose id is fixed: GENL_ID_CTRL. */
export const controllerSchema = {
  name: 'nlctrl',
  version: 2,
  operations: {
    getFamily: { command: 3, takes: Controller, needs: ['name'], reply: 'one', gives: Controller },
    getFamilies: { command: 3, takes: Controller, needs: [], reply: 'dump', gives: Controller },
  },
} as const satisfies FamilySchema<Operations>;

export const CONTROLLER_ID = 0x10;

/**
 * Finds a family by name. The kernel loads its module if it can.
 * @throws KernelError ENOENT if the kernel has no such family
 */
export async function findFamily<O extends Operations>(
  connection: Connection,
  schema: FamilySchema<O>,
): Promise<Family<O>> {
  return controllerOn(connection).get('getFamily', { name: schema.name }, ({ id }) =>
    withId(connection, schema, id),
  );
}

/** The same among the families that the kernel has: loads no module. @returns undefined if the kernel has no such family */
export async function findLoadedFamily<O extends Operations>(
  connection: Connection,
  schema: FamilySchema<O>,
): Promise<Family<O> | undefined> {
  const families = await controllerOn(connection).dump('getFamilies', {}, (family) => family);
  const found = families.find(({ name }) => name === schema.name);
  return found && withId(connection, schema, found.id);
}

const controllerOn = (connection: Connection): Family<typeof controllerSchema.operations> =>
  new Family(connection, controllerSchema, CONTROLLER_ID);

function withId<O extends Operations>(
  connection: Connection,
  schema: FamilySchema<O>,
  id: number | undefined,
): Family<O> {
  if (id === undefined) throw new ProtocolError('missing', ['id']);
  return new Family(connection, schema, id);
}
