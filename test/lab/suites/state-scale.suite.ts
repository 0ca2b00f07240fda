/** A table of 10,000 services through `lvsadm apply`: what goes over the wire, and how long it takes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Director } from '../../support/director.js';
import { openSocket } from '../../support/socket.js';

test('10,000 services: nothing to change sends nothing, one changed server is one message', async (context) => {
  const director = await Director.start(context, openSocket);
  const document = (weight: number) =>
    JSON.stringify({
      services: Array.from({ length: 10_000 }, (_, index) => index + 1).map((mark) => ({
        service: `fwmark://${mark}`,
        servers: [{ server: '198.51.100.1:80', method: 'nat', weight: mark === 7777 ? weight : 1 }],
      })),
    });
  const file = await director.file('many.json', document(1));
  const timed = async (what: string): Promise<string> => {
    const began = performance.now();
    const { status, out, err } = await director.run(['apply', '-f', file]);
    assert.equal(status, 0, err);
    context.diagnostic(`${what}: ${Math.round(performance.now() - began)} ms`);
    return out;
  };
  assert.match(await timed('10,000 services and servers added'), /^20000 done$/m);
  assert.equal(director.changesSent, 20_000);
  director.changesSent = 0;
  assert.equal(await timed('nothing to change'), 'nothing to change\n');
  assert.equal(director.changesSent, 0);
  await director.file('many.json', document(9));
  assert.equal(
    await timed('one server changed'),
    'changed  fwmark://7777 198.51.100.1:80  weight 1 -> 9\n1 done\n',
  );
  assert.equal(director.changesSent, 1);
});
