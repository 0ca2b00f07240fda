/** A name server on the loopback, which everybody in this mount namespace asks: it knows one name, and counts questions. */
import { execFileSync } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memory } from './in-memory.js';

/** Bytes of a DNS message's header, and what stands in that of an answer: RFC 1035, section 4.1.1. */
const HEADER = 12;
const ANSWERED = 0x8180;
/** A PTR record of the internet; its owner is the name in the question, to which the first two bytes point. */
const RECORD = Buffer.from('c00c000c00010000003c', 'hex');

const labelsOf = (name: string): Buffer =>
  Buffer.concat([
    ...name.split('.').map((label) => Buffer.from([label.length, ...Buffer.from(label)])),
    Buffer.of(0),
  ]);

export class NameServer {
  /** The names that were asked for, in the order of the questions. */
  readonly asked: string[] = [];
  private readonly directory = mkdtempSync(join(memory, 'names-'));

  private constructor(
    private readonly socket: Socket,
    private readonly name: string,
  ) {
    socket.on('message', (question, { port, address }) => socket.send(this.answer(question), port, address));
    const file = join(this.directory, 'resolv.conf');
    writeFileSync(file, 'nameserver 127.0.0.1\n');
    execFileSync('mount', ['--bind', file, '/etc/resolv.conf']);
  }

  /** @param name what every address is called */
  static async open(name: string): Promise<NameServer> {
    const socket = createSocket('udp4');
    socket.bind(53, '127.0.0.1');
    await once(socket, 'listening');
    return new NameServer(socket, name);
  }

  close(): void {
    execFileSync('umount', ['/etc/resolv.conf']);
    this.socket.close();
    rmSync(this.directory, { recursive: true });
  }

  private answer(question: Buffer): Buffer {
    const labels: string[] = [];
    let at = HEADER;
    for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
      labels.push(question.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
    this.asked.push(labels.join('.'));
    const head = Buffer.from(question.subarray(0, HEADER));
    head.writeUInt16BE(ANSWERED, 2);
    // One question, one answer, and nothing beside them.
    for (const [index, count] of [1, 1, 0, 0].entries()) head.writeUInt16BE(count, 4 + 2 * index);
    const name = labelsOf(this.name);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(name.length);
    // The name's end, the type and the class.
    return Buffer.concat([head, question.subarray(HEADER, at + 5), RECORD, length, name]);
  }
}
