/** Conversations with a kernel that damages one of its replies. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ipvsSchema } from '../../../src/ipvs/schema.js';
import { createTrace } from '../../../src/netlink/trace.js';
import { type Damage, DamagedSocket, damage } from '../damage.js';
import { type CommandLine, freshIpvs, run } from '../machine.js';
import { keepsPromises, told } from '../promises.js';
import { target } from './target.js';

const server = ['tcp://192.0.2.1:80', '198.51.100.7:80'];
const document =
  'services: [{service: "tcp://192.0.2.1:80", scheduler: rr, servers: [198.51.100.9, 198.51.100.7]}]\n';

const commands: readonly CommandLine[] = [
  ...['-Ln', '-Sn', '-Ln --stats', '-Ln -t 192.0.2.1:80', '-Ln --daemon', '-Ln --timeout', '-C', '-Z'],
  ...['-A -t 192.0.2.9:80', '-d -f 7 -r 198.51.100.7', 'list --json', 'list', 'export', 'export --json'],
].map((line) => ({ words: line.split(' ') }));

const changing: readonly CommandLine[] = [
  { words: ['drain', ...server] },
  { words: ['undrain', ...server] },
  { words: ['weight', ...server, '9'] },
  { words: ['diff', '-f', '-', '--prune'], stdin: document },
  { words: ['apply', '-f', '-', '--prune'], stdin: document },
  { words: ['-R'], stdin: '-A -f 1\n-A -f 1\n-a -f 1 -r 198.51.100.1\n-D -f 2\n' },
  { words: [], program: 'ipvsadm-restore', stdin: '-A -f 1\n-a -f 1 -r 198.51.100.1\n' },
];

interface Case {
  readonly line: CommandLine;
  /** Number of the datagram. */
  readonly from: number;
  readonly damage: Damage;
  readonly traced: boolean;
}

/** Damage that cannot be mistaken for an answer. A lost datagram of a dump can: the kernel reports it as `failed`. */
const isFatal = ({ damage }: Case): boolean =>
  damage.do === 'cut' || damage.do === 'empty' || damage.do === 'failed';

export const replies = target<Case>(
  'replies',
  fc.record({
    line: fc.constantFrom(...commands, ...changing),
    from: fc.nat(12),
    damage,
    traced: fc.boolean(),
  }),
  async (one) => {
    const ipvs = freshIpvs();
    let socket: DamagedSocket | undefined;
    const ran = await run(one.line, ipvs, {
      open: async (protocol) => {
        socket = new DamagedSocket(await ipvs.open(protocol), one.from, one.damage);
        return socket;
      },
      dumpLimit: 500,
      ...(one.traced && { trace: createTrace(() => {}, [ipvsSchema]) }),
    });
    keepsPromises(ran);
    if (ran.status !== 0)
      assert.ok(told(ran).length > 0 || ran.out !== '', `status ${ran.status} without a line`);
    if (!socket?.damaged) return;
    if (isFatal(one)) assert.notEqual(ran.status, 0, `an incomplete answer passes: ${ran.out}`);
    if (one.damage.do === 'interrupted' && ran.status === 0) {
      assert.equal(ran.out, (await run(one.line)).out, 'a dump that was repeated differs');
    }
  },
);
