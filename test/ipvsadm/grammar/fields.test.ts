/** Every field of the model's table has an option, and is carried through by -a, -e, -A, -E and -R. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { UsageError } from '../../../src/errors.js';
import { addChange } from '../../../src/ipvs/requests.js';
import { settings } from '../../../src/ipvsadm/grammar/options.js';
import { parse, tokensOf } from '../../../src/ipvsadm/grammar/parse.js';
import { help } from '../../../src/ipvsadm/help.js';
import { TemplateCache } from '../../../src/ipvsadm/restore/template-cache.js';
import type { Change } from '../../../src/model/change.js';
import { destinationNumberNames, destinationNumbers, serviceSwitchNames } from '../../../src/model/fields.js';
import { Batch } from '../../../src/netlink/batch.js';
import { hex } from '../../support/wire.js';
import { splitLine } from '../cases.js';

function changeOf(line: string): Change {
  const command = parse(tokensOf(splitLine(line)));
  assert.ok(command.do === 'change', line);
  return command.change;
}

function destinationOf(line: string) {
  const change = changeOf(line);
  assert.ok('destination' in change, line);
  return change.destination;
}

function serviceOf(line: string) {
  const change = changeOf(line);
  assert.ok('service' in change, line);
  return change.service;
}

function messageOf(line: string) {
  const batch = new Batch();
  addChange(batch, changeOf(line));
  return batch.message(0);
}

const optionOf = (setting: string): string => {
  const option = settings.find((each) => each.setting === setting);
  assert.ok(option, `no option for ${setting}`);
  return `--${option.long}`;
};

for (const name of destinationNumberNames) {
  const { min, max, default: usual } = destinationNumbers[name];

  describe(`the ${name} of a server`, () => {
    const option = optionOf(name);
    const withValue = (command: string, value: number): string =>
      `${command} -f 7 -r 198.51.100.7 ${option} ${value}`;

    it('is set by its option, within its range', () => {
      for (const command of ['-a', '-e']) {
        for (const value of [min, max]) {
          assert.equal(destinationOf(withValue(command, value))[name], value);
        }
        for (const value of [min - 1, max + 1]) {
          assert.throws(() => destinationOf(withValue(command, value)), UsageError);
        }
      }
    });

    it('has its default without the option', () => {
      assert.equal(destinationOf('-a -f 7 -r 198.51.100.7')[name], usual);
    });

    it('is a slot of line templates', () => {
      const templates = new TemplateCache();
      const learned = withValue('-a', min);
      templates.learn(learned, changeOf(learned), messageOf(learned));
      const line = withValue('-a', max);
      const batch = new Batch();
      assert.ok(templates.add(Buffer.from(`${line}\n`), 0, batch) > 0, line);
      assert.equal(hex(batch.message(0)), hex(messageOf(line)));
    });

    it('stands in the help, with its default', () => {
      const row = help('lvsadm')
        .split('\n')
        .find((text) => text.includes(`${option} `));
      assert.match(row ?? '', new RegExp(`\\(default:? ${usual}\\b`));
    });
  });
}

for (const name of serviceSwitchNames) {
  it(`the switch ${name} of a service is on with its option, and off without`, () => {
    for (const command of ['-A', '-E']) {
      assert.equal(serviceOf(`${command} -f 7 ${optionOf(name)}`)[name], true);
      assert.equal(serviceOf(`${command} -f 7`)[name], false);
    }
  });
}
