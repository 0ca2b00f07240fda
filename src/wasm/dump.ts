/** Dumps: what is received is written to `room`, and taken by what says what it is. Every module exports these. */
import { Area } from './area.ts';
import { Service } from './entries.ts';
import { eachMessage } from './messages.ts';
import { putQuestion, QUESTION } from './question.ts';
import { addServer, addService, expectServersOf } from './replies.ts';

export const input: Area = new Area(64 * 1024);

/** Where to write so many bytes, or to read what was written there; good until the next call. */
export function room(bytes: i32): usize {
  input.clear();
  return input.take(bytes);
}

/** A datagram of the dump of all services. @returns MORE, COMPLETE or ODD */
export function takeServices(sequence: u32, port: u32, type: u32): i32 {
  return eachMessage(input.start, input.end, sequence, port, type, addService);
}

/** A datagram of the dump of the servers that were asked for last. @returns MORE, COMPLETE or ODD */
export function takeServers(sequence: u32, port: u32, type: u32): i32 {
  return eachMessage(input.start, input.end, sequence, port, type, addServer);
}

/** Leaves the payload of the request for a service's servers in `room`; what is taken next are these. @returns how many bytes */
export function ask(service: Service): i32 {
  expectServersOf(service);
  return <i32>putQuestion(room(QUESTION), service);
}
