/** Everything about an adoption that is known before anything is changed. */
import { type Context, WithStatus } from '../../context.js';
import { filesIn, readText } from '../../document/files.js';
import { type NamedText, parseDocuments } from '../../document/load.js';
import { HostError, UnavailableError } from '../../errors.js';
import { noHolds } from '../../model/hold.js';
import type { DesiredState } from '../../model/state.js';
import { changesAnything } from '../../output/plan.js';
import type { Plan } from '../../plan/plan.js';
import { type EnabledSetup, findEnabledSetup, IPVSADM, keepalivedFillsTable } from '../../setup/boot/find.js';
import type { Journal } from '../../setup/journal.js';
import type { BootFileStep } from '../../setup/steps/step.js';
import { type Files, ifThere, readIfThere } from '../../system/files/files.js';
import { SystemNames } from '../../system/network/names.js';
import { planFor, readCurrent } from '../shared/change/desired-state.js';
import type { BootMachine } from './machine.js';
import { adoptedDocument, readSavedState, type SavedState } from './saved-state.js';

/** Where lvsadm.service reads documents. */
const DIRECTORY = '/etc/lvsadm.d';
export const DOCUMENT = `${DIRECTORY}/00-adopted.yaml`;

const LVSADM = 'lvsadm';

export interface Adoption {
  readonly enabled: EnabledSetup;
  readonly saved: SavedState;
  readonly document: ReturnType<typeof adoptedDocument>;
  readonly steps: readonly BootFileStep[];
  /** From the running table to the documents; undefined if the table was not read. */
  readonly plan: Plan | undefined;
  /** For the administrator, one line each. */
  readonly notes: readonly string[];
}

/** @throws HostError, DocumentError, UsageError; with exit status 1 if there is nothing to adopt */
export async function prepare(context: Context, boot: BootMachine): Promise<Adoption> {
  const { init, files, root } = boot;
  if (keepalivedFillsTable(init, files, root === '' ? '/proc' : undefined)) throw cannotAdopt(KEEPALIVED);
  const enabled = findEnabledSetup(init, files);
  if (typeof enabled === 'string') throw nothing(enabled);
  const saved = await readSavedState(enabled, context, boot);
  if (saved === undefined) {
    const { variables } = enabled.setup;
    throw nothing(
      `${init.unit(IPVSADM)} loads nothing: in ${variables} AUTO is not true, and DAEMON is none`,
    );
  }
  const document = adoptedDocument(saved);
  const state = await withOtherDocuments(document.text, context, boot);
  const steps: BootFileStep[] = [
    {
      do: 'bootFile',
      path: DOCUMENT,
      becomes: { text: document.text },
      purpose: 'write the document',
      sources: saved.files,
    },
    ...enablingSteps(enabled, boot),
    ...init.disable(IPVSADM, files),
  ];
  const { plan, notes } =
    root === '' ? await compare(state, enabled, saved, context) : { plan: undefined, notes: [] };
  return { enabled, saved, document, steps, plan, notes };
}

const KEEPALIVED =
  'keepalived fills the table; lvsadm import keepalived makes a document of its configuration';

const cannotAdopt = (reason: string): HostError => new HostError('adopt the boot set-up', reason);

const nothing = (reason: string): WithStatus => new WithStatus(1, cannotAdopt(reason));

function enablingSteps({ links }: EnabledSetup, { init, files }: BootMachine): BootFileStep[] {
  const unit = init.unit(LVSADM);
  const definition = init.definition(LVSADM, files);
  if (definition === undefined)
    throw cannotAdopt(`${unit} is not installed: the packages and the tar archive bring it`);
  if (init.isMasked(LVSADM, files)) throw cannotAdopt(`${unit} is masked`);
  return init.enable(LVSADM, definition, links, files);
}

/** What lvsadm.service is to apply: documents that are there already are read with the new one. @throws DocumentError, HostError */
async function withOtherDocuments(
  text: string,
  context: Context,
  { files, root, locate, journal }: BootMachine,
): Promise<DesiredState> {
  if (!isAsWritten(journal, files) && ifThere(() => files.lstatSync(DOCUMENT)) !== undefined)
    throw new HostError(`write ${DOCUMENT}`, 'it is there already; move or remove it first');
  const isThere = ifThere(() => files.statSync(DIRECTORY)) !== undefined;
  const paths = (isThere ? (filesIn(root + DIRECTORY) ?? []) : []).filter((path) => path !== root + DOCUMENT);
  const texts: NamedText[] = [];
  for (const path of paths) texts.push(await readText(locate(path.slice(root.length)), context));
  return parseDocuments([...texts, { file: root + DOCUMENT, text }], new SystemNames(context));
}

/** Whether the document is that of an adoption that was interrupted, and nobody has edited it: it will be replaced. */
const isAsWritten = (journal: Journal, files: Files): boolean =>
  journal.entries.some(
    ({ step }) =>
      step.do === 'bootFile' &&
      step.path === DOCUMENT &&
      JSON.stringify(step.becomes) === JSON.stringify({ text: readIfThere(DOCUMENT, files) }),
  );

/** Compares the running table with the documents, also services and daemons that these do not have. */
async function compare(
  state: DesiredState,
  { setup, definition }: EnabledSetup,
  { files: [rules = ''] }: SavedState,
  context: Context,
): Promise<Pick<Adoption, 'plan' | 'notes'>> {
  const desired = { prune: true, only: [], state, holds: noHolds, texts: [] };
  try {
    const plan = planFor(await readCurrent(await context.client(), desired, context), desired);
    const isOlder = setup.savesOnStop && changesAnything(plan);
    return {
      plan,
      notes: isOlder
        ? [
            `${definition} saves the table when it stops: to adopt the running table, first ipvsadm-save -n > ${rules}`,
          ]
        : [],
    };
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return { plan: undefined, notes: [`the running table is not compared: ${error.detail}`] };
  }
}
