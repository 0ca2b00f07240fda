import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MalformedError, NoCommandError, UsageError } from '../../../src/errors.js';
import { parse, tokensOf } from '../../../src/ipvsadm/grammar/parse.js';
import { mistake, mistakeStatus } from '../../../src/messages.js';
import { nearest } from '../../../src/suggest.js';
import { world } from '../../support/run.js';
import { splitLine } from '../cases.js';

function mistakeIn(commandLine: string): UsageError {
  try {
    parse(tokensOf(splitLine(commandLine)));
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error;
  }
  assert.fail(`${commandLine} was accepted`);
}

const server = '-a -t 192.0.2.1:80 -r 198.51.100.7';

describe('a mistake in a command line', () => {
  it('is reported with the argument that it is in, and with what would be right', () => {
    const told = {
      [`${server} -w heavy`]: "-w: weight 'heavy' is not a number from 0 to 2147483647",
      [`${server} --weight=-1`]: "--weight: weight '-1' is not a number from 0 to 2147483647",
      '-A -t 192.0.2.1:99999':
        "-t: port '99999' is not a port from 0 to 65535, or a tcp service of /etc/services",
      '-A -f 0': "-f: firewall mark '0' is not a number from 1 to 4294967295",
      '-A -t 192.0.2.1:80 -p 2678401': "-p: persistence timeout '2678401' is not a number from 1 to 2678400",
      '-A -t 192.0.2.1:80 -p -M 64/': "-M: netmask '64/' is not a dotted mask such as 255.255.255.0",
      '-A -t 192.0.2.1:80 -b sh-port': "-b: scheduler flag 'sh-port' is not one of flag-1, flag-2, flag-3",
      '-A -t 192.0.2.1:80 -s sh -b shport':
        "-b: scheduler flag 'shport' is not one of flag-1, flag-2, flag-3, sh-fallback, sh-port (did you mean 'sh-port'?)",
      [`${server} -i --tun-type geu`]:
        "--tun-type: tunnel type 'geu' is not one of ipip, gue, gre (did you mean 'gue'?)",
      '--start-daemon mastr':
        "--start-daemon: state 'mastr' is not one of master, backup (did you mean 'master'?)",
      '--start-daemon slave': "--start-daemon: state 'slave' is not one of master, backup",
      '--set 1 2 x': "--set: timeout 'x' is not a number from 0 to 2678400",
      '-A -t 192.0.2.1': 'every port (port 0) needs persistence: add -p, or give a port',
      '-A -t 2001:db8::1:80':
        'every port (port 0) needs persistence: add -p, or give a port, as in [2001:db8::1:80]:80',
      '-A -t 192.0.2.1:80 -o': '-o: one-packet scheduling is for UDP and firewall marks',
      '-A': '-A needs one of -t, -u, --sctp-service, -f',
      '-a -t 192.0.2.1:80': '-a needs -r',
      '-A -t 192.0.2.1:80 -w 1': '-w: does not go with -A (only with -a, -e)',
      '-L -c --stats': '-c: excludes --stats',
      '-A -t 192.0.2.1:80 -u 192.0.2.1:80': '-u: excludes -t, which came before',
      [`${server} -m -m`]: '-m: given twice',
      '-L -Z': '-Z: a second command after -L; a command line has one',
      '-L more': "'more' belongs to no option",
      [`${server} -i --tun-type gue`]: '--tun-type: gue needs --tun-port',
      [`${server} -m --tun-type gue`]: '--tun-type: describes a tunnel, so -i must be there too',
      '-a -t 192.0.2.1:80 -r [2001:db8::7]': '-r: a server of the other address family needs a tunnel (-i)',
      '-L -6': '-6: goes with -f only',
      '-L --statz': "--statz: unknown option (did you mean '--stats'?)",
      '-L -q': '-q: unknown option',
      '-A -t': '-t: a value must follow',
      '-L --stats=1': '--stats: takes no value',
      '-n -L': '-n: the command must come before its options',
      // Words that every object has as properties are words like any other.
      '-A --constructor': '--constructor: unknown option',
      '-A -t constructor:80':
        "-t: virtual service 'constructor:80' is not an address[:port], and no host has the name 'constructor'",
      '-A -t 192.0.2.1:constructor':
        "-t: port 'constructor' is not a port from 0 to 65535, or a tcp service of /etc/services",
      '-A -f 7 -b toString': "-b: scheduler flag 'toString' is not one of flag-1, flag-2, flag-3",
      [`${server} -i --tun-type constructor`]:
        "--tun-type: tunnel type 'constructor' is not one of ipip, gue, gre",
      '--start-daemon __proto__': "--start-daemon: state '__proto__' is not one of master, backup",
    };
    for (const [commandLine, text] of Object.entries(told)) {
      assert.equal(mistake(mistakeIn(commandLine)), text, commandLine);
    }
  });

  it('ends with status 2, or 255 if there is no command or an option cannot be read', () => {
    assert.equal(mistakeStatus(mistakeIn('-A')), 2);
    for (const commandLine of ['-L --nosuch', '-A -t', '-L --stats=1']) {
      const error = mistakeIn(commandLine);
      assert.ok(error instanceof MalformedError && !(error instanceof NoCommandError), commandLine);
      assert.equal(mistakeStatus(error), 255);
    }
    for (const commandLine of ['-n', 'word', '--nosuch', '-t 192.0.2.1:80 -A', '--']) {
      assert.ok(mistakeIn(commandLine) instanceof NoCommandError, commandLine);
    }
  });

  it('made by a long option with a single dash suggests two dashes', async () => {
    const told = {
      '-L -stats': "-s: does not go with -L (only with -A, -E) (did you mean '--stats'?)",
      '-A -tcp-service 192.0.2.1:80':
        "-t: virtual service 'cp-service' is not an address[:port], and no host has the name 'cp-service' (did you mean '--tcp-service'?)",
      '-A -t 192.0.2.1:80 -scheduler rr': "'rr' belongs to no option (did you mean '--scheduler'?)",
    };
    for (const [commandLine, text] of Object.entries(told)) {
      const { stderr } = await world().run(splitLine(commandLine));
      assert.equal(stderr.split('\n')[0], `ipvsadm: ${text}`, commandLine);
    }
  });

  it('leaves the table unchanged', async () => {
    const { run } = world();
    await run(splitLine('-A -t 192.0.2.1:80'));
    const { status, stdout, stderr } = await run(splitLine('-E -t 192.0.2.1:80 -s rr -p never'));
    assert.equal(status, 2);
    assert.equal(stdout, '');
    assert.equal(
      stderr,
      "ipvsadm: -p: persistence timeout 'never' is not a number from 1 to 2678400\nTry 'ipvsadm --help'.\n",
    );
    assert.equal((await run(['-Sn'])).stdout, '-A -t 192.0.2.1:80 -s wlc\n');
  });
});

describe('the suggested word', () => {
  const words = ['stats', 'rate', 'sort', 'set', 'list', 'wlc', 'wrr', 'rr'];

  it('is the one that takes the fewest edits', () => {
    assert.equal(nearest('stat', words), 'stats');
    assert.equal(nearest('satts', words), 'stats');
    assert.equal(nearest('strats', words), 'stats');
    assert.equal(nearest('wrt', words), 'wrr');
    assert.equal(nearest('wlv', words), 'wlc');
  });

  it('is undefined if every word takes too many edits', () => {
    assert.equal(nearest('quiet', words), undefined);
    assert.equal(nearest('x', words), undefined);
    assert.equal(nearest('', words), undefined);
  });
});
