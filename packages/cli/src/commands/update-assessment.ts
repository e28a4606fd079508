import type { JsonValue } from '@lightcone/sats';
import { findMember, mustMember, mustText } from '../http/json-access.ts';
import type { ServerClient } from '../http/server-client.ts';

/** What a new program would mean for a database, as its server sees it. */
export type UpdateAssessment =
  | { readonly kind: 'newDatabase' }
  | { readonly kind: 'impossible'; readonly reason: string; readonly isMajorUpgrade: boolean }
  | {
      readonly kind: 'possible';
      /** For people: a line for each step. */
      readonly plan: string;
      readonly breaksClients: boolean;
      /** Says that this plan was agreed to. */
      readonly token: string;
      /** What in the rows of now is in its way. Other servers than ours tell only when it is tried. */
      readonly dataConflicts: readonly string[];
      readonly isMajorUpgrade: boolean;
    };

/** Asks a server, and changes nothing. @throws CliError for what is neither a plan nor the lack of a database */
export async function assessUpdate(
  client: ServerClient,
  database: string,
  program: Uint8Array,
  hasColors: boolean,
): Promise<UpdateAssessment> {
  const answer = await client.request('POST', `/v1/database/${encodeURIComponent(database)}/pre_publish`, {
    body: program,
    query: { host_type: 'Wasm', style: hasColors ? 'AnsiColor' : 'NoColor', data_conflicts: 'true' },
  });
  if (answer.status === 404) return { kind: 'newDatabase' };
  if (answer.status !== 200) throw await client.refusal(answer);

  const body = client.mustJson(answer.text);
  const manual = findMember(body, 'ManualMigrate');
  if (manual !== undefined) {
    return { kind: 'impossible', reason: mustText(mustMember(manual, 'reason')), isMajorUpgrade: isUpgrade(manual) };
  }
  const automatic = mustMember(body, 'AutoMigrate');
  const conflicts = findMember(automatic, 'data_conflicts');
  return {
    kind: 'possible',
    plan: mustText(mustMember(automatic, 'migrate_plan')).trimEnd(),
    breaksClients: findMember(automatic, 'break_clients') === true,
    token: mustText(mustMember(automatic, 'token')),
    dataConflicts: Array.isArray(conflicts) ? conflicts.map((conflict) => mustText(conflict as JsonValue)) : [],
    isMajorUpgrade: isUpgrade(automatic),
  };
}

function isUpgrade(plan: JsonValue): boolean {
  return findMember(plan, 'major_version_upgrade') === true;
}
