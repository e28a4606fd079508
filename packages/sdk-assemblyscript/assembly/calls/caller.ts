import { identity } from '../abi/spacetime_10.0';
import { get_jwt } from '../abi/spacetime_10.2';
import { mustSucceed } from '../abi/errno';
import { out } from '../abi/out';
import { ConnectionId } from '../types/connection-id';
import { Identity } from '../types/identity';
import { sourceBytes } from './bytes';
import { Claims } from './claims';

/** The identity of the database that the module runs in. */
export function databaseIdentity(): Identity {
  identity(out);
  return Identity.at(out);
}

/** The claims in the token of a connection or null if it came without one. */
export function claimsOf(connectionId: ConnectionId): Claims | null {
  mustSucceed(get_jwt(changetype<usize>(connectionId), out), 'the claims of the caller');
  const source = load<u32>(out);
  if (source == 0) return null;
  const bytes = sourceBytes(source);
  return new Claims(String.UTF8.decodeUnsafe(bytes.dataStart, bytes.length));
}
