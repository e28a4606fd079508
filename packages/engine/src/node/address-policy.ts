import { isIP } from 'node:net';
import { IpRange } from './ip-range.ts';

/**
 * Addresses that are not places of the public internet: this machine, its networks, cloud metadata
 * services, tunnels into IPv4, documentation (IANA's special-purpose address registries, RFC 6890; file
 * 11 §4.11 of the specification, and what it leaves out: multicast, IPv4-compatible and site-local addresses).
 */
const SPECIAL_PURPOSE: readonly IpRange[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.31.196.0/24',
  '192.52.193.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '192.175.48.0/24',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '::/96',
  '64:ff9b::/96',
  '64:ff9b:1::/48',
  '::ffff:0:0/96',
  '100::/64',
  '100:0:0:1::/64',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '2620:4f:8000::/48',
  '3fff::/20',
  '5f00::/16',
  'fc00::/7',
  'fe80::/10',
  'fec0::/10',
  'ff00::/8',
].map((text) => IpRange.parse(text)!); // they are well formed, or every test fails

/** Where modules may connect to: the public internet, and what an operator adds. */
export class AddressPolicy {
  readonly #ranges: readonly IpRange[];
  readonly #hosts: ReadonlySet<string>;

  private constructor(ranges: readonly IpRange[], hosts: ReadonlySet<string>) {
    this.#ranges = ranges;
    this.#hosts = hosts;
  }

  /** The public internet. */
  static readonly publicOnly: AddressPolicy = new AddressPolicy([], new Set());

  /**
   * @param allowed what modules may reach as well: addresses, ranges such as `10.1.0.0/16`, host names
   * @throws RangeError naming the entry that is none of these
   */
  static allowing(allowed: readonly string[]): AddressPolicy {
    const ranges: IpRange[] = [];
    const hosts = new Set<string>();
    for (const entry of allowed) {
      const range = IpRange.parse(entry);
      if (range !== undefined) ranges.push(range);
      else if (/^[a-z\d_-]+(?:\.[a-z\d_-]+)*\.?$/iu.test(entry) && !/^[\d.]+$/u.test(entry)) hosts.add(hostKey(entry));
      else throw new RangeError(`"${entry}" is no host name, address or range such as "10.1.0.0/16"`);
    }
    return new AddressPolicy(ranges, hosts);
  }

  /** Whether a host is allowed by its name, whatever its addresses are. */
  allowsHost(name: string): boolean {
    return this.#hosts.has(hostKey(name));
  }

  /** Whether an address in text form may be connected to. What is no address may not. */
  allowsAddress(address: string): boolean {
    if (isIP(address) === 0) return false;
    if (this.#ranges.some((range) => range.contains(address))) return true;
    return !SPECIAL_PURPOSE.some((range) => range.contains(address));
  }
}

/** Names are compared in lower case and without the dot of the root. */
function hostKey(name: string): string {
  return name.toLowerCase().replace(/\.$/u, '');
}
