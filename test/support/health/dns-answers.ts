/** Answers of a DNS server, in the bytes of RFC 1035: by the type and by the name that a query asks for. */

const name = (...labels: string[]): Buffer =>
  Buffer.concat([
    ...labels.map((label) => Buffer.from(`${String.fromCharCode(label.length)}${label}`)),
    Buffer.of(0),
  ]);

/** A pointer to the name of the question, after the header. */
const QUESTION = Buffer.of(0xc0, 12);

const numbers = (...values: number[]): Buffer => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, 4 * index);
  return bytes;
};

/** Type and data of a record, and its text. */
const records: Readonly<Record<string, readonly [type: number, data: Buffer, text: string]>> = {
  A: [1, Buffer.of(192, 0, 2, 7), '192.0.2.7'],
  AAAA: [28, Buffer.from('20010db8000000000000000000000007', 'hex'), '2001:db8::7'],
  CNAME: [5, name('www', 'example'), 'www.example'],
  NS: [2, Buffer.concat([Buffer.from('\x02ns'), QUESTION]), 'ns.a.example'],
  PTR: [12, QUESTION, 'a.example'],
  MX: [15, Buffer.concat([Buffer.of(0, 10), name('mx', 'example')]), '10 mx.example'],
  SRV: [
    33,
    Buffer.concat([Buffer.of(0, 1, 0, 2, 0x13, 0xc4), name('sip', 'example')]),
    '1 2 5060 sip.example',
  ],
  SOA: [
    6,
    Buffer.concat([QUESTION, name('root', 'example'), numbers(2026, 3600, 600, 86_400, 4_294_967_295)]),
    'a.example root.example 2026 3600 600 86400 4294967295',
  ],
  TXT: [16, Buffer.from('\x05v=1; \x05ready'), 'v=1; ready'],
};

export const texts: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(records).map(([type, [, , text]]) => [type, text]),
);

interface Answering {
  readonly truncated?: boolean;
  /** Bytes that are cut off. */
  readonly cut?: number;
}

/** The name in `rcodeN.example` chooses the response code; others have a CNAME that is skipped, and one record of the type. */
export function answer(query: Buffer, { truncated = false, cut = 0 }: Answering = {}): Buffer {
  const header = Buffer.from(query.subarray(0, 12));
  const [, rcode = '0'] = /rcode(\d)/.exec(String(query)) ?? [];
  header.writeUInt16BE(0x8180 | (truncated ? 0x0200 : 0) | Number(rcode), 2);
  const type = query.readUInt16BE(query.length - 4);
  const found = Object.values(records).filter(([number]) => number === type && rcode === '0');
  const alias = type === 5 || found.length === 0 ? [] : [record(5, name('b', 'example'))];
  const answers = truncated ? [] : [...alias, ...found.map(([number, data]) => record(number, data))];
  header.writeUInt16BE(answers.length, 6);
  const message = Buffer.concat([header, query.subarray(12), ...answers]);
  return message.subarray(0, message.length - cut);
}

function record(type: number, data: Buffer): Buffer {
  const fields = Buffer.alloc(10);
  fields.writeUInt16BE(type, 0);
  fields.writeUInt16BE(1, 2);
  fields.writeUInt16BE(data.length, 8);
  return Buffer.concat([QUESTION, fields, data]);
}
