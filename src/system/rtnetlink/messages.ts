/** The verbs of rtnetlink over any of its objects. */
import { ProtocolError } from '../../errors.js';
import type { AttributeSet, Infer, Rows } from '../../netlink/attributes.js';
import type { Connection } from '../../netlink/connection.js';
import type { MessageCursor, Request } from '../../netlink/message.js';
import type { Fields, FieldValues } from '../../netlink/struct.js';
import { type RouteObject, type Verb, verbs } from './schema.js';

/** A message about one object, decoded. */
export interface Message<F extends Fields, R extends Rows> {
  readonly header: FieldValues<F>;
  readonly attributes: Infer<AttributeSet<R>>;
  /** Header and attributes as received, including attributes that the schema does not list. */
  readonly raw: Uint8Array;
}
export type MessageOf<O> =
  O extends RouteObject<infer F extends Fields, infer R extends Rows> ? Message<F, R> : never;

/** The body of a request. */
export interface Body<F extends Fields, R extends Rows> {
  readonly header?: Partial<FieldValues<F>>;
  readonly attributes?: Infer<AttributeSet<R>>;
}
export type BodyOf<O> =
  O extends RouteObject<infer F extends Fields, infer R extends Rows> ? Body<F, R> : never;

export class Messages {
  constructor(private readonly connection: Connection) {}

  /** All objects of the kernel, or those of the family that the body's header names. @throws KernelError */
  dump<F extends Fields, R extends Rows, T>(
    object: RouteObject<F, R>,
    body: Body<F, R>,
    read: (message: Message<F, R>) => T,
  ): Promise<T[]> {
    return this.connection.dump(request('get', object, body), (reply) => read(decoded(object, reply)));
  }

  /** One object. @throws KernelError */
  get<F extends Fields, R extends Rows>(object: RouteObject<F, R>, body: Body<F, R>): Promise<Message<F, R>> {
    return this.connection.get(request('get', object, body), (reply) => decoded(object, reply));
  }

  /** Changes one object; `flags` are NLM_F_*. @throws KernelError */
  change<F extends Fields, R extends Rows>(
    verb: 'new' | 'delete' | 'set',
    object: RouteObject<F, R>,
    body: Body<F, R>,
    flags = 0,
  ): Promise<void> {
    return this.connection.acknowledge({ ...request(verb, object, body), flags });
  }

  /** Creates an object from the raw bytes of an earlier message. @throws KernelError */
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
  { header = {}, attributes }: Body<F, R>,
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

function decoded<F extends Fields, R extends Rows>(
  object: RouteObject<F, R>,
  { reader, start, end }: MessageCursor,
): Message<F, R> {
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
