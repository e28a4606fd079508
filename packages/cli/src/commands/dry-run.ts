import { CliError } from '../errors.ts';
import type { ServerClient } from '../http/server-client.ts';
import type { Terminal } from '../terminal.ts';
import { type UpdateAssessment, assessUpdate } from './update-assessment.ts';

/** What the publish would be told. */
export interface DryRunOptions {
  readonly deleteData?: 'always' | 'on-conflict' | 'never';
  readonly breakClients?: boolean;
  readonly json?: boolean;
}

/**
 * Tells what a publish would do and does not do it. Ends with an error if the publish would, or would have to ask:
 * for scripts that are to stop before that.
 */
export async function dryRun(
  terminal: Terminal,
  client: ServerClient,
  database: string,
  program: Uint8Array,
  options: DryRunOptions,
): Promise<void> {
  const assessment = await assessUpdate(client, database, program, terminal.hasColors && options.json !== true);
  if (options.json === true) terminal.print(JSON.stringify(jsonOf(assessment)));
  else terminal.print(textOf(assessment, database));
  if (assessment.kind === 'newDatabase' || options.deleteData === 'always') return;
  if (assessment.kind === 'impossible' || assessment.dataConflicts.length > 0) {
    if (options.deleteData === 'on-conflict') return;
    throw new CliError('CLI_REFUSED', `The data of ${database} cannot be kept with this module`, {
      hint: '--delete-data deletes it.',
    });
  }
  if (assessment.breaksClients && options.breakClients !== true) {
    throw new CliError('CLI_REFUSED', `The module breaks clients of ${database} that run now`, {
      hint: '--break-clients publishes all the same.',
    });
  }
}

function textOf(assessment: UpdateAssessment, database: string): string {
  switch (assessment.kind) {
    case 'newDatabase':
      return `${database} is a new database`;
    case 'impossible':
      return assessment.reason;
    case 'possible':
      return assessment.plan;
  }
}

function jsonOf(assessment: UpdateAssessment): object {
  switch (assessment.kind) {
    case 'newDatabase':
      return { isNew: true, isPossible: true };
    case 'impossible':
      return { isNew: false, isPossible: false, reason: assessment.reason };
    case 'possible': {
      const { plan, breaksClients, dataConflicts } = assessment;
      return { isNew: false, isPossible: dataConflicts.length === 0, plan, breaksClients, dataConflicts };
    }
  }
}
