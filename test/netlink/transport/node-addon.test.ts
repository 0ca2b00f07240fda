/** The native part of the netlink package, wherever npm has put it. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { loadAddon } from '../../../src/netlink/transport/node-addon.js';

const project = resolve(import.meta.dirname, '../../../..');
const place = mkdtempSync(join(tmpdir(), 'lvsadm-addon-'));
after(() => rmSync(place, { recursive: true }));

/** A folder for a package of ours, with the netlink package where a test wants it. */
function installed(name: string, ours: string, netlink: string): string {
  const root = join(place, name, ours);
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'package.json'), '{}');
  for (const each of ['netlink', 'node-gyp-build']) {
    mkdirSync(join(place, name, netlink), { recursive: true });
    symlinkSync(join(project, 'node_modules', each), join(place, name, netlink, each));
  }
  return root;
}

const isAddon = (loaded: unknown) => assert.ok(Object.hasOwn(loaded as object, 'NativeNetlink'));

test('below our package, and beside it', () => {
  isAddon(loadAddon(installed('below', 'lvsadm', 'lvsadm/node_modules')));
  isAddon(loadAddon(installed('beside', 'node_modules/lvsadm', 'node_modules')));
});

test('anywhere else that Node looks', () => {
  isAddon(loadAddon(installed('above', 'some/where/lvsadm', 'node_modules')));
});

test('built on this machine, where the package brought none for it', () => {
  const root = installed('built', 'lvsadm', 'elsewhere');
  const netlink = join(root, 'node_modules/netlink');
  mkdirSync(join(netlink, 'build/Release'), { recursive: true });
  writeFileSync(join(netlink, 'package.json'), '{ "name": "netlink" }');
  symlinkSync(join(project, 'node_modules/node-gyp-build'), join(root, 'node_modules/node-gyp-build'));
  const prebuilt = `prebuilds/linux-${process.arch}/node.napi.node`;
  cpSync(join(project, 'node_modules/netlink', prebuilt), join(netlink, 'build/Release/netlink.node'));
  isAddon(loadAddon(root));
});

test('what is nowhere is an error that names it', () => {
  mkdirSync(join(place, 'nowhere'));
  assert.throws(() => loadAddon(join(place, 'nowhere')), /netlink/);
});
