/** Checks of ldirectord. Settings: the manual page ldirectord(8); defaults: what the program does without them. */
import type { CheckKind } from '../../../model/check.js';
import { isNot } from '../../invalid-value.js';
import { CheckDraft, commandWords, literalText } from '../check-draft.js';
import { type Remark, remarkOn, type Setting, type Values } from '../setting.js';
import { type Section, unquoted, valueText } from './sections.js';
import { Times } from './times.js';

/** Services by the ports that they usually have. */
const services: Readonly<Record<string, number>> = {
  ftp: 21,
  smtp: 25,
  dns: 53,
  http: 80,
  pop: 110,
  nntp: 119,
  imap: 143,
  ldap: 389,
  https: 443,
  submission: 587,
  imaps: 993,
  pops: 995,
  oracle: 1521,
  radius: 1812,
  http_proxy: 3128,
  mysql: 3306,
  sip: 5060,
  pgsql: 5432,
};

/** What a negotiation is replaced by, where no kind of check speaks the protocol. */
const replacements: Readonly<Record<string, CheckKind>> = { imaps: 'tls', pops: 'tls' };

const types = ['connect', 'negotiate', 'ping', 'external', 'external-perl', 'off', 'on'] as const;
type CheckType = (typeof types)[number];

/** A server that is checked. */
export interface CheckedServer {
  readonly host: string;
  /** Undefined: that of the service. */
  readonly port: string | undefined;
  /** Of this server alone. */
  readonly request?: string | undefined;
  readonly receive?: string | undefined;
  readonly setting: Setting;
}

export interface ServiceFacts {
  readonly host: string;
  /** Undefined for a firewall mark. */
  readonly port: string | undefined;
  readonly isUdp: boolean;
}

/** How the servers of one service are checked. */
export class Checker {
  readonly remarks: Remark[] = [];
  readonly type: CheckType;
  private readonly typeSetting: Setting | undefined;
  private readonly service: string;
  private readonly times: Times;

  constructor(
    private readonly section: Section,
    global: Section,
    private readonly facts: ServiceFacts,
    private readonly values: Values,
  ) {
    this.typeSetting = section.own('checktype');
    this.type = this.typeOf(valueText(this.typeSetting) || 'negotiate');
    this.service = this.serviceOf(section.own('service'));
    this.noteSecrets();
    this.times = new Times(section, global, values);
    this.remarks.push(...this.times.remarks);
  }

  /** The check of a server; undefined if it has none. */
  check(server: CheckedServer): CheckDraft | undefined {
    const kind = this.kind;
    if (kind === undefined) return undefined;
    const check = new CheckDraft(kind);
    if (kind === 'command') this.setCommand(check, server);
    else if (this.type === 'negotiate') this.setNegotiation(check, server);
    if (kind !== 'command' && kind !== 'icmp') this.setPort(check, server);
    this.times.set(check, this.type);
    return check;
  }

  private typeOf(word: string): CheckType {
    if (/^\d{1,9}$/.test(word) && this.typeSetting !== undefined) {
      this.remarks.push(remarkOn(this.typeSetting, 'every check negotiates; none of them connects only'));
      return 'negotiate';
    }
    const type = types.find((each) => each === word);
    if (type === undefined && this.typeSetting !== undefined) {
      this.values.problem(
        this.typeSetting.place,
        `checktype: ${isNot(word, `one of ${types.join(', ')}, or a number`)}`,
      );
    }
    return type ?? 'negotiate';
  }

  private serviceOf(setting: Setting | undefined): string {
    const word = valueText(setting);
    if (setting === undefined) {
      const { port } = this.facts;
      if (port === 'domain') return 'dns';
      return Object.entries(services).find((pair) => pair.map(String).includes(port ?? ''))?.[0] ?? 'none';
    }
    const known = [...Object.keys(services), 'simpletcp', 'none'];
    if (!known.includes(word)) {
      this.values.problem(setting.place, `service: ${isNot(word, `one of ${known.join(', ')}`)}`);
    }
    return word;
  }

  /** Values of these are never shown. */
  private noteSecrets(): void {
    for (const name of ['login', 'passwd', 'secret', 'database', 'load']) {
      for (const setting of this.section.all(name)) {
        this.remarks.push(remarkOn(setting, 'no check logs in; the value is left out'));
      }
    }
  }

  private get kind(): CheckKind | undefined {
    switch (this.type) {
      case 'on':
      case 'off':
        return undefined;
      case 'ping':
        return 'icmp';
      case 'external':
      case 'external-perl':
        return 'command';
      case 'connect':
        return this.facts.isUdp ? 'icmp' : 'tcp';
      default:
        return this.negotiationKind;
    }
  }

