/** `lvsadm version`. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Director } from '../support/director.js';

test('version shows the program, its runtime, and the kernel with its IPVS', async (context) => {
  const director = await Director.start(context);
  director.contents.set('/proc/net/ip_vs', 'IP Virtual Server version 1.2.1 (size=4096)\nProt\n');
  const { status, out } = await director.run(['version']);
  assert.equal(status, 0);
  assert.match(out, /^lvsadm {5}0\.0\.0-development$/m);
  assert.match(out, new RegExp(`^runtime {4}node ${process.versions.node}$`, 'm'));
  assert.match(out, /^IPVS {7}1\.2\.1$/m);

  const facts = JSON.parse((await director.run(['version', '--json'])).out);
  assert.equal(facts.kernel, readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim());
  assert.deepEqual(facts.runtime, { name: 'node', version: process.versions.node });
  assert.equal(facts.commit, null);
  assert.equal(facts.ipvs, '1.2.1');
});

test('version does not load the module of the kernel', async (context) => {
  const director = await Director.start(context);
  const { status, out } = await director.run(['version']);
  assert.equal(status, 0);
  assert.match(out, /^IPVS {7}not loaded$/m);
});
