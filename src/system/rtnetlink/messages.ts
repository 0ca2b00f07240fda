/** The verbs of rtnetlink over any of its objects. */
import { ProtocolError } from '../../errors.js';
import type { AttributeSet, Infer, Rows } from '../../netlink/attributes.js';
import type { Connection } from '../../netlink/connection.js';
import type { MessageCursor, Request } from '../../netlink/message.js';
import type { Fields, FieldValues } from '../../netlink/struct.js';
import { type RouteObject, type Verb, verbs } from './schema.js';

/** One object as a message tells of it. */
export interface Body<F extends Fields, R extends Rows> {
  readonly header: FieldValues<F>;
  readonly attributes: Infer<AttributeSet<R>>;
  /** Header and attributes as they came, those that no table knows included. */
  readonly raw: Uint8Array;
}

export interface Asked<F extends Fields, R extends Rows> {
  readonly header?: Partial<FieldValues<F>>;
  readonly attributes?: Infer<AttributeSet<R>>;
}

export class Messages {
  constructor(private readonly connection: Connection) {}

  /** All objects that the kernel has, of the header's family if it names one. @throws KernelError */
  dump<F extends Fields, R extends Rows, T>(
    object: RouteObject<F, R>,
    asked: Asked<F, R>,
    read: (body: Body<F, R>) => T,
  ): Promise<T[]> {
    return this.connection.dump(request('get', object, asked), (reply) => read(bodyOf(object, reply)));
  }

  /** The one object that is asked for. @throws KernelError */
  get<F extends Fields, R extends Rows>(object: RouteObject<F, R>, asked: Asked<F, R>): Promise<Body<F, R>> {
    return this.connection.get(request('get', object, asked), (reply) => bodyOf(object, reply));
  }

  /** Changes one object; `flags` are NLM_F_*. @throws KernelError */
  change<F extends Fields, R extends Rows>(
    verb: 'new' | 'delete' | 'set',
    object: RouteObject<F, R>,
    asked: Asked<F, R>,
    flags = 0,
  ): Promise<void> {
    return this.connection.acknowledge({ ...request(verb, object, asked), flags });
  }

  /** Makes an object of a message as it once came. @throws KernelError */
  restore<F extends Fields, R extends Rows>(
    object: RouteObject<F, R>,
    raw: Uint8Array,
    flags: number,
  ): Promise<void> {
    return this.connection.acknowledge({ ...request('new', object, {}), flags, put: (to) => to.raw(raw) });
  }
}

function request<F extends Fields, R extends Rows>(
  verb: Verb,
  object: RouteObject<F, R>,
  { header = {}, attributes }: Asked<F, R>,
): Request {
  return {
    operation: `${verb} ${object.name}`,
    type: object.base + verbs[verb],
    replyType: object.base + verbs.new,
    put(to) {
      object.header.put(to, header);
      if (attributes) object.attributes.put(to, attributes);
    },
  };
}

function bodyOf<F extends Fields, R extends Rows>(
  object: RouteObject<F, R>,
  { reader, start, end }: MessageCursor,
): Body<F, R> {
  const { header, attributes } = object;
  try {
    return {
      header: header.get(reader, start, end),
      attributes: attributes.get(reader, start + header.size, end),
      raw: reader.raw(start, end),
    };
  } catch (error) {
    throw error instanceof ProtocolError ? error.within(object.name) : error;
  }
}
