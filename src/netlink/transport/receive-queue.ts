/** Where a socket puts what it hears of in its own time, datagrams and failures, and whoever receives waits for it. */

import { TransportError } from '../../errors.js';
import { type Datagram, monotonic } from './socket.js';

interface Waiter {
  /** On the clock of `monotonic`. */
  readonly deadline: number;
  readonly timeout: number;
  resolve(datagram: Datagram): void;
  reject(error: TransportError): void;
}

export class ReceiveQueue {
  /** What arrived before anybody asked, in order. */
  private readonly arrived: (Datagram | TransportError)[] = [];
  private waiter: Waiter | undefined;
  private alarm: NodeJS.Timeout | undefined;
  /** When the alarm goes off, on the clock of `monotonic`. */
  private alarmAt = Number.POSITIVE_INFINITY;

  put(item: Datagram | TransportError): void {
    const { waiter } = this;
    this.waiter = undefined;
    if (waiter === undefined) this.arrived.push(item);
    else if (item instanceof TransportError) waiter.reject(item);
    else waiter.resolve(item);
  }

  /** What came first; undefined where nothing is there. @throws TransportError if that is what came */
  take(): Datagram | undefined {
    const first = this.arrived.shift();
    if (first instanceof TransportError) throw first;
    return first;
  }

  /** What comes next, where nothing is there: one may wait at a time. */
  wait(timeout: number): Promise<Datagram> {
    return new Promise((resolve, reject) => {
      const deadline = monotonic() + timeout;
      this.waiter = { deadline, timeout, resolve, reject };
      if (deadline < this.alarmAt) this.setAlarm(deadline, timeout);
    });
  }

  /** The last that comes: nobody has to wait any more. */
  close(error: TransportError): void {
    clearTimeout(this.alarm);
    this.put(error);
  }

  /**
   * One timer for all that is waited for, which mostly finds that the answer is long there: to set one for each datagram,
   * and stop it, is a good part of what a dump of ten servers costs.
   */
  private setAlarm(at: number, inMilliseconds: number): void {
    clearTimeout(this.alarm);
    this.alarmAt = at;
    this.alarm = setTimeout(() => this.ring(), inMilliseconds);
    // The socket keeps the process alive, as long as it is open.
    this.alarm.unref();
  }

  private ring(): void {
    this.alarmAt = Number.POSITIVE_INFINITY;
    const { waiter } = this;
    if (waiter === undefined) return;
    const left = waiter.deadline - monotonic();
    if (left > 0) this.setAlarm(waiter.deadline, Math.ceil(left));
    else {
      this.waiter = undefined;
      const detail = `no answer from the kernel within ${waiter.timeout} ms`;
      waiter.reject(new TransportError('deadline', 'receive', detail));
    }
  }
}
