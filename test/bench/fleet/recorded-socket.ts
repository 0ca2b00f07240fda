/** The answers of a kernel, recorded once, and given again at no cost to the process that is measured. */
import type { Datagram, NetlinkSocket } from '../../../src/netlink/transport/socket.js';

/** The answers of one socket, in the order in which they came. */
export interface Recording {
  readonly port: number;
  readonly receiveBuffer: number;
  readonly largestSend: number;
  readonly answers: readonly Uint8Array[];
}

export class RecordingSocket implements NetlinkSocket {
  private readonly answers: Uint8Array[] = [];

  constructor(private readonly socket: NetlinkSocket) {}

  get port(): number {
    return this.socket.port;
  }

  get receiveBuffer(): number {
    return this.socket.receiveBuffer;
  }

  get largestSend(): number {
    return this.socket.largestSend;
  }

  get recording(): Recording {
    const { port, receiveBuffer, largestSend, answers } = this;
    return { port, receiveBuffer, largestSend, answers };
  }

  send(bytes: Uint8Array): Promise<void> | void {
    return this.socket.send(bytes);
  }

  async receive(timeout: number): Promise<Datagram> {
    const datagram = await this.socket.receive(timeout);
    this.answers.push(datagram.bytes.slice());
    return datagram;
  }

  close(): void {
    this.socket.close();
  }
}

/** For a process that sends the same requests as the one that was recorded. */
export class ReplayedSocket implements NetlinkSocket {
  readonly port: number;
  readonly receiveBuffer: number;
  readonly largestSend: number;
  private readonly answers: Iterator<Uint8Array>;

  constructor({ port, receiveBuffer, largestSend, answers }: Recording) {
    this.port = port;
    this.receiveBuffer = receiveBuffer;
    this.largestSend = largestSend;
    this.answers = answers.values();
  }

  send(): void {}

  receive(): Datagram {
    const { value, done } = this.answers.next();
    if (done) throw new Error('nothing more was recorded');
    return { bytes: value, sender: 0 };
  }

  close(): void {}
}
