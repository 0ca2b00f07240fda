/** Messages of the DNS (RFC 1035, section 4): a query, and the answers of one type as text. */
import { formatAddress } from '../../model/address.js';
import type { CheckOf } from '../../model/check.js';

type RecordType = CheckOf<'dns'>['type'];
type ResponseCode = CheckOf<'dns'>['rcode'];

/** RFC 1035, section 3.2.2; RFC 3596; RFC 2782. */
const types: Readonly<Record<RecordType, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
};

/** RFC 1035, section 4.1.1. */
const responseCodes: Readonly<Record<ResponseCode, number>> = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
};

const HEADER = 12;
const INTERNET = 1;
const RECURSION_DESIRED = 0x0100;
const RESPONSE = 0x8000;
const TRUNCATED = 0x0200;

/** A query with recursion desired. @param id 0 to 65535 */
export function encodeQuery(id: number, name: string, type: RecordType): Buffer {
  const header = Buffer.alloc(HEADER);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(RECURSION_DESIRED, 2);
  header.writeUInt16BE(1, 4);
  const labels = name.split('.').filter((label) => label !== '');
  const end = Buffer.alloc(5);
  end.writeUInt16BE(types[type], 1);
  end.writeUInt16BE(INTERNET, 3);
  return Buffer.concat([
    header,
    ...labels.map((label) => Buffer.from([label.length, ...Buffer.from(label, 'latin1')])),
    end,
  ]);
}

/** Whether a message is a response to the query: it has its id, and repeats its question whatever the case of letters. */
export function answersQuery(message: Buffer, query: Buffer): boolean {
  if (message.length < HEADER || message.readUInt16BE(0) !== query.readUInt16BE(0)) return false;
  if ((message.readUInt16BE(2) & RESPONSE) === 0) return false;
  // Some servers leave the question out of a refusal.
  if (message.readUInt16BE(4) === 0) return true;
  const question = (bytes: Buffer): string => bytes.toString('latin1', HEADER, query.length).toLowerCase();
  return question(message) === question(query);
}

export interface DnsResponse {
  /** `NXDOMAIN`, or `code 9` for one that has no name here. */
  readonly code: string;
  readonly truncated: boolean;
  /** The records of the type that was asked for, as text. */
  readonly answers: readonly string[];
}

/** @throws RangeError if the message is not whole */
export function decodeResponse(message: Buffer, type: RecordType): DnsResponse {
  const flags = message.readUInt16BE(2);
  const code = flags & 0x000f;
  const [name = `code ${code}`] = Object.entries(responseCodes).find(([, value]) => value === code) ?? [];
  const truncated = (flags & TRUNCATED) !== 0;
  return { code: name, truncated, answers: truncated ? [] : answersIn(message, type) };
}

function answersIn(message: Buffer, type: RecordType): string[] {
  const answers: string[] = [];
  let at = HEADER;
  for (let left = message.readUInt16BE(4); left > 0; left--) at = endOfName(message, at) + 4;
  for (let left = message.readUInt16BE(6); left > 0; left--) {
    const end = endOfName(message, at);
    const start = end + 10;
    at = start + message.readUInt16BE(end + 8);
    if (at > message.length) throw new RangeError('a record beyond the end of the message');
    if (message.readUInt16BE(end) === types[type]) answers.push(readers[type](message, start, at));
  }
  return answers;
}

/** The text of a record's data, which lies from `start` to `end`. */
type Reader = (message: Buffer, start: number, end: number) => string;

const address: Reader = (message, start, end) => formatAddress(message.subarray(start, end));
const name: Reader = readName;

const readers: Readonly<Record<RecordType, Reader>> = {
  A: address,
  AAAA: address,
  CNAME: name,
  NS: name,
  PTR: name,
  MX: (message, start) => `${message.readUInt16BE(start)} ${name(message, start + 2, 0)}`,
  SRV: (message, start) =>
    `${[0, 2, 4].map((offset) => message.readUInt16BE(start + offset)).join(' ')} ${name(message, start + 6, 0)}`,
  SOA: (message, start) => {
    const mailbox = endOfName(message, start);
    const fields = endOfName(message, mailbox);
    const numbers = [0, 4, 8, 12, 16].map((offset) => message.readUInt32BE(fields + offset));
    return [readName(message, start), readName(message, mailbox), ...numbers].join(' ');
  },
  TXT: (message, start, end) => {
    let text = '';
    for (let at = start; at < end; at += 1 + message.readUInt8(at))
      text += message.toString('utf8', at + 1, Math.min(at + 1 + message.readUInt8(at), end));
    return text;
  },
};

/** Of a name, the lengths of its labels included (RFC 1035, section 2.3.4). */
const LONGEST_NAME = 255;
const LONGEST_LABEL = 63;
const POINTER = 0xc0;

/** Pointers that are followed in one name. */
const POINTERS = 64;

/**
 * A name without its last dot, `.` for the root (RFC 1035, section 4.1.4). A pointer leads backwards; with that and the longest name a
 * message that lies costs no more than one that does not.
 */
function readName(message: Buffer, start: number): string {
  const labels: string[] = [];
  let size = 1;
  let pointers = 0;
  for (let at = start; ; ) {
    const length = message.readUInt8(at);
    if (length === 0) return labels.join('.') || '.';
    if (length >= POINTER) {
      if (pointers++ === POINTERS) throw new RangeError('a name of too many pieces');
      at = pointerAt(message, at);
    } else {
      size += 1 + length;
      if (length > LONGEST_LABEL || size > LONGEST_NAME) throw new RangeError('a name that is too long');
      labels.push(message.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
}

/** The offset after a name: after its first pointer, which is its end. */
function endOfName(message: Buffer, start: number): number {
  for (let at = start; ; ) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= POINTER) {
      pointerAt(message, at);
      return at + 2;
    }
    at += 1 + length;
  }
}

/** @throws RangeError unless it leads backwards */
function pointerAt(message: Buffer, at: number): number {
  const target = message.readUInt16BE(at) & 0x3fff;
  if (target >= at) throw new RangeError('a name with a loop');
  return target;
}
