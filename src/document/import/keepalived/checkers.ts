/** Checkers of keepalived as checks. Settings and defaults: keepalived.conf(5) of 2.2 and 2.4. */
import type { CheckKind } from '../../../model/check.js';
import { CheckDraft, commandWords, literalText } from '../check-draft.js';
import { type Remark, remarkOn, type Values } from '../setting.js';
import { Layer, switchWords } from './layer.js';

interface Checker {
  readonly kind: CheckKind;
  /** Failures after the first until the server is down. */
  readonly retry: number;
  /** Milliseconds until a check is repeated after a failure; undefined: `delay_loop`. */
  readonly retryDelay?: number;
  /** Settings of its own. */
  read?(checker: Layer, check: CheckDraft, values: Values): void;
}

const checkers: Readonly<Record<string, Checker>> = {
  TCP_CHECK: { kind: 'tcp', retry: 1, retryDelay: 1000 },
  HTTP_GET: { kind: 'http', retry: 1, retryDelay: 3000, read: readHttp },
  SSL_GET: { kind: 'https', retry: 1, retryDelay: 3000, read: readHttps },
  SMTP_CHECK: { kind: 'smtp', retry: 1, retryDelay: 1000, read: readSmtp },
  DNS_CHECK: { kind: 'dns', retry: 3, read: readDns },
  MISC_CHECK: { kind: 'command', retry: 0, retryDelay: 1000, read: readMisc },
  PING_CHECK: { kind: 'icmp', retry: 1, retryDelay: 1000 },
  UDP_CHECK: { kind: 'udp', retry: 1, retryDelay: 1000, read: readUdp },
};

/** Checkers without a counterpart, and why. */
const without: Readonly<Record<string, string>> = {
  BFD_CHECK: 'lvsadm has no BFD',
  FILE_CHECK: 'a file that keepalived tracks is a weight to add; kind file has a weight in percent',
};

/** Seconds in milliseconds: the defaults of all checkers. */
const DELAY_LOOP = 60_000;
const CONNECT_TIMEOUT = 5000;

/** The check of a server, and what became of its other checkers: keepalived wants all of them to succeed. */
export function checkOf(
  server: Layer,
  values: Values,
): {
  readonly check: CheckDraft | undefined;
  readonly isAlpha: boolean;
  readonly remarks: readonly Remark[];
} {
  const remarks: Remark[] = [];
  let check: CheckDraft | undefined;
  let isAlpha = false;
  for (const block of server.block.settings ?? []) {
    const { name } = block;
    const checker = Object.hasOwn(checkers, name) ? checkers[name] : undefined;
    if (checker === undefined && !Object.hasOwn(without, name)) continue;
    server.all(name);
    const layer = new Layer(block, server);
    if (checker === undefined) remarks.push(remarkOn(block, without[name] as string));
    else if (check !== undefined) remarks.push(remarkOn(block, 'a server has one check, the first one here'));
    else {
      check = read(layer, checker, values);
      isAlpha = layer.isOn('alpha', values);
      check.remarks.push(...layer.remarks);
    }
  }
  // Of a server without a checker these mean nothing.
  for (const name of [
    'delay_loop',
    'connect_timeout',
    'retry',
    'delay_before_retry',
    'warmup',
    'virtualhost',
    'alpha',
  ]) {
    server.nearest(name);
  }
  return { check, isAlpha, remarks };
}

function read(layer: Layer, { kind, retry, retryDelay, read: readOwn }: Checker, values: Values): CheckDraft {
  const check = new CheckDraft(kind);
  readOwn?.(layer, check, values);
  readTarget(layer, check, values);
  const loop = layer.nearest('delay_loop');
  const every = values.duration(loop) ?? DELAY_LOOP;
  check.setTime('every', every, loop);
  if (kind === 'command') {
    const limit = layer.own('misc_timeout');
    check.setTime('timeout', values.duration(limit) ?? every, limit ?? loop);
  } else {
    const limit = layer.nearest('connect_timeout');
    check.setTime('timeout', values.duration(limit) ?? CONNECT_TIMEOUT, limit);
  }
  check.set('rise', 1, undefined);
  const retries = layer.nearest('retry');
  const fall = 1 + (values.integer(retries, { min: 0, max: 0x7fff_ffff }) ?? retry);
  check.set('fall', fall, retries);
  const delay = layer.nearest('delay_before_retry');
  const fastEvery = values.duration(delay) ?? retryDelay ?? every;
  if (fall > 1 && fastEvery !== every) check.setTime('fastEvery', fastEvery, delay);
  // Checks start at random moments anyway.
  layer.nearest('warmup');
  return check;
}

function readTarget(layer: Layer, check: CheckDraft, values: Values): void {
  for (const [name, option] of [
    ['connect_ip', 'connectTo'],
    ['bindto', 'bind'],
  ] as const) {
    const setting = layer.own(name);
    if (setting !== undefined) check.set(option, values.address(setting), setting);
  }
  const port = layer.own('connect_port');
  check.set('port', values.integer(port, { min: 1, max: 65_535 }), port);
}

