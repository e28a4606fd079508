// HTTP requests to elsewhere under a policy of addresses, for whoever sends them without a database.
export { AddressPolicy } from './address-policy.ts';
export { NodeOutgoingHttp } from './node-outgoing-http.ts';
export type { NodeOutgoingHttpOptions } from './node-outgoing-http.ts';
