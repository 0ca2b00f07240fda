// Mistakes in the words of a subcommand are answered as those in ipvsadm's grammar are.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Director } from '../support/director.js';

const mistakes: readonly [words: string, says: string][] = [
  ['apply', '--file: missing'],
  ['apply -f', '-f: a value is missing'],
  ['apply -f x --drain', '--drain: a value is missing'],
  ['apply -f x --dry-rum', "--dry-rum: unknown option (did you mean '--dry-run'?)"],
  ['apply -f x --dryrun=true', "--dryrun: unknown option (did you mean '--dry-run'?)"],
  ['apply -f x --zzz', '--zzz: unknown option'],
  ['apply -f x -z', '-z: unknown option'],
  ['apply -f x -xn', '-x: unknown option'],
  ['apply -f x --z', '--z: unknown option'],
  ['list -n', '-n: unknown option'],
  ['apply -dry-run -f x', "-dry-run: unknown option (did you mean '--dry-run'?)"],
  ['apply x.yaml', "unexpected argument 'x.yaml' (did you mean '-f x.yaml'?)"],
  ['diff x.yaml', "unexpected argument 'x.yaml' (did you mean '-f x.yaml'?)"],
  ['link /usr/sbin', "unexpected argument '/usr/sbin' (did you mean '--to /usr/sbin'?)"],
  ['link --to /usr/sbin /usr/bin', "unexpected argument '/usr/bin'"],
  ['apply -f x extra', "unexpected argument 'extra' (did you mean '-f extra'?)"],
  ['apply -f ', '--file: the value is empty'],
  ['apply --file=', '--file: the value is empty'],
  ['list ', 'SERVICE: the value is empty'],
  ['link --to ', '--to: the value is empty'],
  ['apply -f x --prune=maybe', "--prune: 'maybe' is not true or false"],
  ['apply -f x --drain 1 --drain 2', '--drain: given more than once'],
  ['drain tcp://192.0.2.1:80', 'SERVER: missing; it takes SERVICE SERVER, or SERVER alone'],
  ['weight tcp://192.0.2.1:80 192.0.2.2', 'WEIGHT: missing; it takes SERVICE SERVER WEIGHT'],
  ['real-server', 'ACTION: missing; it takes ACTION [ADDRESS...]'],
  ['completion', 'SHELL: missing; it takes SHELL'],
  ['completion csh', "SHELL: 'csh' is not one of bash, zsh, fish (did you mean 'zsh'?)"],
  ['real-server up --method dir', "--method: 'dir' is not one of dr, tun, nat (did you mean 'dr'?)"],
  ['director up --method nat --method rd', "--method: 'rd' is not one of dr, tun, nat (did you mean 'dr'?)"],
  ['schema extra', "unexpected argument 'extra'"],
];

for (const [words, says] of mistakes) {
  test(words, async (context) => {
    const director = await Director.start(context);
    const { status, out, err } = await director.run(words.split(' '), { env: { LANG: 'de_DE.UTF-8' } });
    const [name] = words.split(' ');
    assert.deepEqual(
      { status, out, err },
      { status: 2, out: '', err: `lvsadm: ${says}\nTry 'lvsadm ${name} --help'.\n` },
    );
    assert.equal(director.changesSent, 0);
  });
}

for (const word of ['constructor', '__proto__', 'toString']) {
  test(`a word that every JavaScript object knows is an unknown command: ${word}`, async (context) => {
    const director = await Director.start(context);
    const { status, out, err } = await director.run([word]);
    assert.deepEqual([status, out], [2, '']);
    assert.match(err, new RegExp(`^lvsadm: unknown command '${word}'.*\nTry 'lvsadm help'\\.\n$`));
  });
}

test('an unknown command gets the name that was probably meant', async (context) => {
  const director = await Director.start(context);
  const { status, err } = await director.run(['aply']);
  assert.deepEqual(
    [status, err],
    [2, "lvsadm: unknown command 'aply' (did you mean 'apply'?)\nTry 'lvsadm help'.\n"],
  );
});
