/**
 * What the real ipvsadm sends, and what our client sends for the same change, attribute by attribute. The kernel does not
 * care about the order of attributes; the numbers of family, sequence and port are each program's own.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { endianness } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { KernelError } from '../../src/errors.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import type { NetlinkSocket } from '../../src/netlink/transport/socket.js';
import { FakeIpvs } from '../support/fake-ipvs.js';
import { NLM } from '../support/fake-kernel.js';
import {
  readAttributes,
  readMessages,
  unhex,
  type WireAttribute,
  type WireMessage,
} from '../support/wire.js';
import { cases, type VectorCase } from '../vectors/netlink-cases.js';
import type { Vector } from '../vectors/record-netlink.js';

/** The project's vectors: this file runs as build/test/ipvs/vectors.test.js. */
const path = fileURLToPath(new URL('../../../test/vectors/netlink.json', import.meta.url));
const vectors: readonly Vector[] = JSON.parse(readFileSync(path, 'utf8'));

/** Netlink's integers are in the machine's order, and so are the vectors. */
const skip = endianness() === 'BE' && 'the vectors were recorded on a little-endian machine';

const CONTROLLER = 0x10;

/** A request without what each program chooses for itself. */
interface Asked {
  readonly command: number;
  readonly version: number;
  readonly dump: boolean;
  /** Each as `1/6=72720000`: the way to it by type numbers, and its payload. */
  readonly attributes: readonly string[];
}

const asked = ({ flags, payload }: WireMessage): Asked => ({
  command: payload[0] ?? -1,
  version: payload[1] ?? -1,
  dump: (flags & NLM.DUMP) === NLM.DUMP,
  attributes: flat(readAttributes(payload.slice(4))).sort(),
});

const flat = (attributes: readonly WireAttribute[], way = ''): string[] =>
  attributes.flatMap(([type, content]) =>
    typeof content === 'string' ? [`${way}${type}=${content}`] : flat(content, `${way}${type}/`),
  );

/** Requests that differ on purpose: in a request of these commands each side may have these attributes to itself. */
interface Difference {
  readonly why: string;
  readonly commands: readonly number[];
  readonly theirs: readonly string[];
  readonly ours?: readonly string[];
}

const GET_INFO = 15;

const differences: readonly Difference[] = [
  {
    why: 'ipvsadm describes the service whole, with nothing in it, where the kernel reads only which one is meant',
    commands: [3, 4, 5, 6, 7, 16],
    theirs: [
      '1/6=00',
      '1/7=00000000ffffffff',
      '1/8=00000000',
      '1/9=00000000',
      '1/9=ffffffff',
      '1/9=80000000',
    ],
  },
  {
    why: 'ipvsadm describes a plain tunnel also where the method is none; the kernel takes one for granted',
    commands: [5, 6, 7],
    theirs: ['2/13=00', '2/14=0000', '2/15=0000'],
  },
  {
    why: 'ipvsadm describes the destination to delete whole, with its defaults',
    commands: [7],
    theirs: ['2/3=03000000', '2/4=01000000', '2/5=00000000', '2/6=00000000'],
  },
  {
    why: 'ipvsadm leaves the end of the IPv6 service’s address behind the IPv4 address of its destination',
    commands: [5],
    theirs: ['2/1=c6336407000000000000000000000001'],
    ours: ['2/1=c6336407000000000000000000000000'],
  },
  {
    why: 'ipvsadm stops a daemon with an interface without a name; the kernel reads the state alone',
    commands: [10],
    theirs: ['3/2=00', '3/3=00000000'],
  },
];

/** The attributes that a request lacks against another, less those that may be missing. */
function unexplained(of: Asked, against: Asked, side: 'ours' | 'theirs'): string[] {
  return of.attributes
    .filter((attribute) => !against.attributes.includes(attribute))
    .filter((attribute) => !explanation(of.command, attribute, side));
}

const explanation = (command: number, attribute: string, side: 'ours' | 'theirs'): Difference | undefined =>
  differences.find((one) => one.commands.includes(command) && one[side]?.includes(attribute));

/** ipvsadm asks for the version before whatever it does. */
function withoutGreeting(theirs: readonly Asked[], ours: readonly Asked[]): readonly Asked[] {
  return theirs[0]?.command === GET_INFO && ours[0]?.command !== GET_INFO ? theirs.slice(1) : theirs;
}

/** Everything that our client sends for a case, whatever the kernel would answer. */
async function sentByUs({ ours }: VectorCase): Promise<WireMessage[]> {
  const ipvs = new FakeIpvs();
  const sent: WireMessage[] = [];
  const client = await IpvsClient.open(async (protocol) => listening(await ipvs.open(protocol), sent));
  for (const ask of ours) {
    await ask(client).catch((error) => {
      // The table is empty, so that most is refused: what was asked counts here.
      if (!(error instanceof KernelError)) throw error;
    });
  }
  return sent;
}

function listening(socket: NetlinkSocket, sent: WireMessage[]): NetlinkSocket {
  return {
    port: socket.port,
    receiveBuffer: socket.receiveBuffer,
    largestSend: socket.largestSend,
    send(bytes) {
      sent.push(...readMessages(bytes.slice()));
      return socket.send(bytes);
    },
    receive: (timeout) => socket.receive(timeout),
    close: () => socket.close(),
  };
}

const requests = (messages: readonly WireMessage[]): Asked[] =>
  messages.filter(({ type }) => type !== CONTROLLER).map(asked);

const theirRequests = ({ sent }: Vector): Asked[] =>
  requests(sent.flatMap((hex) => readMessages(unhex(hex))));

const caseOf = ({ run, given }: Vector): VectorCase | undefined =>
  cases.find((one) => one.run === run && `${one.given ?? []}` === `${given ?? []}`);

for (const vector of vectors) {
  const { run, given = [] } = vector;
  test(`ipvsadm ${[...given, run].join('; ')}`, { skip }, async () => {
    const same = caseOf(vector);
    assert.ok(same, 'the case is gone: record the vectors again');
    const ours = requests(await sentByUs(same));
    const theirs = withoutGreeting(theirRequests(vector), ours);
    const kind = ({ command, version, dump }: Asked) => ({ command, version, dump });
    assert.deepEqual(ours.map(kind), theirs.map(kind));
    for (const [index, our] of ours.entries()) {
      const their = theirs[index] as Asked;
      assert.deepEqual(unexplained(our, their, 'ours'), [], 'attributes that only we send');
      assert.deepEqual(unexplained(their, our, 'theirs'), [], 'attributes that only ipvsadm sends');
    }
  });
}

test('every case was recorded, and every command of the family is among them', () => {
  assert.deepEqual(vectors.map(caseOf), cases);
  const commands = new Set(vectors.flatMap(theirRequests).map(({ command }) => command));
  // 14 heads the answer to 15.
  assert.deepEqual(
    [...commands].sort((a, b) => a - b),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15, 16, 17],
  );
});

test('every difference that is explained exists', () => {
  const seen = vectors.flatMap(theirRequests);
  for (const { commands, theirs, why } of differences) {
    for (const attribute of theirs) {
      assert.ok(
        seen.some(({ command, attributes }) => commands.includes(command) && attributes.includes(attribute)),
        `nobody sends ${attribute}: ${why}`,
      );
    }
  }
});
