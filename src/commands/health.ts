/** `lvsadm health check`: runs the checks of documents once, in the foreground. */

import { readTexts } from '../document/files.js';
import { parseDocuments } from '../document/load.js';
import { DocumentError, UsageError } from '../errors.js';
import { runChecks } from '../health/run-checks.js';
import { serviceKey } from '../model/service.js';
import { toJson } from '../output/json.js';
import { SystemNames } from '../system/names.js';
import { defineCommand } from './command.js';
import { countOutcomes, reportJson, reportText } from './health/report.js';
import { serverChecks } from './health/server-checks.js';
import { fileOption } from './shared/desired-state.js';
import { Interruption } from './shared/interruption.js';
import { jsonOption } from './shared/server.js';
import { serviceArgument } from './shared/service-arg.js';

const UP = 0;
const DOWN = 1;

export const command = defineCommand({
  positionals: {
    action: { choices: ['check'], describe: 'check: run the checks of the documents' },
    service: { type: 'service', optional: true, describe: 'check the servers of this service alone' },
  },
  options: {
    ...fileOption,
    once: { type: 'flag', describe: 'run each check once (the default)' },
    ...jsonOption,
  },
  notes:
    'Each check runs once, with its own timeout; one failure counts as down, whatever fall says. Checks with the same kind, target and ' +
    'options run once for all services. It needs neither root nor IPVS, except for checks that run a program as another user, and changes ' +
    'nothing.',
  exitStatuses: {
    [UP]: 'every check succeeded',
    [DOWN]: 'a check failed',
    2: 'the documents are wrong, or have no checks',
  },
  examples: [
    ['lvsadm health check -f web.yaml', 'before servers get clients'],
    ['lvsadm health check -f web.yaml tcp://192.0.2.10:443 --json', 'one service, for a program'],
  ],
  async run(context, { service: named, file, json }) {
    const only = named === undefined ? undefined : serviceKey(await serviceArgument(named, context));
    const texts = await readTexts(file, context);
    const { services = [] } = await parseDocuments(texts, new SystemNames(context));
    const chosen = services.filter(({ service }) => only === undefined || serviceKey(service.id) === only);
    if (chosen.length === 0 && named !== undefined) throw new UsageError('not in the documents', named);
    const checks = serverChecks(chosen);
    const placed = checks.flatMap((each) => each.placed ?? []);
    if (placed.length === 0)
      throw new DocumentError([{ file: file.join(' '), text: 'no server has a check' }]);
    const stop = context.stopRequest?.();
    try {
      const results = (await runChecks(placed, { stop })).values();
      const rows = checks.map((each) => ({ ...each, result: each.placed && results.next().value }));
      await context.out.write(json ? toJson(reportJson(rows)) : await reportText(rows, context));
      return countOutcomes(rows).down > 0 ? DOWN : UP;
    } catch (error) {
      if (stop?.aborted) return new Interruption(context).status;
      throw error;
    }
  },
});
