// A server by the method bypass, which no option of ipvsadm sets.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainTunnel } from '../../../src/model/destination.js';
import { world } from '../../support/run.js';

async function withBypass() {
  const made = world();
  await made.run(['-R'], '-A -f 7 -s rr\n-a -f 7 -r 198.51.100.2:0 -g -w 1\n');
  made.ipvs.carryOut({
    do: 'addDestination',
    of: { fwmark: 7, family: 'inet' },
    destination: {
      id: { address: '198.51.100.1', port: 0 },
      method: 'bypass',
      weight: 1,
      upperThreshold: 0,
      lowerThreshold: 0,
      tunnel: plainTunnel,
    },
  });
  return made;
}

for (const words of [['-S', '-n'], ['-S']]) {
  test(`${words.join(' ')} saves it with -g, and says so`, async () => {
    const { run } = await withBypass();
    const { status, stdout, stderr } = await run(words);
    assert.equal(status, 0);
    assert.equal(
      stdout,
      '-A -f 7 -s rr\n-a -f 7 -r 198.51.100.1:0 -g -w 1\n-a -f 7 -r 198.51.100.2:0 -g -w 1\n',
    );
    assert.match(stderr, /^1 server of the method bypass saved with -g, .*lvsadm export keeps it\n$/);
  });
}

test('a listing names it', async () => {
  const { run } = await withBypass();
  for (const words of [['-Ln'], ['-L'], ['-Ln', '--tun-info']]) {
    const { stdout, stderr } = await run(words);
    assert.match(stdout, /198\.51\.100\.1:0 +Bypass /, words.join(' '));
    assert.equal(stderr, '');
  }
});
