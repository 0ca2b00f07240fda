/** `lvsadm health`: what the agent knows of servers; `health check` runs the checks of documents once, in the foreground. */

import { readTexts } from '../document/files.js';
import { parseDocuments } from '../document/load.js';
import { DocumentError, UsageError } from '../errors.js';
import { runChecks } from '../health/run-checks.js';
import { serviceKey } from '../model/service.js';
import { formatService } from '../model/service-uri.js';
import { toJson } from '../output/json.js';
import { SystemNames } from '../system/network/names.js';
import { defineCommand } from './command.js';
import { countOutcomes, reportJson, reportText } from './health/report.js';
import { serverChecks } from './health/server-checks.js';
import { openProbers } from './shared/agent/path-probers.js';
import { refuseForeignPrograms } from './shared/agent/root-programs.js';
import { fileOption } from './shared/change/desired-state.js';
import { Interruption } from './shared/change/interruption.js';
import { directorOf, directorOptions } from './shared/fleet/audience.js';
import { jsonOption } from './shared/server.js';
import { serviceArgument } from './shared/service-arg.js';
import { openStore, runDirOption } from './shared/store.js';

const { required: _, ...file } = fileOption.file;

const UP = 0;
const DOWN = 1;

export const command = defineCommand({
  positionals: {
    action: {
      choices: ['check'],
      optional: true,
      orNext: true,
      describe: 'check: run the checks of documents once; without it the agent is asked',
    },
    service: { type: 'service', optional: true, describe: 'the servers of this service alone' },
  },
  options: {
    file: {
      ...file,
      describe: 'with check: document, directory of documents, or - for standard input',
      defaultText: 'the agent is asked',
    },
    ...directorOptions,
    once: { type: 'flag', describe: 'with check: run each check once (the default)' },
    watch: {
      type: 'flag',
      conflicts: 'once',
      describe: 'keep running: write the health again whenever a state or a weight changes',
    },
    ...runDirOption,
    ...jsonOption,
  },
  notes:
    'Without check, the agent of this network namespace (lvsadm run) is asked for the states of its servers. With it, documents are read, ' +
    'and each check runs once, with its own timeout; one failure counts as down, whatever fall says. Checks with the same kind, target and ' +
    'options run once for all services. It needs neither root nor IPVS, except for checks that run a program as another user, and changes ' +
    'nothing.',
  exitStatuses: {
    [UP]: 'every check succeeded; every server is up',
    [DOWN]: 'a check failed; a server is down, or this machine cannot run its check',
    2: 'the documents are wrong, or have no checks; the agent does not check the service',
  },
  examples: [
    ['lvsadm health', 'states of the servers that the agent checks, and the factors of their weights'],
    ['lvsadm health check -f web.yaml', 'before servers get clients'],
    ['lvsadm health check -f web.yaml tcp://192.0.2.10:443 --json', 'one service, for a program'],
  ],
  async run(context, values) {
    const { action, service: named, file, json, watch, runDir } = values;
    const id = named === undefined ? undefined : await serviceArgument(named, context);
    if (action === undefined) {
      if (file.length > 0) throw new UsageError('only lvsadm health check reads documents', '--file');
      const { showHealth } = await import('./health/live.js');
      const path = openStore(context, runDir).socketPath('agent');
      return showHealth(path, { service: id && formatService(id), json, watch }, context);
    }
    if (watch) throw new UsageError('cannot be combined with check', '--watch');
    if (file.length === 0) throw new UsageError('missing', '--file');
    const only = id && serviceKey(id);
    const texts = await readTexts(file, context);
    const { services = [] } = await parseDocuments(texts, new SystemNames(context), directorOf(values));
    const chosen = services.filter(({ service }) => only === undefined || serviceKey(service.id) === only);
    if (chosen.length === 0 && named !== undefined) throw new UsageError('not in the documents', named);
    refuseForeignPrograms(chosen, [...file, ...texts.map((text) => text.file)], context);
    const checks = serverChecks(chosen);
    const placed = checks.flatMap((each) => each.placed ?? []);
    if (placed.length === 0)
      throw new DocumentError([{ file: file.join(' '), text: 'no server has a check' }]);
    const stop = context.stopRequest?.();
    const probers = openProbers(context);
    try {
      const results = (await runChecks(placed, { stop, run: probers.run })).values();
      const rows = checks.map((each) => ({ ...each, result: each.placed && results.next().value }));
      await context.out.write(json ? toJson(reportJson(rows)) : await reportText(rows, context));
      return countOutcomes(rows).down > 0 ? DOWN : UP;
    } catch (error) {
      if (stop?.aborted) return new Interruption(context).status;
      throw error;
    } finally {
      await probers.end();
    }
  },
});
