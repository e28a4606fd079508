/**
 * Numbers that look random and are the same when a call is run again: seeded with the call's timestamp. Not for secrets.
 * xoshiro256** by Blackman and Vigna, seeded through splitmix64, both from https://prng.di.unimi.it/.
 */
@final
export class Random {
  private a: u64;
  private b: u64;
  private c: u64;
  private d: u64;

  constructor(seed: u64) {
    this.a = mix(seed + 0x9e3779b97f4a7c15);
    this.b = mix(seed + 0x3c6ef372fe94f82a);
    this.c = mix(seed + 0xdaa66d2c7ddf743f);
    this.d = mix(seed + 0x78dde6e5fd29f054);
  }

  nextU64(): u64 {
    const result = rotl<u64>(this.b * 5, 7) * 9;
    const shifted = this.b << 17;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = rotl<u64>(this.d, 45);
    return result;
  }

  nextU32(): u32 {
    return <u32>(this.nextU64() >> 32);
  }

  /** At least 0 and less than 1. */
  nextF64(): f64 {
    return <f64>(this.nextU64() >> 11) * (1.0 / 9007199254740992.0);
  }

  /** At least 0 and less than `bound`, each as likely as the others; 0 if `bound` is 0. */
  below(bound: u64): u64 {
    if (bound == 0) return 0;
    // What lies beyond the last whole multiple of the bound would favour the small numbers.
    const rejected = (0 - bound) % bound;
    let value = this.nextU64();
    while (value < rejected) value = this.nextU64();
    return value % bound;
  }
}

function mix(state: u64): u64 {
  let z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}
