/** The request for the servers of a service: IPVS_CMD_GET_DEST with the attributes that say which service is meant. */
import { Service } from './entries.ts';

const GET_DEST: u8 = 8;
const VERSION: u8 = 1;

const SERVICE: u16 = 1;
const FAMILY: u16 = 1;
const PROTOCOL: u16 = 2;
const ADDRESS: u16 = 3;
const PORT: u16 = 4;
const FWMARK: u16 = 5;
const NESTED: u16 = 0x8000;

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

const HEADER: usize = 4;

/** Writes it at `to`, at most 64 bytes. @returns how many */
export function question(to: usize, service: Service): usize {
  store<u32>(to, 0);
  store<u8>(to, GET_DEST);
  store<u8>(to, VERSION, 1);
  const start = to + 4;
  let at = start + HEADER;
  at = short(at, FAMILY, service.isIpv6 ? AF_INET6 : AF_INET);
  if (service.fwmark !== 0) at = word(at, FWMARK, service.fwmark);
  else {
    at = short(at, PROTOCOL, <u16>service.protocol);
    at = address(at, service);
    at = short(at, PORT, bswap(<u16>service.port));
  }
  header(start, NESTED | SERVICE, at - start - HEADER);
  return at - to;
}

function header(at: usize, type: u16, payload: usize): usize {
  store<u16>(at, <u16>(payload + HEADER));
  store<u16>(at, type, 2);
  return at + HEADER;
}

function short(at: usize, type: u16, value: u16): usize {
  store<u32>(header(at, type, 2), value);
  return at + HEADER + 4;
}

function word(at: usize, type: u16, value: u32): usize {
  store<u32>(header(at, type, 4), value);
  return at + HEADER + 4;
}

/** union nf_inet_addr: 16 bytes, of which IPv4 uses the first 4. */
function address(at: usize, service: Service): usize {
  const to = header(at, ADDRESS, 16);
  if (service.isIpv6) {
    store<u64>(to, bswap(service.high));
    store<u64>(to, bswap(service.low), 8);
  } else {
    store<u64>(to, bswap(<u32>service.low));
    store<u64>(to, 0, 8);
  }
  return to + 16;
}
