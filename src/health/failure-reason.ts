/** Why a check failed, in one line: the errors of Node, OpenSSL and this program in words. */
import { errnoText, HostError } from '../errors.js';
import { printable } from '../foreign-text.js';
import { formatDuration } from '../model/option.js';
import { CheckFailure, localCodes, NotRun, Unanswered } from './checks/check.js';

/** By the code of an error, or by the beginning of one. */
const reasons: readonly (readonly [code: string, reason: string])[] = [
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'the server does not speak TLS'],
  ['ERR_SSL_', 'TLS handshake refused'],
  ['EPROTO', 'TLS handshake refused'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'the certificate is for another name'],
  ['CERT_HAS_EXPIRED', 'the certificate has ended'],
  ['CERT_NOT_YET_VALID', 'the certificate is not valid yet'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in the chain'],
  ['UNABLE_TO_', 'the certificate is of an unknown authority'],
  ['HPE_', 'malformed HTTP answer'],
  ['ERR_HTTP2_STREAM_', 'incomplete answer'],
  ['ERR_HTTP2_', 'the server does not speak HTTP/2'],
];

/** Whether this machine could not run the check, by the error, or by the one that caused it. */
export const isNotRun = (error: unknown): boolean =>
  error instanceof NotRun ||
  [error, (error as Error).cause].some((each) =>
    localCodes.includes((each as NodeJS.ErrnoException)?.code ?? ''),
  );

/**
 * @param timeout of the check, in milliseconds
 * @throws the error itself if it is a bug
 */
export function failureReason(error: unknown, timeout: number): string {
  if (error instanceof CheckFailure) return printable(error.reason);
  if (error instanceof Unanswered) return printable(`no ${error.missing} within ${formatDuration(timeout)}`);
  if (error instanceof HostError || error instanceof NotRun) return printable(error.message);
  const { code, errno, syscall } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string') throw error;
  if (code === 'ECONNRESET' && errno === undefined) return 'incomplete answer';
  // Bun has this code for every TCP connection that fails, whatever the kernel says.
  if (code === 'ECONNREFUSED' && syscall === 'connect' && process.versions['bun'] !== undefined)
    return 'connection refused or host unreachable';
  // Errors of HTTP/2 have numbers of their own.
  if (errno !== undefined && errno < 0 && /^E(?!RR_|PROTO$)/.test(code)) return errnoText(-errno);
  return reasons.find(([start]) => code.startsWith(start))?.[1] ?? printable(code);
}
