/** Addresses of stores: `etcd://192.0.2.7:2379,192.0.2.8:2379/lvs/eu1/`, `etcds://...` with TLS, `file:///shared/lvs`. */
import { ValueError } from '../errors.js';

export type StoreAddress =
  | {
      readonly kind: 'etcd';
      readonly endpoints: readonly { readonly host: string; readonly port: number }[];
      /** With a slash at both ends. */
      readonly prefix: string;
      readonly isTls: boolean;
    }
  | { readonly kind: 'directory'; readonly path: string };

/** etcd's port for clients (IANA: etcd-client). */
const ETCD_PORT = 2379;

const NOTATION =
  'the address of a store: etcd://HOST:PORT,.../PREFIX/, etcds://HOST:PORT,.../PREFIX/ or file:///DIRECTORY';

/** @throws ValueError, which does not quote what may be a password */
export function parseStoreAddress(text: string): StoreAddress {
  const [, scheme, rest = ''] = /^(etcds?|file):\/\/(.*)$/s.exec(text) ?? [];
  if (scheme === undefined) throw new ValueError('--store', withoutLogin(text), NOTATION);
  if (scheme === 'file') {
    if (!rest.startsWith('/') || rest.length < 2) throw new ValueError('--store', text, NOTATION);
    return { kind: 'directory', path: rest.replace(/\/+$/, '') };
  }
  const [, authority = '', path] = /^([^/]*)(\/.*)?$/s.exec(rest) ?? [];
  if (authority.includes('@')) {
    const where =
      'an address without user and password, which everybody sees in the list of processes: LVSADM_STORE_USER and LVSADM_STORE_PASSWORD_FILE have them';
    throw new ValueError('--store', withoutLogin(text), where);
  }
  if (path === undefined || !/^(?:\/[A-Za-z0-9._-]+)+\/$/.test(path))
    throw new ValueError(
      '--store',
      text,
      `an address with a prefix that begins and ends with a slash, such as ${scheme}://${authority || 'HOST:PORT'}/lvs/eu1/`,
    );
  const endpoints = authority.split(',').map((word) => endpoint(word, text));
  return { kind: 'etcd', endpoints, prefix: path, isTls: scheme === 'etcds' };
}

function endpoint(word: string, text: string): { host: string; port: number } {
  const [, inBrackets, plain, digits] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?$/.exec(word) ?? [];
  const host = inBrackets ?? plain;
  const port = digits === undefined ? ETCD_PORT : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) throw new ValueError('--store', text, NOTATION);
  return { host, port };
}

/** What comes before an at sign may be a password. */
const withoutLogin = (text: string): string => text.replace(/^([a-z]*:\/\/)?.*@/s, '$1...@');
