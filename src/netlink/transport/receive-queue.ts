/** Queue between asynchronous socket events (datagrams and failures) and receive(). */

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
  /** Datagrams and failures that arrived before receive(), in order. */
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

  /** The first in the queue; undefined if it is empty. @throws TransportError for a failure */
  take(): Datagram | undefined {
    const first = this.arrived.shift();
    if (first instanceof TransportError) throw first;
    return first;
  }

  /** The next to arrive, if the queue is empty. Only one may wait at a time. */
  wait(timeout: number): Promise<Datagram> {
    return new Promise((resolve, reject) => {
      const deadline = monotonic() + timeout;
      this.waiter = { deadline, timeout, resolve, reject };
      if (deadline < this.alarmAt) this.setAlarm(deadline, timeout);
    });
  }

  /** Adds the last one: nothing else will arrive. */
  close(error: TransportError): void {
    clearTimeout(this.alarm);
    this.put(error);
  }

  /**
   * One timer for all waits. Most answers have arrived when it fires. To set and clear a timer for each datagram would take a good
   * part of the time of a dump of ten servers.
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
