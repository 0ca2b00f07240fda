/** Certificates by openssl(1): an authority, and what it signs. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const openssl = (...words: string[]): void => void execFileSync('openssl', words, { stdio: 'pipe' });

export interface Certificate {
  readonly cert: string;
  readonly key: string;
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

  /** @param days of its life; a negative number: it has ended */
  sign(name: string, days = 2): Certificate {
    const path = (suffix: string): string => join(this.directory, `${name}.${suffix}`);
    const extensions = path('ext');
    writeFileSync(
      extensions,
      'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth,clientAuth\n',
    );
    openssl(
      'req',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-subj',
      `/CN=${name}`,
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
