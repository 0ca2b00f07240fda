/**
 * The servers of IPv4 services out of /proc/net/ip_vs, where the kernel writes a whole table in the time that it takes to
 * answer for a few services by netlink: what it says there of a server are its method, weight and connections, in the
 * columns of the plain listing. Services of other kinds, and whatever is not written as expected, are not found here: for
 * them netlink is asked. A service is written in one piece, so that what is found of it is of one moment. What has no name
 * among the methods, such as `bypass`, which no option of ipvsadm's asks for, the kernel calls `Masq` here.
 */
import { Area } from './area.ts';
import { Endpoint, Server, Service, serverCount, servers, serviceAt, services } from './entries.ts';
import { find } from './order.ts';

/** The line below the one with the version, and the one below that. */
const HEADING =
  'Prot LocalAddress:Port Scheduler Flags\n  -> RemoteAddress:Port Forward Weight ActiveConn InActConn\n';

/** Widths in a line: what comes before an endpoint, the endpoint in hexadecimal, and the gap behind a server's. */
const PREFIX: usize = 5;
const ENDPOINT: usize = 13;
const GAP: usize = 6;
/** `Route   1      0          0         ` with the end of the line, or more where numbers are long. */
const COLUMNS: usize = 37;
const LONGEST: usize = 256;

/** `TCP  ` and `UDP  `: their first four letters. The kernel does not align SCTP's. */
const TCP: u32 = 0x20504354;
const UDP: u32 = 0x20504455;

const NEWLINE: u8 = 0x0a;
const BLANK: u8 = 0x20;
const COLON: u8 = 0x3a;

export const kernelsText: Area = new Area(64 * 1024);

/** Room behind the text: it is read in words. */
export const SLACK: usize = 8;

/** What the endpoint that was read last is. */
const wanted = changetype<Endpoint>(heap.alloc(offsetof<Endpoint>()));

/**
 * Finds the servers of the services, which `sorted` has in their order. False where the text does not begin as expected, or
 * has other services, or one of them twice: old kernels write those of all network namespaces (3.10 does), and somebody may
 * be changing the table. Then no service is known.
 */
export function readText(sorted: usize, count: u32): bool {
  const isRead = readServices(sorted, count);
  if (isRead) return true;
  for (let i: u32 = 0; i < count; i++) serviceAt(i).isKnown = false;
  return false;
}

function readServices(sorted: usize, count: u32): bool {
  const end = kernelsText.end;
  let at = lineEnd(kernelsText.start);
  if (!isHeading(at)) return false;
  at += HEADING.length;
  while (at < end) {
    let service = changetype<Service>(0);
    if (serviceKey(at)) {
      const index = find(sorted, count, wanted, services.start, offsetof<Service>());
      if (index === count) return false;
      service = serviceAt(index);
      if (service.isSeen) return false;
      service.isSeen = true;
    }
    const first = serverCount();
    let isClear = true;
    at = lineEnd(at);
    while (at < end && load<u8>(at) === BLANK) {
      const next = lineEnd(at);
      if (isClear && changetype<usize>(service) !== 0) isClear = addServer(at, next);
      at = next;
    }
    if (changetype<usize>(service) === 0) continue;
    service.isKnown = isClear;
    service.first = first;
    service.count = serverCount() - first;
  }
  return true;
}

function isHeading(at: usize): bool {
  if (kernelsText.end - at < <usize>HEADING.length) return false;
  for (let i = 0; i < HEADING.length; i++) if (load<u8>(at + i) !== <u8>HEADING.charCodeAt(i)) return false;
  return true;
}

/** `TCP  C0000201:0050 wlc`: leaves in `wanted` which service it is. False for services of other kinds. */
function serviceKey(at: usize): bool {
  const protocol = has(at, PREFIX) ? load<u32>(at) : 0;
  wanted.rank = protocol === UDP ? 1 : 0;
  return (
    (protocol === TCP || protocol === UDP) && load<u8>(at, 4) === BLANK && readEndpoint(at + PREFIX, wanted)
  );
}

/** `  -> C6336407:0050      Route   1      0          0`; false where it is not as expected. */
function addServer(at: usize, end: usize): bool {
  const start = at + PREFIX + ENDPOINT + GAP;
  if (end < start + COLUMNS || end > start + LONGEST || load<u8>(end - 1) !== NEWLINE) return false;
  if (load<u8>(start - 1) !== BLANK || load<u8>(start) === BLANK) return false;
  const place = servers.room(offsetof<Server>());
  memory.fill(place, 0, offsetof<Server>());
  const server = changetype<Server>(place);
  if (!readEndpoint(at + PREFIX, server)) return false;
  server.columns = <u32>(start - kernelsText.start);
  server.columnsLength = <u32>(end - start);
  servers.take(offsetof<Server>());
  return true;
}

/** `C0000201:0050`; false where it is none, as for IPv6. */
function readEndpoint(at: usize, to: Endpoint): bool {
  if (!has(at, ENDPOINT) || load<u8>(at, 8) !== COLON) return false;
  const first = hexadecimal(at);
  const second = hexadecimal(at + 4);
  const port = hexadecimal(at + 9);
  to.high = 0;
  to.low = (first << 16) | second;
  to.port = port;
  return (first | second | port) <= 0xffff;
}

/** Four digits in capitals; above 0xffff where one is none. */
function hexadecimal(at: usize): u32 {
  return (digit(at) << 12) | (digit(at + 1) << 8) | (digit(at + 2) << 4) | digit(at + 3);
}

function digit(at: usize): u32 {
  return load<u32>(digits + ((<usize>load<u8>(at)) << 2));
}

/** By their letters: what digits are worth, and what is none has all bits. */
const digits = heap.alloc(256 * 4);
memory.fill(digits, 0xff, 256 * 4);
for (let value: u32 = 0; value < 16; value++) {
  store<u32>(digits + ((value < 10 ? 0x30 + value : 0x37 + value) << 2), value);
}

function has(at: usize, bytes: usize): bool {
  return kernelsText.end - at >= bytes;
}

/** Where the line after the one at `at` starts: eight letters at a time, of which one may be the newline. */
function lineEnd(at: usize): usize {
  const end = kernelsText.end;
  while (at < end) {
    const others = load<u64>(at) ^ 0x0a0a0a0a0a0a0a0a;
    // The lowest byte that is 0 now has its highest bit here.
    const zeros = (others - 0x0101010101010101) & ~others & 0x8080808080808080;
    if (zeros !== 0) return min(at + <usize>(ctz(zeros) >> 3) + 1, end);
    at += 8;
  }
  return end;
}