  private get negotiationKind(): CheckKind | undefined {
    const { service } = this;
    if (service === 'none') return undefined;
    if (service === 'http' || service === 'https' || service === 'dns' || service === 'smtp') return service;
    if (service === 'submission') return 'smtp';
    if (service === 'simpletcp') return 'tcp';
    return this.facts.isUdp ? 'icmp' : (replacements[service] ?? 'tcp');
  }

  /** What of the negotiation no check does, once for a service. */
  get replacement(): Remark[] {
    const { service, negotiationKind: kind } = this;
    const isKept = ['http', 'https', 'dns', 'smtp', 'submission', 'simpletcp', 'none'].includes(service);
    if (this.type !== 'negotiate' || isKept) return [];
    const setting = this.section.own('service') ?? this.section.declaration;
    return setting
      ? [remarkOn({ ...setting, name: 'service' }, `no check speaks ${service}; kind ${kind} stands for it`)]
      : [];
  }

  private setNegotiation(check: CheckDraft, server: CheckedServer): void {
    const setting = this.section.own('request');
    const request = server.request ?? unquoted(setting);
    const at = server.request === undefined ? setting : server.setting;
    const received = this.section.own('receive');
    const receive = server.receive ?? unquoted(received);
    const pattern = server.receive === undefined ? received : server.setting;
    switch (this.service) {
      case 'http':
      case 'https':
        this.setHttp(check, request, at);
        this.setText(check, 'text', receive, pattern);
        break;
      case 'dns':
        if (request !== '') check.set('name', request, at);
        check.set('type', 'A', undefined);
        if (receive !== '') check.set('answer', receive, pattern);
        break;
      case 'simpletcp':
        if (request !== '') check.set('send', request.replaceAll('\\n', '\n'), at);
        this.setText(check, 'expect', receive, pattern);
        break;
      default:
        for (const unused of [setting, received]) {
          if (unused !== undefined)
            check.remarks.push(remarkOn(unused, `the check of kind ${check.kind} has none`));
        }
    }
  }

  /** A request with a scheme has the address and the port to check, too. */
  private setHttp(check: CheckDraft, request: string, setting: Setting | undefined): void {
    const [, host, port, path = '/'] =
      /^https?:\/\/([^/:]{1,253})(?::(\d{1,5}))?(\/.*)?$/.exec(request) ?? [];
    if (host === undefined) {
      if (request !== '') check.set('path', request.startsWith('/') ? request : `/${request}`, setting);
    } else {
      check.set('path', path, setting);
      if (/^\d+\.\d+\.\d+\.\d+$/.test(host)) check.set('connectTo', host, setting);
      else if (setting !== undefined)
        check.remarks.push(remarkOn(setting, 'its host is looked up by no check'));
      if (port !== undefined) check.set('port', Number(port), setting);
    }
    const virtual = this.section.own('virtualhost');
    if (unquoted(virtual) !== '') check.set('host', unquoted(virtual), virtual);
    const method = this.section.own('httpmethod');
    if (method !== undefined) check.set('method', valueText(method).toUpperCase(), method);
  }

  private setText(check: CheckDraft, option: string, pattern: string, setting: Setting | undefined): void {
    if (pattern === '') return;
    const text = literalText(pattern);
    if (text !== undefined) check.set(option, text, setting);
    else if (setting !== undefined) {
      check.remarks.push(remarkOn(setting, 'a check looks for text, not for a regular expression'));
    }
  }

  /** The program gets the addresses and ports of the service and of the server. */
  private setCommand(check: CheckDraft, server: CheckedServer): void {
    const setting = this.section.own('checkcommand');
    const command = commandWords(setting === undefined ? '/bin/true' : unquoted(setting));
    const { host, port = '0' } = this.facts;
    const words = command && [...command, host, port, server.host, server.port ?? port];
    check.set('command', words, setting);
    if (check.has('command')) return;
    const { place } = setting ?? server.setting;
    this.values.problem(place, 'checkcommand: it should be the absolute path of a program');
  }

  private setPort(check: CheckDraft, { port }: CheckedServer): void {
    const setting = this.section.own('checkport');
    const range = { min: 1, max: 65_535 };
    if (setting !== undefined) check.set('port', this.values.integer(setting, range), setting);
    else if (port === undefined && this.facts.port === undefined && !check.has('port')) {
      check.set('port', services[this.service], undefined);
    }
  }
}
