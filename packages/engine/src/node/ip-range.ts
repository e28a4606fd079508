import { isIP } from 'node:net';

/** The addresses that share their first bits with one: `10.0.0.0/8`, `fe80::/10`, or a single address. */
export class IpRange {
  readonly #bits: 32 | 128;
  readonly #prefixBits: number;
  readonly #prefix: bigint;

  private constructor(bits: 32 | 128, prefixBits: number, address: bigint) {
    this.#bits = bits;
    this.#prefixBits = prefixBits;
    this.#prefix = address >> BigInt(bits - prefixBits);
  }

  /** Reads an address with or without a prefix length; undefined if it is neither. */
  static parse(text: string): IpRange | undefined {
    const slash = text.indexOf('/');
    const address = IpRange.#addressOf(slash < 0 ? text : text.slice(0, slash));
    if (address === undefined) return undefined;
    if (slash < 0) return new IpRange(address.bits, address.bits, address.value);
    const length = text.slice(slash + 1);
    if (!/^\d{1,3}$/u.test(length) || Number(length) > address.bits) return undefined;
    return new IpRange(address.bits, Number(length), address.value);
  }

  /** Whether it holds an address in text form. IPv4 and IPv6 are worlds of their own: `::ffff:1.2.3.4` is IPv6. */
  contains(addressText: string): boolean {
    const address = IpRange.#addressOf(addressText);
    if (address?.bits !== this.#bits) return false;
    return address.value >> BigInt(this.#bits - this.#prefixBits) === this.#prefix;
  }

  static #addressOf(text: string): { readonly bits: 32 | 128; readonly value: bigint } | undefined {
    switch (isIP(text)) {
      case 4:
        return { bits: 32, value: ipv4(text) };
      case 6:
        return { bits: 128, value: ipv6(text) };
      default:
        return undefined;
    }
  }
}

function ipv4(text: string): bigint {
  return text.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

/** RFC 4291 §2.2. A zone (`%eth0`) says over which interface, not to whom. */
function ipv6(text: string): bigint {
  const [address = ''] = text.split('%');
  const dotted = /[^:]*\.[^:]*$/u.exec(address)?.[0];
  const tail = dotted === undefined ? 0n : ipv4(dotted);
  const groups =
    dotted === undefined
      ? address
      : `${address.slice(0, -dotted.length)}${(tail >> 16n).toString(16)}:${(tail & 0xffffn).toString(16)}`;
  const [head = '', rest] = groups.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = rest === undefined || rest === '' ? [] : rest.split(':');
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => '0');
  return [...before, ...zeros, ...after].reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}
