import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  parseHosts,
  parseServices,
  type Resolver,
  resolveNames,
  SystemNames,
} from '../../src/system/network/names.js';

describe('/etc/services', () => {
  const services = parseServices(`
# comment
http\t\t80/tcp\t\twww\t# WorldWideWeb HTTP
http 80/udp
late 80/tcp
domain 53/udp # no TCP here
bad line
worse 70000/tcp
odd\u001bname 90/tcp
`);

  it('gives ports to names and aliases, by protocol', () => {
    assert.equal(services.port('http', 'tcp'), 80);
    assert.equal(services.port('www', 'tcp'), 80);
    assert.equal(services.port('www', 'udp'), undefined);
    assert.equal(services.port('domain', 'tcp'), undefined);
    assert.equal(services.port('HTTP', 'tcp'), undefined);
  });

  it('gives the first name to a port', () => {
    assert.equal(services.name(80, 'tcp'), 'http');
    assert.equal(services.name(53, 'udp'), 'domain');
    assert.equal(services.name(53, 'sctp'), undefined);
  });

  it('passes over what is no service', () => {
    assert.equal(services.port('worse', 'tcp'), undefined);
    assert.equal(services.name(90, 'tcp'), undefined);
  });
});

describe('/etc/hosts', () => {
  it('gives an address the first name of its first line', () => {
    const names = parseHosts(
      '127.0.0.1 localhost here\n127.0.0.1 late\n2001:DB8:0::1 six # comment\n#10.0.0.1 no\nfe80::1%lo zone\nnonsense\n192.0.2.1\n192.0.2.2 b\u0007d\n',
    );
    assert.deepEqual(
      [...names],
      [
        ['127.0.0.1', 'localhost'],
        ['2001:db8::1', 'six'],
      ],
    );
  });
});

describe('the names of many addresses', () => {
  it('are asked for once each, all at the same time, and not waited for longer than the limit', async () => {
    const asked: string[] = [];
    let cancelled = false;
    const resolver: Resolver = {
      addresses: async () => [],
      name(address) {
        asked.push(address);
        if (address === '192.0.2.3') return new Promise(() => {});
        return Promise.resolve(address === '192.0.2.2' ? undefined : 'one.example.com');
      },
      cancel() {
        cancelled = true;
      },
    };
    const names = await resolveNames(new Set(['192.0.2.1', '192.0.2.2', '192.0.2.3']), resolver, 20);
    assert.deepEqual([...names], [['192.0.2.1', 'one.example.com']]);
    assert.deepEqual(asked, ['192.0.2.1', '192.0.2.2', '192.0.2.3']);
    assert.ok(cancelled, 'what still runs must not keep the process alive');
  });
});

describe('the names of one run', () => {
  const machine = (files: Record<string, string>) => {
    const asked: string[] = [];
    const resolver: Resolver = {
      async addresses(name) {
        asked.push(name);
        return ['192.0.2.1'];
      },
      async name(address) {
        asked.push(address);
        return 'resolved.example.com';
      },
      cancel: () => {},
    };
    async function* readFile(path: string) {
      asked.push(path);
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      yield Buffer.from(text);
    }
    return { asked, names: new SystemNames({ readFile }, async () => resolver) };
  };

  it('asks for each host and each file once', async () => {
    const { asked, names } = machine({ '/etc/services': 'http 80/tcp' });
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(await names.addresses('one'), ['192.0.2.1']);
      assert.equal((await names.ports()).port('http', 'tcp'), 80);
    }
    assert.deepEqual(asked, ['one', '/etc/services']);
  });

  it('takes the name of an address from /etc/hosts, and asks the resolver for the others', async () => {
    const { asked, names } = machine({ '/etc/hosts': '192.0.2.1 one\n' });
    const found = await names.names(['192.0.2.1', '192.0.2.2', '192.0.2.2'], 1000);
    assert.deepEqual(
      [...found],
      [
        ['192.0.2.1', 'one'],
        ['192.0.2.2', 'resolved.example.com'],
      ],
    );
    assert.deepEqual(asked, ['/etc/hosts', '192.0.2.2']);
  });

  it('knows no port where /etc/services is missing', async () => {
    assert.equal((await machine({}).names.ports()).port('http', 'tcp'), undefined);
  });
});
