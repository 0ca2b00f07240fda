// Values of subcommands that are refused before anything is done with them.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { main } from '../../src/cli/main.js';
import { Captured } from '../support/captured.js';
import { contextWith } from '../support/context.js';

async function refused(...words: string[]): Promise<string> {
  const err = new Captured();
  assert.equal(await main(words, contextWith({ out: new Captured(), err })), 2, words.join(' '));
  return err.text;
}

const vips: readonly [vip: string, fault: RegExp][] = [
  ['0.0.0.0', /unspecified/],
  ['::', /unspecified/],
  ['224.0.0.1', /multicast/],
  ['ff02::1', /multicast/],
  ['255.255.255.255', /broadcast/],
  ['127.0.0.1', /loopback/],
  ['::1', /loopback/],
  ['::ffff:1.2.3.4', /mapped into IPv6; write 1\.2\.3\.4/],
  ['2001:db8::1/32', /prefix can only be \/128/],
  ['192.0.2.1/128', /prefix can only be \/32/],
  ['192.0.2.1/24', /prefix can only be \/32/],
  ['192.0.2.1/32/32', /prefix can only be \/32/],
  ['192.0.2.1,224.0.0.1', /multicast/],
];

describe('a VIP is an address that one machine can have', () => {
  for (const [vip, fault] of vips) {
    test(`${vip} is refused`, async () => {
      assert.match(await refused('real-server', 'up', '--method', 'dr', '--vip', vip), fault);
      assert.match(await refused('director', 'up', '--interface', 'eth0', '--vip', vip), fault);
    });
  }
});

describe('the name of an interface', () => {
  for (const name of [
    '../etc',
    'a/b',
    'a b',
    'a\nb',
    '\t',
    '.',
    '..',
    'x'.repeat(16),
    'ü'.repeat(8),
    '\x1b[2J',
  ]) {
    test(`${JSON.stringify(name)} is refused before a path or a file is made of it`, async () => {
      const fault = /is not the name of a network interface, at most 15 bytes/;
      const print = ['up', '--vip', '192.0.2.1', '--print'];
      assert.match(await refused('director', ...print, '--interface', name), fault);
      assert.match(await refused('real-server', ...print, '--method', 'dr', '--device', name), fault);
    });
  }
});

describe('a name of Object.prototype is a word like any other', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    test(name, async () => {
      for (const words of [
        [name],
        ['help', name],
        ['list', `--${name}`],
        ['list', '--sort', name],
        ['list', '--filter', `${name}>1`],
        ['list', '-o', name],
        ['apply', '-f', 'x', '--only', `${name}://192.0.2.1:80`],
        ['-A', '-t', '192.0.2.1:80', '-b', name],
      ]) {
        assert.doesNotMatch(await refused(...words), /fault in lvsadm|TypeError/);
      }
    });
  }
});
