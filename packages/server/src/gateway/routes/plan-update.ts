import { json } from '../answer.ts';
import type { Answer } from '../answer.ts';
import { HttpError } from '../http-error.ts';
import type { GatewayRequest } from '../route.ts';
import { callerOf, checkOwner, mustDatabase } from './context.ts';
import type { RouteContext } from './context.ts';
import { hashText } from './hash-text.ts';
import { checkHostType, checkProgramKind, publicReason } from './publish.ts';

/** Tells what publishing a program over a database would do. */
export async function planUpdate(context: RouteContext, request: GatewayRequest): Promise<Answer> {
  const record = mustDatabase(context, request.parameters['database'] ?? '');
  checkHostType(request);
  // Ours: the reference tells only when the publish fails. Who does not ask gets an answer as from there.
  const tellsConflicts = request.query.boolean('data_conflicts') === true;
  const hasColours = request.query.oneOf('style', ['AnsiColor', 'NoColor']) !== 'NoColor';
  checkOwner(callerOf(request), record, 'update database');
  await checkProgramKind(request.body);
  try {
    const database = await context.databases.open(record);
    const plan = await database.thread.request('planUpdate', { program: request.body, hasColours });
    if (plan.problems.length > 0) {
      const reason = plan.problems.join('\n');
      return json({ ManualMigrate: { reason, major_version_upgrade: plan.isMajorUpgrade } });
    }
    return json({
      AutoMigrate: {
        migrate_plan: plan.description,
        break_clients: plan.breaksClients,
        token: hashText(plan.token),
        major_version_upgrade: plan.isMajorUpgrade,
        ...(tellsConflicts && { data_conflicts: [...plan.obstacles] }),
      },
    });
  } catch (error) {
    throw new HttpError(500, publicReason(error));
  }
}
