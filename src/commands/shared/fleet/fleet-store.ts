/** The store of a fleet, as command lines and the environment name it. */
import type { Context } from '../../../context.js';
import { HostError, UsageError } from '../../../errors.js';
import { DirectoryStore } from '../../../fleet/directory-store.js';
import type { Login } from '../../../fleet/etcd/client.js';
import { EtcdStore } from '../../../fleet/etcd/etcd-store.js';
import type { TlsFiles } from '../../../fleet/etcd/gateway.js';
import type { FleetStore } from '../../../fleet/store.js';
import { parseStoreAddress } from '../../../fleet/store-url.js';
import { codeOf } from '../../../system/files/files.js';
import type { Options, Values } from '../../command.js';

export const storeOptions = {
  store: {
    type: 'store',
    describe: 'store of the fleet; etcds is etcd with TLS',
    defaultText: 'LVSADM_STORE',
  },
  'store-ca': {
    type: 'path',
    describe: 'etcds: certificates of the authorities that the store is to have its certificate from',
    defaultText: 'those of the system',
  },
  'store-cert': { type: 'path', describe: 'etcds: certificate of this client', defaultText: 'none' },
  'store-key': { type: 'path', describe: 'etcds: key of that certificate', defaultText: 'none' },
  'store-plain': { type: 'flag', describe: 'etcd: send a password over the network unencrypted' },
} as const satisfies Options;

export type StoreValues = Values<typeof storeOptions>;

/** The address of the store. @throws UsageError if none is named; ValueError */
export function storeAddress({ store }: Pick<StoreValues, 'store'>, { env }: Pick<Context, 'env'>): string {
  const text = store ?? env['LVSADM_STORE'];
  if (text) {
    parseStoreAddress(text);
    return text;
  }
  throw new UsageError('missing: --store or LVSADM_STORE names the store of the fleet', '--store');
}

/** Opens the store; files with certificates and the password are read now. @throws UsageError, ValueError, HostError */
export function openFleetStore(values: StoreValues, context: Context): FleetStore {
  const { env, files } = context;
  const name = storeAddress(values, context);
  const address = parseStoreAddress(name);
  const given = [values.storeCa, values.storeCert, values.storeKey].some((each) => each !== undefined);
  if (address.kind === 'directory' || !address.isTls) {
    if (given) throw new UsageError('certificates are for stores at etcds://', '--store');
    if (address.kind === 'directory') return new DirectoryStore(name, address.path, { files });
  }
  const { endpoints, prefix, isTls } = address;
  const login = loginOf(env, context);
  const isOpen = !isTls && !values.storePlain && !endpoints.every(({ host }) => isLoopback(host));
  if (login !== undefined && isOpen)
    throw new UsageError(
      'a password would be sent unencrypted: use etcds://, or --store-plain if the network is trusted',
      '--store',
    );
  return new EtcdStore(name, prefix, { endpoints, tls: isTls ? tlsOf(values, context) : undefined, login });
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || /^127\./.test(host);

function tlsOf({ storeCa, storeCert, storeKey }: StoreValues, context: Context): TlsFiles {
  if ((storeCert === undefined) !== (storeKey === undefined))
    throw new UsageError(
      'a certificate and its key go together',
      storeCert === undefined ? '--store-key' : '--store-cert',
    );
  const text = (path: string | undefined) => (path === undefined ? undefined : readText(path, context));
  return { ca: text(storeCa), cert: text(storeCert), key: text(storeKey) };
}

/** A user of the store; the password is the first line of a file. */
function loginOf(env: Context['env'], context: Context): Login | undefined {
  const user = env['LVSADM_STORE_USER'];
  const file = env['LVSADM_STORE_PASSWORD_FILE'];
  if (!user && !file) return undefined;
  if (!user || !file) throw new UsageError('LVSADM_STORE_USER and LVSADM_STORE_PASSWORD_FILE go together');
  return { user, password: readText(file, context).split('\n')[0] ?? '' };
}

function readText(path: string, { files }: Context): string {
  const { O_RDONLY } = files.constants;
  try {
    const descriptor = files.openSync(path, O_RDONLY);
    try {
      return files.readFileSync(descriptor, 'utf8');
    } finally {
      files.closeSync(descriptor);
    }
  } catch (error) {
    throw new HostError(`read ${path}`, codeOf(error) ?? 'it cannot be read', { cause: error });
  }
}
