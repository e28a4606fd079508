import type { Command } from 'commander';
import type { CliSession } from '../cli-session.ts';
import { backupCommand } from './backup.ts';
import { buildCommand } from './build.ts';
import { callCommand } from './call.ts';
import { deleteCommand } from './delete.ts';
import { describeCommand } from './describe.ts';
import { devCommand } from './dev.ts';
import { generateCommand } from './generate.ts';
import { importCommand } from './import.ts';
import { initCommand } from './init.ts';
import { inspectCommand } from './inspect.ts';
import { listCommand } from './list.ts';
import { lockCommand, unlockCommand } from './lock.ts';
import { loginCommand, logoutCommand } from './login.ts';
import { logsCommand } from './logs.ts';
import { publishCommand } from './publish.ts';
import { renameCommand } from './rename.ts';
import { restoreCommand } from './restore.ts';
import { serverCommand } from './server.ts';
import { sqlCommand } from './sql.ts';
import { startCommand } from './start.ts';
import { subscribeCommand } from './subscribe.ts';
import { verifyCommand } from './verify.ts';
import { versionCommand } from './version.ts';

/** Adds the commands to the command line, in the order of its help. */
export function addAllCommands(program: Command, session: CliSession): void {
  program
    .addCommand(initCommand(session))
    .addCommand(devCommand(session))
    .addCommand(buildCommand(session))
    .addCommand(startCommand(session))
    .addCommand(publishCommand(session))
    .addCommand(callCommand(session))
    .addCommand(sqlCommand(session))
    .addCommand(subscribeCommand(session))
    .addCommand(logsCommand(session))
    .addCommand(listCommand(session))
    .addCommand(describeCommand(session))
    .addCommand(inspectCommand(session))
    .addCommand(deleteCommand(session))
    .addCommand(renameCommand(session))
    .addCommand(lockCommand(session))
    .addCommand(unlockCommand(session))
    .addCommand(loginCommand(session))
    .addCommand(logoutCommand(session))
    .addCommand(serverCommand(session))
    .addCommand(backupCommand(session))
    .addCommand(restoreCommand(session))
    .addCommand(verifyCommand(session))
    .addCommand(importCommand(session))
    .addCommand(versionCommand(session))
    .addCommand(generateCommand(), { hidden: true });
}
