/** The settings of one block, each taken by what carries it over; those that are left could not be carried over. */
import { type Remark, remarkOn, type Setting, type Values } from '../setting.js';
import type { Block } from './blocks.js';

/** A setting without a value is on. */
export const switchWords = {
  '': true,
  on: true,
  true: true,
  yes: true,
  off: false,
  false: false,
  no: false,
} as const;

/** Why settings cannot be carried over, wherever they stand. */
const reasons: Readonly<Record<string, string>> = {
  ha_suspend: 'checks also run while the virtual address is missing on this machine',
  omega: 'no programs run at the end; the table stays as it is',
  sorry_server_inhibit: 'the sorry server is added when it is needed, and removed afterwards',
  smtp_alert: 'lvsadm sends no mail',
  snmp_name: 'lvsadm has no SNMP',
  notify_up: 'programs run for a service (health.quorum.up), not for one server',
  notify_down: 'programs run for a service (health.quorum.down), not for one server',
  bind_if: 'a check has no interface; bind is an address',
  bind_port: 'checks come from any local port',
  fwmark: 'checks set no firewall mark',
  log_all_failures: 'each failure of a check is in its state',
  digest: 'no check compares digests; text is a text that the body must have',
  regex_no_match: 'no check fails for a text that is there',
  regex_options: 'a check looks for text, not for a regular expression',
  regex_stack: 'a check looks for text, not for a regular expression',
  regex_min_offset: 'text may be anywhere in the first 64 KiB of the body',
  regex_max_offset: 'text may be anywhere in the first 64 KiB of the body',
  misc_dynamic: 'the exit status is no weight; a program writes its weight in percent in its first line',
  min_reply_length: 'no check looks at the length of an answer',
  max_reply_length: 'no check looks at the length of an answer',
};

/** keepalived knows settings by several names. */
const synonyms: Readonly<Record<string, string>> = {
  lb_algo: 'lvs_sched',
  lb_kind: 'lvs_method',
  sorry_server_lb_kind: 'sorry_server_lvs_method',
  nb_get_retry: 'retry',
  nb_sock_retry: 'retry',
  ssl_get: 'SSL_GET',
};

const nameOf = ({ name }: Setting): string =>
  Object.hasOwn(synonyms, name) ? (synonyms[name] as string) : name;

export class Layer {
  private readonly left: Set<Block>;

  constructor(
    readonly block: Block,
    private readonly outer?: Layer,
  ) {
    this.left = new Set(block.settings);
  }

  /** The settings of this name, which are no longer left. */
  all(name: string): Block[] {
    const found = (this.block.settings ?? []).filter((setting) => nameOf(setting) === name);
    for (const setting of found) this.left.delete(setting);
    return found;
  }

  /** The last one of this name. */
  own(name: string): Block | undefined {
    return this.all(name).at(-1);
  }

  /** The same, or that of the nearest block around this one. */
  nearest(name: string): Block | undefined {
    const own = this.own(name);
    const outer = this.outer?.nearest(name);
    return own ?? outer;
  }

  /** Whether a setting without a value, or with a word for on, is there. */
  isOn(name: string, values: Values): boolean {
    return values.truth(this.nearest(name), switchWords) ?? false;
  }

  get remarks(): Remark[] {
    return [...this.left].map((setting) =>
      remarkOn(
        setting,
        Object.hasOwn(reasons, setting.name) ? (reasons[setting.name] as string) : 'unknown here',
      ),
    );
  }
}
