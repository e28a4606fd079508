/** An f64 as SATS-JSON has it: the shortest digits that read back as the same float, `null` for what JSON lacks. */
export function formatF64(value: number): string {
  return format(value, Math.abs(value).toExponential(), -5, 16);
}

/** As `formatF64`, with the shortest digits of the nearest f32. */
export function formatF32(value: number): string {
  const single = Math.fround(value);
  return format(single, shortestF32(Math.abs(single)), -6, 13);
}

/**
 * @param magnitude the digits, as `d.ddde±x`
 * @param plainFrom smallest decimal exponent that is written without one
 * @param plainBefore smallest larger one that is not
 */
function format(value: number, magnitude: string, plainFrom: number, plainBefore: number): string {
  if (!Number.isFinite(value)) return 'null';
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const sign = value < 0 ? '-' : '';
  const [mantissa = '', exponentText] = magnitude.split('e');
  const exponent = Number(exponentText);
  if (exponent < plainFrom || exponent >= plainBefore) return `${sign}${mantissa}e${exponent}`;
  const digits = mantissa.replace('.', '');
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`;
}

/** Nine digits always tell two f32 apart. */
const MAX_F32_DIGITS = 9;

function shortestF32(value: number): string {
  for (let digits = 0; digits < MAX_F32_DIGITS; digits++) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return text;
    // Above a power of two floats lie twice as far apart as below it, so the next decimal up may belong to this float
    // although a nearer one below does not.
    const above = nextDecimal(text);
    if (Math.fround(Number(above)) === value) return above;
  }
  return value.toExponential(MAX_F32_DIGITS - 1);
}

/** The decimal of as many digits one step further from zero; the same when it would need one more. */
function nextDecimal(text: string): string {
  const [mantissa = '', exponent] = text.split('e');
  const next = String(Number(mantissa.replace('.', '')) + 1);
  if (next.length > mantissa.replace('.', '').length) return text;
  return `${next.slice(0, 1)}${next.length > 1 ? '.' : ''}${next.slice(1)}e${exponent}`;
}
