/** npm run bench:fleet: what a fleet costs, over a real etcd on this machine. */
import { parseArgs } from 'node:util';
import { ensurePackages, etcdNeeds } from '../lab/packages.js';
import { measureAgents } from './fleet/agents.js';
import { measureDocuments } from './fleet/documents.js';

const usage = `npm run bench:fleet -- [OPTION...]

  --only NAME   only this part: documents or agents
  --agents N    agents of the fleet (default: 1000)
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    agents: { type: 'string', default: '1000' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const parts: Readonly<Record<string, () => AsyncGenerator<string>>> = {
  documents: measureDocuments,
  agents: () => measureAgents(Number(values.agents)),
};
const chosen = values.only === undefined ? Object.keys(parts) : [values.only];
if (values.help || chosen.some((name) => !Object.hasOwn(parts, name)) || !/^[1-9]\d*$/.test(values.agents)) {
  process.stdout.write(usage);
  process.exitCode = values.help ? 0 : 2;
} else {
  await ensurePackages(etcdNeeds);
  for (const name of chosen)
    for await (const line of (parts[name] as () => AsyncGenerator<string>)())
      process.stdout.write(`${line}\n`);
}
