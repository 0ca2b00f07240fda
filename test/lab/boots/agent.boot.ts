/** The packaged units under systemd, each release of Debian in a guest that boots from a disk: `npm run lab:boots`. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  executable,
  file,
  hostCheckout,
  port,
  servers,
  setUpNetwork,
  startServers,
  vip,
} from './director.js';
import { BootedGuest } from './guest.js';
import { chosenReleases } from './root.js';

const service = `tcp://${vip}:${port}`;
/** Of direct routing, whose server has the address on lo. */
const directVip = '192.0.2.20';
/** Of a service that never has its quorum. */
const deadVip = '192.0.2.30';
const hanging = `tcp://${deadVip}:82`;
const document = '/etc/lvsadm.d/web.yaml';

const nat = (address: string, weight = 10) => ({ server: `${address}:${port}`, method: 'nat', weight });

interface Content {
  readonly weight?: number;
  readonly path?: boolean;
  readonly sync?: boolean;
}

/** A document with each kind of check that takes a privilege, a setting, and addresses to announce. */
const documentOf = ({ weight = 10, path = false, sync = false }: Content = {}): string =>
  JSON.stringify({
    settings: { conntrack: 1 },
    ...(sync && { sync: { master: { interface: 'front', id: 7 } } }),
    // An emulated machine takes seconds to start a program.
    defaults: { check: { every: '20s', timeout: '20s', rise: 1, fall: 2 }, health: { floor: '0%' } },
    services: [
      {
        service,
        check: { kind: 'tcp', every: '3s' },
        servers: servers.map((address) => nat(address, weight)),
      },
      { service: `udp://${vip}:53`, check: { kind: 'icmp' }, servers: [nat(servers[0])] },
      {
        service: `tcp://${vip}:81`,
        check: { kind: 'command', user: 'nobody', command: ['/usr/local/bin/is-nobody'] },
        servers: [nat(servers[0])],
      },
      {
        service: hanging,
        check: { kind: 'command', user: 'nobody', command: ['/usr/local/bin/hang'], timeout: '1s' },
        health: { floor: '100%' },
        servers: [nat(servers[0])],
      },
      ...(path
        ? [
            {
              service: `tcp://${directVip}:${port}`,
              check: { kind: 'tcp', through: 'path', leg: { address: '198.51.100.250/24' } },
              servers: [{ server: `${servers[0]}:${port}`, method: 'dr', weight: 10 }],
            },
          ]
        : []),
    ],
  });

const programs = [
  file('/usr/local/bin/is-nobody', '#!/bin/sh\n[ "$(id -un)" = nobody ]\n'),
  file('/usr/local/bin/hang', '#!/bin/sh\nsleep 4321 & sleep 4321\n'),
  'chmod 755 /usr/local/bin/*',
];

const units = ['lvsadm', 'lvsadm-agent', 'lvsadm-metrics'];

const agentOptions = file(
  '/etc/systemd/system/lvsadm-agent.service.d/options.conf',
  '[Service]\nExecStart=\nExecStart=/usr/sbin/lvsadm run -f /etc/lvsadm.d --announce lvs0\n',
);
const pathOptions = file(
  '/etc/systemd/system/lvsadm-agent.service.d/path-checks.conf',
  '[Service]\nCapabilityBoundingSet=CAP_SYS_ADMIN\nRestrictNamespaces=net\n',
);