function readHttp(layer: Layer, check: CheckDraft, values: Values): void {
  const [first, ...others] = layer.all('url');
  for (const url of others)
    check.remarks.push(remarkOn(url, 'a check asks for one path, the first one here'));
  const url = new Layer(first ?? { name: 'url', words: [], place: layer.block.place }, layer);
  const path = url.own('path');
  check.set('path', path?.words[0], path);
  const host = url.nearest('virtualhost');
  check.set('host', host?.words[0], host);
  const status = url.own('status_code');
  if (status !== undefined) check.set('expect', statuses(status.words), status);
  const regex = url.own('regex');
  if (regex !== undefined) {
    const text = url.block.settings?.some(({ name }) => name.startsWith('regex_'))
      ? undefined
      : literalText(regex.words.join(' '));
    if (text !== undefined && text !== '') check.set('text', text, regex);
    else check.remarks.push(remarkOn(regex, 'a check looks for text, not for a regular expression'));
  }
  const protocol = layer.own('http_protocol');
  if (protocol !== undefined && protocol.words[0] !== '1.1') {
    check.remarks.push(remarkOn(protocol, 'requests are of HTTP/1.1'));
  }
  // With one path there is nothing to hurry.
  layer.own('fast_recovery');
  url.own('tls_compliant');
  check.remarks.push(...url.remarks);
  const name = layer.own('sni_name');
  const isNamed = values.truth(layer.own('enable_sni'), switchWords) ?? false;
  const sni = name?.words[0] ?? (isNamed ? host?.words[0] : undefined);
  if (sni !== undefined) check.set('tls', { name: sni }, name ?? host);
}

function readHttps(layer: Layer, check: CheckDraft, values: Values): void {
  readHttp(layer, check, values);
  layer.own('tls_compliant');
}

/** One code as a number, others as a list: `200`, `[200-299, 401]`. */
const statuses = (words: readonly string[]) => (words.length === 1 ? words[0] : [...words]);

function readSmtp(layer: Layer, check: CheckDraft, values: Values): void {
  const helo = layer.own('helo_name');
  check.set('helo', helo?.words[0], helo);
  const [first, ...others] = layer.all('host');
  for (const host of others)
    check.remarks.push(remarkOn(host, 'a check connects to one address, the first one here'));
  if (first === undefined) return;
  const host = new Layer(first);
  readTarget(host, check, values);
  check.remarks.push(...host.remarks);
}

function readDns(layer: Layer, check: CheckDraft): void {
  const name = layer.own('name');
  check.set('name', name?.words[0], name);
  const type = layer.own('type');
  check.set('type', type?.words[0]?.toUpperCase(), type);
}

/** A program that documents do not accept is a problem: they have no such check without one. */
function readMisc(layer: Layer, check: CheckDraft, values: Values): void {
  const path = layer.own('misc_path');
  const command = path && (path.words.length > 1 ? [...path.words] : commandWords(path.words[0] ?? ''));
  check.set('command', command, path);
  if (!check.has('command')) {
    values.problem(
      (path ?? layer.block).place,
      'misc_path: missing; it should be the absolute path of a program',
    );
  }
  const user = layer.own('user');
  check.set('user', user?.words[0], user);
  if (user !== undefined && user.words.length > 1) {
    check.remarks.push(remarkOn(user, 'a program has the group of its user'));
  }
  if (user === undefined && path !== undefined) {
    check.remarks.push(
      remarkOn(path, 'without user it runs as the user of lvsadm, not as keepalived_script'),
    );
  }
}

function readUdp(layer: Layer, check: CheckDraft): void {
  const payload = layer.own('payload');
  const reply = layer.own('require_reply');
  const send = payload && hexadecimal(payload.words);
  const expect = reply && hexadecimal(reply.words);
  if (payload !== undefined && send === undefined) {
    check.remarks.push(remarkOn(payload, 'not bytes in hexadecimal'));
  }
  if (reply !== undefined && expect === undefined) {
    check.remarks.push(remarkOn(reply, 'an answer must have all of some bytes; it cannot be any answer'));
  }
  check.set('send', send, payload);
  check.set('expect', expect, reply);
  if (check.has('send') || check.has('expect')) check.set('encoding', 'hex', undefined);
}

/** Digits in groups; a digit that is left over in its group is a byte by itself. */
function hexadecimal(words: readonly string[]): string | undefined {
  const groups = words.flatMap((word) => word.split(/\s+/)).filter((group) => group !== '');
  if (groups.length === 0 || !groups.every((group) => /^[0-9a-f]+$/i.test(group))) return undefined;
  return groups
    .map((group) => group.replace(/([0-9a-f]{2})|([0-9a-f])$/gi, (_, pair, digit) => pair ?? `0${digit}`))
    .join('');
}
