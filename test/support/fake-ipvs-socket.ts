/** The socket of an IPVS that lives in memory: datagrams in, datagrams out, each as the kernel lays it out. */
import { TransportError } from '../../src/errors.js';
import type { Datagram, NetlinkSocket } from '../../src/netlink/transport/socket.js';
import { type FakeReply, Refused } from './fake-ipvs-rows.js';
import { ack, answer, type Delivery, dump, family, familyRow, NLM, type Play, reply } from './fake-kernel.js';
import { readAttributes, readMessages, unhex, type WireMessage } from './wire.js';

const CONTROLLER = 0x10;
const IPVS = 0x1f;
const EPERM = 1;
const ENOENT = 2;

let ports = 1000;

/** What answers the requests of a socket. */
export interface IpvsKernel {
  readonly present: boolean;
  readonly permitted: boolean;
  readonly messagesPerDatagram: number;
  /** @throws Refused */
  handle(command: number, dump: boolean, payload: Uint8Array): readonly FakeReply[];
}

export class FakeIpvsSocket implements NetlinkSocket {
  readonly port = ++ports;
  readonly receiveBuffer = 1 << 20;
  readonly largestSend = 1 << 18;
  private readonly answers: Delivery[] = [];
  private closed = false;

  constructor(private readonly ipvs: IpvsKernel) {}

  send(bytes: Uint8Array): void {
    if (this.closed) throw closed('send');
    for (const message of readMessages(bytes.slice())) this.answers.push(...this.answer(message)([message]));
  }

  receive(timeout: number): Datagram {
    if (this.closed) throw closed('receive');
    const next = this.answers.shift();
    if (next === undefined || next === 'silence') {
      throw new TransportError('deadline', 'receive', `no answer within ${timeout} ms`);
    }
    if (next instanceof TransportError) throw next;
    return next;
  }

  close(): void {
    this.closed = true;
  }

  private answer(message: WireMessage): Play {
    if (message.type === CONTROLLER) return this.lookUp(message);
    if (message.type !== IPVS || !this.ipvs.present) return answer(ENOENT);
    if (!this.ipvs.permitted) return answer(EPERM);
    const isDump = (message.flags & NLM.DUMP) === NLM.DUMP;
    try {
      const replies = this.ipvs.handle(message.payload[0] ?? 0, isDump, message.payload.slice(4));
      return isDump ? this.dump(replies) : single(message, replies);
    } catch (error) {
      if (error instanceof Refused) return answer(error.errno);
      throw error;
    }
  }

  private lookUp(message: WireMessage): Play {
    if ((message.flags & NLM.DUMP) === NLM.DUMP) {
      return dump(1, [
        familyRow(CONTROLLER, 'nlctrl'),
        ...(this.ipvs.present ? [familyRow(IPVS, 'IPVS')] : []),
      ]);
    }
    const [[, name] = []] = readAttributes(message.payload.slice(4));
    const asked = typeof name === 'string' ? new TextDecoder().decode(unhex(name)) : '';
    return asked === 'IPVS\0' && this.ipvs.present ? family(IPVS, 'IPVS') : answer(ENOENT);
  }

  private dump(replies: readonly FakeReply[]): Play {
    const [command = 0] = replies[0] ?? [];
    return dump(
      command,
      replies.map(([, attributes]) => attributes),
      { per: this.ipvs.messagesPerDatagram },
    );
  }
}

function single(message: WireMessage, replies: readonly FakeReply[]): Play {
  const plays = replies.map(([command, attributes]) => reply(command, attributes));
  if (message.flags & NLM.ACK) plays.push(ack());
  return (sent) => plays.flatMap((play) => play(sent));
}

const closed = (operation: string) => new TransportError('closed', operation, 'the socket is closed');