for (const release of chosenReleases()) {
  describe(`the units on ${release}`, () => {
    let guest: BootedGuest;
    const output = (script: string): Promise<string> => guest.output(script);
    const property = async (unit: string, name: string): Promise<string> =>
      (await output(`systemctl show --value -p ${name} ${unit}`)).trim();
    const write = (content?: Content): Promise<string> => output(file(document, documentOf(content)));
    const checkOf = (of: string, reason: string): Promise<void> =>
      guest.until(`lvsadm health ${of} | grep -F '${reason}'`, 180);
    const table = async (): Promise<string> => (await output('ipvsadm -Sn')).split('\n').sort().join('\n');

    before(async () => {
      guest = await BootedGuest.boot(release);
      await setUpNetwork(guest);
      await output(
        [
          `cp ${executable} /usr/sbin/lvsadm`,
          `cp ${hostCheckout}/packaging/systemd/*.service /etc/systemd/system/`,
          'mkdir -p /etc/lvsadm.d /etc/systemd/system/lvsadm-agent.service.d',
          ...programs,
          agentOptions,
          'systemctl daemon-reload',
        ].join('\n'),
      );
      await write();
      await startServers(guest);
    });
    after(() => guest?.[Symbol.asyncDispose]());

    test('systemd reads them without complaint', async () => {
      const files = units.map((unit) => `/etc/systemd/system/${unit}.service`).join(' ');
      const { out, err } = await guest.run(`systemd-analyze verify --man=no ${files}`);
      assert.equal(out + err, '');
    });

    test('the agent is ready after the first complete application', async () => {
      await output('systemctl start lvsadm-agent');
      const saved = await table();
      for (const address of servers)
        assert.match(saved, new RegExp(`-a -t ${vip}:${port} -r ${address}:${port} -m -w 10`));
    });

    test('checks that take privileges run under its restrictions', async (t) => {
      await checkOf(service, 'connected');
      await checkOf(`udp://${vip}:53`, 'answered');
      await checkOf(`tcp://${vip}:81`, 'exit status 0');
      t.diagnostic(await output('lvsadm health'));
    });

    test('a program of another user is killed with its children', async () => {
      await checkOf(hanging, 'no end of');
      // The next run is not over yet, and has two.
      const running = Number(
        await output('cat /proc/[0-9]*/cmdline | tr "\\0" " " | grep -c "sleep 4321" || true'),
      );
      assert.ok(running <= 2, `${running} are left`);
    });

    test('settings are set, addresses announced', async () => {
      assert.equal(await output('cat /proc/sys/net/ipv4/vs/conntrack'), '1\n');
      await guest.until(`ip address show lvs0 | grep -F ${vip}/32`);
      assert.doesNotMatch(await output('ip address show lvs0'), new RegExp(deadVip));
      assert.match(await output('ip -d link show lvs0'), /alias lvsadm/);
    });

    test('the agent sees a hold that an operator makes', async () => {
      await output(`lvsadm drain ${service} ${servers[0]}:${port} --hold --reason disk --timeout 1s`);
      await guest.until(`ipvsadm -Ln | grep -F '${servers[0]}:${port}' | head -1 | grep -E 'Masq +0 '`);
      await checkOf(service, 'disk');
    });

    test('keepalived is seen, and refused', async () => {
      const rival = 'cp /bin/sleep /run/keepalived && (/run/keepalived 4321 >/dev/null 2>&1 &)';
      const { out } = await guest.run(
        `${rival}; systemctl stop lvsadm-agent; timeout 30 systemctl start lvsadm-agent
journalctl -u lvsadm-agent -n 20 --no-pager; kill $(grep -l keepalived /proc/[0-9]*/comm | cut -d/ -f3)`,
      );
      assert.match(out, /keepalived \(process \d+\) runs here/);
      await guest.until('systemctl is-active lvsadm-agent');
    });

    test('a restart changes no weight', async () => {
      const before = await table();
      await output('systemctl restart lvsadm-agent');
      assert.equal(await table(), before);
      await output('sleep 5');
      assert.equal(await table(), before);
    });

    test('systemd starts it again after kill -9, and when it hangs', async (t) => {
      const before = await table();
      for (const signal of ['KILL', 'STOP']) {
        const pid = await property('lvsadm-agent', 'MainPID');
        const began = Date.now();
        await output(`kill -${signal} ${pid}`);
        await guest.until(
          `[ "$(systemctl show --value -p MainPID lvsadm-agent)" != ${pid} ] && systemctl -q is-active lvsadm-agent`,
          240,
        );
        t.diagnostic(`${signal}: back after ${Math.round((Date.now() - began) / 1000)} s`);
        assert.equal(await table(), before, signal);
      }
      assert.match(await output('journalctl -u lvsadm-agent --no-pager'), /Watchdog timeout/);
    });

    test('a reload applies changed documents in the same process', async () => {
      const pid = await property('lvsadm-agent', 'MainPID');
      await write({ weight: 7 });
      await output('systemctl reload lvsadm-agent');
      await guest.until(`ipvsadm -Sn | grep -F -- '-r ${servers[1]}:${port} -m -w 7'`, 120);
      assert.equal(await property('lvsadm-agent', 'MainPID'), pid);
    });

    test('lvsadm.service is skipped while the agent runs', async () => {
      await output('systemctl start lvsadm');
      assert.equal(await property('lvsadm', 'ActiveState'), 'inactive');
      assert.equal(await property('lvsadm', 'Result'), 'exec-condition');
    });

    test('the metrics are served, with those of the agent', async () => {
      await output('systemctl start lvsadm-metrics');
      const get =
        'exec 3<>/dev/tcp/127.0.0.1/9700 && printf "GET /metrics HTTP/1.0\\r\\n\\r\\n" >&3 && cat <&3';
      // An agent that is busy answers a later scrape.
      await guest.until(`bash -c '${get}' >/run/metrics && grep -q '^lvs_health_up{' /run/metrics`);
      const text = await output('cat /run/metrics');
      assert.match(text, /^lvs_up 1$/m);
    });

    test('path checks run with the two lines of the documentation', async () => {
      const backend = `ip -n servers address add ${directVip}/32 dev lo`;
      const direct = `ip address add ${directVip}/32 dev front`;
      const serve = `systemd-run -q --unit=lab-direct ip netns exec servers /run/lab/host/usr/bin/node ${hostCheckout}/build/test/lab/boots/traffic.js serve ${port} ${directVip}`;
      await output([backend, direct, serve, pathOptions, 'systemctl daemon-reload'].join('\n'));
      await write({ path: true });
      await output('systemctl restart lvsadm-agent');
      await checkOf(`tcp://${directVip}:${port}`, 'connected');
    });

    test('states, holds and the table are there after a reboot, before the network', async () => {
      await write();
      await output('systemctl enable lvsadm lvsadm-agent');
      await guest.reboot();
      await guest.until('systemctl is-active lvsadm-agent', 240);
      const [applied, network] = [
        await property('lvsadm', 'ExecMainExitTimestampMonotonic'),
        await property('lab-network', 'ExecMainStartTimestampMonotonic'),
      ];
      assert.ok(Number(applied) > 0 && Number(applied) < Number(network), `${applied} ${network}`);
      assert.equal(await property('lvsadm', 'NRestarts'), '0');
      const saved = await table();
      assert.match(saved, new RegExp(`-r ${servers[0]}:${port} -m -w 0`));
      await checkOf(service, 'disk');
    });

    test('a stop leaves the table', async () => {
      const before = await table();
      await output('systemctl stop lvsadm-agent lvsadm');
      assert.equal(await table(), before);
    });

    test('what needs the network at boot is done when it is there', async () => {
      await output('systemctl disable lvsadm-agent');
      await write({ sync: true });
      await guest.reboot();
      await guest.until('systemctl is-active lvsadm', 240);
      assert.match(await output('ipvsadm -Ln --daemon'), /master sync daemon.*syncid=7/);
      assert.match(await table(), new RegExp(`-A -t ${vip}:${port}`));
      assert.ok(Number(await property('lvsadm', 'NRestarts')) >= 1);
    });

    test('their exposure, as systemd reckons', async (t) => {
      for (const unit of units) {
        const text = await output(`systemd-analyze security --no-pager ${unit} | tail -1`);
        t.diagnostic(text.trim());
        assert.ok(Number(/: (\d+\.\d)/.exec(text)?.[1]) <= 3.2, text);
      }
    });
  });
}
