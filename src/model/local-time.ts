/** Moments, in milliseconds since 1970, as texts in the local time zone. */

/** `2026-11-30 14:02:11` */
export const localTime = (moment: number): string => partsOf(moment).join(' ');

/** `14:02:11`, or `2026-12-01 14:02:11` if that is another day than that of `now`. */
export function timeFrom(now: number, moment: number): string {
  const [day, time] = partsOf(moment);
  return day === partsOf(now)[0] ? time : `${day} ${time}`;
}

function partsOf(moment: number): readonly [day: string, time: string] {
  const date = new Date(moment);
  const text = (...numbers: readonly number[]) => numbers.map((number) => String(number).padStart(2, '0'));
  return [
    text(date.getFullYear(), date.getMonth() + 1, date.getDate()).join('-'),
    text(date.getHours(), date.getMinutes(), date.getSeconds()).join(':'),
  ];
}
