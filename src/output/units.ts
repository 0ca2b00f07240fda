/** Large numbers, short; and shares. */

/** Powers of 1000. */
const prefixes = ['', 'k', 'M', 'G', 'T', 'P', 'E'];

/** A whole number with three digits at most and a unit of 1000: `999`, `1.2k`, `12M`, `18E`. */
export function humanNumber(value: number | bigint): string {
  let number = Number(value);
  let power = 0;
  // 999.5 would be rounded to four digits.
  while (number >= 999.5 && power < prefixes.length - 1) {
    number /= 1000;
    power++;
  }
  const digits = power === 0 || number >= 9.95 ? String(Math.round(number)) : number.toFixed(1);
  return `${digits}${prefixes[power]}`;
}

/** A share, 0 to 1, as `25.3 %`. */
export function percent(share: number): string {
  const text = (100 * share).toFixed(1);
  return `${share > 0 && Number(text) === 0 ? '<0.1' : text} %`;
}
