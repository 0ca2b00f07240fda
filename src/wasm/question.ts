/** The request for the servers of a service: IPVS_CMD_GET_DEST with the attributes that say which service is meant. */
import {
  AF_INET,
  AF_INET6,
  SERVICE,
  SVC_ADDRESS,
  SVC_FAMILY,
  SVC_FWMARK,
  SVC_PORT,
  SVC_PROTOCOL,
} from './codes.ts';
import { Service } from './entries.ts';

const GET_DEST: u8 = 8;
const VERSION: u8 = 1;

const NESTED: u32 = 0x8000;

const HEADER: usize = 4;

/** Bytes that it takes at most. */
export const QUESTION: i32 = 64;

/** Writes it at `to`. @returns how many bytes it takes */
export function putQuestion(to: usize, service: Service): usize {
  store<u32>(to, 0);
  store<u8>(to, GET_DEST);
  store<u8>(to, VERSION, 1);
  const start = to + 4;
  let at = start + HEADER;
  at = short(at, SVC_FAMILY, service.isIpv6 ? AF_INET6 : AF_INET);
  if (service.fwmark !== 0) at = word(at, SVC_FWMARK, service.fwmark);
  else {
    at = short(at, SVC_PROTOCOL, service.protocol);
    at = address(at, service);
    at = short(at, SVC_PORT, bswap(<u16>service.port));
  }
  header(start, NESTED | SERVICE, at - start - HEADER);
  return at - to;
}

function header(at: usize, type: u32, payload: usize): usize {
  store<u16>(at, <u16>(payload + HEADER));
  store<u16>(at, <u16>type, 2);
  return at + HEADER;
}

function short(at: usize, type: u32, value: u32): usize {
  store<u32>(header(at, type, 2), value);
  return at + HEADER + 4;
}

function word(at: usize, type: u32, value: u32): usize {
  store<u32>(header(at, type, 4), value);
  return at + HEADER + 4;
}

/** union nf_inet_addr: 16 bytes, of which IPv4 uses the first 4. */
function address(at: usize, service: Service): usize {
  const to = header(at, SVC_ADDRESS, 16);
  if (service.isIpv6) {
    store<u64>(to, bswap(service.high));
    store<u64>(to, bswap(service.low), 8);
  } else {
    store<u64>(to, bswap(<u32>service.low));
    store<u64>(to, 0, 8);
  }
  return to + 16;
}
