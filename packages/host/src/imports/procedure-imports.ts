import { ERRNO } from '../errno.ts';
import { GuestTrap } from '../guest/guest-trap.ts';
import type { Guest } from '../guest/guest.ts';
import type { ImportFunctions } from './import-functions.ts';

/** What only procedures may do. Everything that runs today is a reducer or initialisation, where they answer this. */
export function procedureImports(guest: Guest): ImportFunctions {
  function onlyInProcedures(name: string): GuestTrap {
    return new GuestTrap(`${name} is only available in async instances`);
  }
  return {
    procedure_sleep_until(): bigint {
      throw onlyInProcedures('procedure_sleep_until');
    },
    procedure_start_mut_tx(): number {
      if (guest.calls.isInTransaction()) return ERRNO.wouldBlockTransaction;
      throw onlyInProcedures('procedure_start_mut_tx');
    },
    procedure_commit_mut_tx: () => ERRNO.transactionNotAnonymous,
    procedure_abort_mut_tx: () => ERRNO.transactionNotAnonymous,
    procedure_http_request(): number {
      throw onlyInProcedures('procedure_http_request');
    },
  };
}
