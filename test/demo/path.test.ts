import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Ip, Packet } from '../support/net/packet.js';
import { ladder } from './ladder.js';
import { openingOf, workBetween } from './path.js';

const hosts: Record<string, string> = { c: 'client', r: 'router', d: 'director', s: 'alpha' };
const hostOf = (mac: string) => hosts[mac];
const ip = (source: string, destination: string): Ip => ({ layer: 'ipv4', source, destination });

function frame(macs: string, ips: Ip[], ports: [number, number], ack = false): Packet {
  const [source = '', destination = ''] = macs;
  return [
    { layer: 'ethernet', source, destination },
    ...ips,
    {
      layer: 'tcp',
      sourcePort: ports[0],
      destinationPort: ports[1],
      flags: { syn: true, ack, fin: false, rst: false },
      length: 0,
    },
  ];
}

const request = [ip('198.51.100.9', '192.0.2.1')];
const answer = [ip('192.0.2.1', '198.51.100.9')];

test('direct routing: to the director, to the server, and past the director back', () => {
  const frames = [
    frame('sr', answer, [80, 4000], true),
    frame('ds', request, [4000, 80]),
    frame('ds', request, [4000, 80]),
    frame('rd', request, [4000, 80]),
    frame('cr', request, [4000, 80]),
    frame('rc', answer, [80, 4000], true),
    frame('cr', request, [4001, 80]),
  ];
  const hops = openingOf(frames, 4000, 'client', hostOf);
  assert.deepEqual(
    hops.map(({ from, to }) => `${from} ${to}`),
    ['client director', 'director alpha', 'alpha client'],
  );
});

test('the director’s changes are found by comparing packets', () => {
  const arrived = frame('rd', request, [4000, 80]);
  const nat = [ip('198.51.100.9', '10.0.0.11')];
  assert.equal(workBetween(arrived, frame('ds', nat, [4000, 8080])), 'destination');
  assert.equal(workBetween(arrived, frame('ds', request, [4000, 8080])), 'destination');
  assert.equal(workBetween(frame('sd', nat, [4000, 80]), frame('dr', answer, [4000, 80])), 'other');
  assert.equal(workBetween(arrived, frame('ds', request, [4000, 80])), 'mac');
  const outer = ip('192.0.2.2', '203.0.113.13');
  assert.equal(workBetween(arrived, frame('dr', [outer, ...request], [4000, 80])), 'tunnel');
  assert.equal(workBetween(arrived, frame('dr', [outer, ...answer], [4000, 80])), 'other');
});

test('a ladder: arrows between neighbours, and past those in between', () => {
  const picture = ladder(
    ['client', 'director', 'alpha'],
    [
      { from: 'client', to: 'director', lines: ['a', 'b'] },
      { from: 'alpha', to: 'client', lines: ['c'] },
    ],
  );
  assert.equal(
    picture,
    [
      '  client      director      alpha',
      '    ├───────────▶│            │  a',
      '    │            │            │  b',
      '    │◀────────────────────────┤  c',
      '',
    ].join('\n'),
  );
});
