/** The settings of IPVS (model/settings.ts) in documents: numbers, a list of CPUs, and a pair. */
import { INT_MAX } from '../model/limits.js';
import { type SettingRange, type VsSetting, vsSettings } from '../model/settings.js';
import {
  described,
  integer,
  lazy,
  type Optional,
  object,
  optional,
  type Shape,
  simple,
  text,
} from './shape.js';

type SettingGiven = string | number | readonly number[];

const SETTINGS = 'settings of IPVS such as {conntrack: 1}';

export const settings = described(
  lazy(SETTINGS, () => object(SETTINGS, Object.fromEntries(vsSettings.map(member)))),
  'Settings of IPVS itself, as sysctl net.ipv4.vs has them. Those that are missing are not managed.',
);

function member({ name, value, meaning }: VsSetting): [string, Optional<SettingGiven>] {
  const shape: Shape<SettingGiven> =
    value === 'cpus' ? cpus : value === 'threshold' ? threshold : number(value);
  return [name, optional(described(shape, `${meaning}.`))];
}

const cpus = text('a list of CPUs such as 0-3,8, or all', /^(?:all|\d[\d,:/-]{0,200})$/);

/** The kernel takes a threshold below the period, and any with period 0. */
const threshold: Shape<readonly number[]> = simple({
  noun: 'a threshold and a period that is greater or 0, such as [3, 50]',
  fits: (value): value is readonly number[] => {
    if (!Array.isArray(value) || value.length !== 2) return false;
    const isNumber = (each: unknown) =>
      Number.isInteger(each) && Number(each) >= 0 && Number(each) <= INT_MAX;
    return value.every(isNumber) && (value[1] === 0 || value[0] < value[1]);
  },
  isKind: Array.isArray,
  schema: (z) => z.array(z.int()).check(z.length(2)),
});

function number({ min, max, powerOf2 }: SettingRange): Shape<number> {
  const any = integer({ min, max });
  if (!powerOf2) return any;
  return simple({
    noun: `a power of 2 from ${min} to ${max}`,
    fits: (value): value is number => any.fits(value) && Number.isInteger(Math.log2(value)),
    isKind: any.isKind,
    schema: any.schema,
  });
}
