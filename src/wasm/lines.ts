/** The lines of `-Ln` and of `-Sn`: src/ipvsadm/format.ts and src/ipvsadm/rules.ts say the same of every way to list. */
import {
  CSUM,
  GRE,
  GUE,
  MASQ,
  NAME,
  ONE_PACKET,
  PERSISTENT,
  REMCSUM,
  SCHED1,
  SCHED2,
  SCHED3,
  TCP,
  TUNNEL,
  UDP,
} from './codes.ts';
import { Server, Service } from './entries.ts';
import {
  asBytes,
  begin,
  column,
  copy,
  end,
  endpoint,
  endWith,
  ipv4,
  letter,
  letters,
  name,
  number,
  pad,
  take,
  text,
} from './output.ts';

/** Width of the column with names. */
const NAMES: usize = 33;

/** `TCP  192.0.2.1:80 sh (sh-port) persistent 60 mask 255.255.255.0 pe sip ops` */
export function serviceLine(service: Service): void {
  begin();
  if (service.fwmark !== 0) {
    text('FWM  ');
    number(service.fwmark);
    if (service.isIpv6) text(' IPv6');
  } else {
    text(service.protocol === TCP ? 'TCP  ' : service.protocol === UDP ? 'UDP  ' : 'SCTP ');
    endpoint(service, service.isIpv6);
  }
  letter(0x20);
  scheduler(service);
  if ((service.flags & (SCHED1 | SCHED2 | SCHED3)) !== 0) {
    text(' (');
    schedulerFlags(service);
    letter(0x29);
  }
  persistence(service, ' persistent ', ' mask ', ' pe ');
  if ((service.flags & ONE_PACKET) !== 0) text(' ops');
  end();
}

/** `-A -t 192.0.2.1:80 -s sh -p 60 -M 255.255.255.0 --pe sip -o -b sh-port` */
function serviceRule(service: Service): void {
  begin();
  text('-A ');
  serviceWords(service);
  text(' -s ');
  scheduler(service);
  persistence(service, ' -p ', ' -M ', ' --pe ');
  if ((service.flags & ONE_PACKET) !== 0) text(' -o');
  if ((service.flags & (SCHED1 | SCHED2 | SCHED3)) !== 0) {
    text(' -b ');
    schedulerFlags(service);
  }
  end();
}

function serviceWords(service: Service): void {
  if (service.fwmark !== 0) {
    text('-f ');
    number(service.fwmark);
    if (service.isIpv6) text(' -6');
    return;
  }
  text(service.protocol === TCP ? '-t ' : service.protocol === UDP ? '-u ' : '--sctp-service ');
  endpoint(service, service.isIpv6);
}

function persistence(service: Service, before: string, beforeMask: string, beforeEngine: string): void {
  if ((service.flags & PERSISTENT) === 0) return;
  text(before);
  number(service.timeout);
  if (service.netmask !== (service.isIpv6 ? <u32>128 : <u32>0xffffffff)) {
    text(beforeMask);
    if (service.isIpv6) number(service.netmask);
    else ipv4(service.netmask);
  }
  const engine = changetype<usize>(service) + offsetof<Service>('engine0');
  if (load<u8>(engine) === 0) return;
  text(beforeEngine);
  name(engine, NAME);
}

function scheduler(service: Service): void {
  name(changetype<usize>(service) + offsetof<Service>('scheduler0'), NAME);
}

/** `sh-fallback,sh-port`: flags have a name of their own where the scheduler gives them one. */
function schedulerFlags(service: Service): void {
  const first = load<u32>(changetype<usize>(service), offsetof<Service>('scheduler0'));
  const isSh = first === 0x6873;
  const isMh = first === 0x686d;
  let isBehind = false;
  if ((service.flags & SCHED1) !== 0) {
    text(isSh ? 'sh-fallback' : isMh ? 'mh-fallback' : 'flag-1');
    isBehind = true;
  }
  if ((service.flags & SCHED2) !== 0) {
    if (isBehind) letter(0x2c);
    text(isSh ? 'sh-port' : isMh ? 'mh-port' : 'flag-2');
    isBehind = true;
  }
  if ((service.flags & SCHED3) !== 0) {
    if (isBehind) letter(0x2c);
    text('flag-3');
  }
}

/** `  -> 198.51.100.7:80              Masq    1      0          0         ` */
export function serverLine(server: Server): void {
  serverName(server);
  letter(0x20);
  letters(load<u64>(methods + ((<usize>server.method) << 3)), 8);
  cell(server.weight, 6);
  letter(0x20);
  cell(server.activeConnections, 10);
  letter(0x20);
  cell(server.inactiveConnections, 10);
  end();
}

/** The same of a server out of the kernel's text, where the columns and the line's end stand as they are to be shown. */
export function serverLineOf(server: Server, kernelsText: usize): void {
  serverName(server);
  letter(0x20);
  endWith(kernelsText + server.columns, server.columnsLength);
}

/** By their codes: what is written of them, eight letters each. */
const methods = asBytes('Masq    Local   Tunnel  Route   Bypass  ');

function serverName(server: Server): void {
  begin();
  // `  -> `
  letters(0x203e2d2020, 5);
  endpoint(server, server.isIpv6);
  pad(NAMES);
}

/** A number, left-aligned. */
function cell(value: u32, width: usize): void {
  const from = column();
  number(value);
  pad(from + width);
}

/** What the rules of a service's servers begin with, and how long it is: `-a -t 192.0.2.1:80 -r `. */
const prefix = heap.alloc(512);
let prefixLength: usize = 0;

/** The rule of a service; what is written next are those of its servers. */
export function rulesOf(service: Service): void {
  serviceRule(service);
  begin();
  text('-a ');
  serviceWords(service);
  text(' -r ');
  prefixLength = take(prefix);
}

/** `-a -t 192.0.2.1:80 -r 198.51.100.7:80 -m -w 1` */
export function serverRule(server: Server): void {
  begin();
  copy(prefix, prefixLength);
  endpoint(server, server.isIpv6);
  // ` -g -w `
  letters(
    server.method === MASQ
      ? 0x20772d206d2d20
      : server.method === TUNNEL
        ? 0x20772d20692d20
        : 0x20772d20672d20,
    7,
  );
  number(server.weight);
  // ipvsadm leaves the thresholds out and so loses them at every restore.
  if (server.upperThreshold !== 0) {
    text(' -x ');
    number(server.upperThreshold);
  }
  if (server.lowerThreshold !== 0) {
    text(' -y ');
    number(server.lowerThreshold);
  }
  if (server.method === TUNNEL) tunnel(server);
  end();
}

function tunnel(server: Server): void {
  text(' --tun-type ');
  if (server.tunnelType === GUE) {
    text('gue --tun-port ');
    number(server.tunnelPort);
  } else text(server.tunnelType === GRE ? 'gre' : 'ipip');
  if (server.tunnelType !== GUE && server.tunnelType !== GRE) return;
  text(
    server.tunnelFlags === CSUM
      ? ' --tun-csum'
      : server.tunnelFlags === REMCSUM
        ? ' --tun-remcsum'
        : ' --tun-nocsum',
  );
}
