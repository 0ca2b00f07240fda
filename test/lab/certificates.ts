/** Certificates by openssl(1): an authority, and what it signs. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const openssl = (...words: string[]): void => void execFileSync('openssl', words, { stdio: 'pipe' });

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Of its life (default: 2); a negative number: it has ended. */
  readonly days?: number;
  /** Of a server (default: 127.0.0.1). */
  readonly addresses?: readonly string[];
  readonly subject?: string;
}

/** Files in a directory. */
export class Authority {
  readonly cert: string;
  private readonly key: string;

  constructor(
    private readonly directory: string,
    name: string,
  ) {
    this.cert = join(directory, `${name}.pem`);
    this.key = join(directory, `${name}.key`);
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
      '-keyout',
      this.key,
      '-out',
      this.cert,
    );
  }

  /** @param name of its files, and its common name unless it has another subject */
  sign(
    name: string,
    { days = 2, addresses = ['127.0.0.1'], subject = `/CN=${name}` }: CertificateOptions = {},
  ): Certificate {
    const path = (suffix: string): string => join(this.directory, `${name}.${suffix}`);
    const extensions = path('ext');
    writeFileSync(
      extensions,
      `subjectAltName=${addresses.map((address) => `IP:${address},`).join('')}DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n`,
    );
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      subject,
      '-keyout',
      path('key'),
      '-out',
      path('csr'),
    );
    openssl(
      'x509',
      '-req',
      '-in',
      path('csr'),
      '-CA',
      this.cert,
      '-CAkey',
      this.key,
      '-CAcreateserial',
      '-days',
      String(days),
      '-extfile',
      extensions,
      '-out',
      path('pem'),
    );
    return { cert: path('pem'), key: path('key') };
  }
}
