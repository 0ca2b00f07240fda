// Is the lab what the other suites take it for? A known kernel, IPVS in it, and a network of one's own.
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { release } from 'node:os';
import { basename } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';

const run = (program: string, ...args: string[]): string => execFileSync(program, args, { encoding: 'utf8' });

test('the kernel is the one that the lab promised', () => {
  assert.equal(release(), process.env['LAB_RELEASE']);
});

test('the network is fresh: a loopback interface that is up, and nothing of IPVS', () => {
  const links: { ifname: string; flags: string[] }[] = JSON.parse(run('ip', '-json', 'link', 'show', 'up'));
  assert.deepEqual(
    links.map((link) => link.ifname),
    ['lo'],
  );
  assert.equal(run('ipvsadm', '-Sn'), '');
});

test('ipvsadm finds IPVS', () => {
  const [first, ...rest] = run('ipvsadm', '-Ln').split('\n');
  assert.match(first ?? '', /^IP Virtual Server version 1\.2\.1 \(size=\d+\)$/);
  assert.deepEqual(rest, [
    'Prot LocalAddress:Port Scheduler Flags',
    '  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn',
    '',
  ]);
});

test('another network namespace has a table of its own', () => {
  run('ipvsadm', '-A', '-t', '192.0.2.1:80', '-s', 'rr');
  assert.equal(run('ipvsadm', '-Sn'), '-A -t 192.0.2.1:80 -s rr\n');
  assert.equal(run('unshare', '--net', 'ipvsadm', '-Sn'), '');
  run('ipvsadm', '-C');
});

test('every scheduler schedules', () => {
  // twos (5.12) is not among Debian's.
  const schedulers = ['rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh'];
  const rules = schedulers.map((scheduler, index) => `-A -u 192.0.2.2:${index + 1} -s ${scheduler}\n`);
  execFileSync('ipvsadm', ['-R'], { input: rules.join('') });
  assert.deepEqual(run('ipvsadm', '-Sn').match(/.+\n/g)?.sort(), rules.sort());
  run('ipvsadm', '-C');
});

test('the modules that load balancing needs besides can be loaded', () => {
  const modules = [
    ...['ip_vs_pe_sip', 'ip_tunnel', 'ipip', 'ip6_tunnel', 'sit', 'ip_gre', 'ip6_gre', 'fou', 'fou6'],
    ...['dummy', 'veth', 'bridge', 'tun', '8021q', 'sctp', 'udp_diag', 'tcp_diag'],
    ...[
      'nf_tables',
      'nft_nat',
      'nft_ct',
      'nft_masq',
      'nf_conntrack',
      'nf_conntrack_sip',
      'xt_ipvs',
      'ip_tables',
    ],
  ];
  run('modprobe', '-a', ...modules);
});

test('packets pass between two namespaces over a veth pair', async (context) => {
  run('ip', 'netns', 'add', 'peer');
  context.after(() => run('ip', 'netns', 'delete', 'peer'));
  // In one go: each program that Node starts takes its time on an emulated processor.
  const batch = [
    'link add near type veth peer name far netns peer',
    'address add 198.51.100.1/24 dev near',
    'link set near up',
  ];
  execFileSync('ip', ['-batch', '-'], { input: batch.join('\n') });
  const far = ['address add 198.51.100.2/24 dev far', 'link set far up'];
  execFileSync('ip', ['-n', 'peer', '-batch', '-'], { input: far.join('\n') });
  const server = createServer((socket) => socket.end(`hello ${socket.remoteAddress}`));
  context.after(() => server.close());
  await once(server.listen(80, '198.51.100.1'), 'listening');
  const client = ['netns', 'exec', 'peer', 'bash', '--norc', '-c', 'cat </dev/tcp/198.51.100.1/80'];
  assert.equal((await promisify(execFile)('ip', client)).stdout, 'hello 198.51.100.2');
});

test('nftables marks packets in this namespace', () => {
  run('nft', 'add table ip t; add chain ip t c { type filter hook prerouting priority mangle; }');
  run('nft', 'add rule ip t c ip daddr 192.0.2.9 meta mark set 7');
  assert.match(run('nft', 'list', 'table', 'ip', 't'), /meta mark set 0x00000007/);
});

test('on a machine that has IPVS itself a command runs in a namespace of its own, without a guest', () => {
  // This very kernel is such a machine.
  run('ipvsadm', '-A', '-t', '192.0.2.3:80', '-s', 'rr');
  const script = 'ipvsadm -Sn; echo "out $SECRET"; echo err >&2; kill -TERM $$';
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['build/test/lab/main.js', 'sh', '-c', script],
    {
      encoding: 'utf8',
      // In the guest the variable says that this is one.
      env: { ...process.env, LAB_GUEST: 'auto', SECRET: 'of the caller' },
    },
  );
  assert.deepEqual({ status, stdout, stderr }, { status: 143, stdout: 'out \n', stderr: 'err\n' });
  run('ipvsadm', '-C');
});

test('the clock is right: this file was compiled, and not long ago', () => {
  const age = Date.now() - statSync(import.meta.filename).mtimeMs;
  assert.ok(age >= 0 && age < 365 * 24 * 3600 * 1000, `${age} ms`);
});

test('nothing else runs here', () => {
  const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const commands = processes.map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
  assert.deepEqual([...new Set(commands)].sort(), [basename(process.execPath), 'sh'].sort());
});
