/** Settings of a layer: described once by a schema, which checks them, lists them and hands them to the runner. */

import * as z from 'zod';
import { usageError } from '../../bench/errors.ts';
import type { LayerSetting, LayerSettings, Runner } from '../../bench/types.ts';

export type Risk = LayerSetting['risk'];

/** Whatever the value, it opens nothing of the host and weakens no isolation. */
export const harmless: Risk = () => null;

export const namesFile: Risk = () => 'names a file of this host';

/** Only these values are harmless. */
export function riskUnless(safe: readonly string[], why: string): Risk {
  return (value) => (safe.includes(value) ? null : why);
}

/** Only this value is not. */
export function riskOf(value: string, why: string): Risk {
  return (given) => (given === value ? why : null);
}

export interface SettingsDescription<Schema extends z.ZodObject> {
  /** Name of the layer. */
  readonly layer: string;
  /** From the text of each setting to its value; each field has its summary in `describe`, and its messages say what it takes. */
  readonly schema: Schema;
  readonly examples: Readonly<Record<keyof Schema['shape'], string>>;
  /** Every setting must say what it could do to a host that runs somebody else's plan. */
  readonly risks: Readonly<Record<keyof Schema['shape'], Risk>>;
  /** The one that may be written without its name. */
  readonly bare?: keyof Schema['shape'];
  bind(values: z.output<Schema>): Runner;
}

/** The settings as the path and the lists see them. */
export function defineSettings<Schema extends z.ZodObject>(description: SettingsDescription<Schema>): LayerSettings {
  const { layer, schema, examples, risks, bare, bind } = description;
  const known = Object.entries(schema.shape).map(([name, field]): LayerSetting => {
    const type = field as z.ZodType;
    return {
      name,
      summary: type.description ?? '',
      example: examples[name as keyof Schema['shape']],
      bare: name === bare,
      required: !type.safeParse(undefined).success,
      risk: risks[name as keyof Schema['shape']],
    };
  });
  return {
    known,
    bind(values) {
      const result = schema.safeParse(values);
      if (result.success) return bind(result.data);
      const [issue] = result.error.issues;
      const setting = known.find(({ name }) => name === issue?.path[0]);
      throw usageError(
        `The layer ${layer}: ${setting?.name ?? 'a setting'} ${issue?.message ?? 'is not valid'}.`,
        values[setting?.name ?? ''],
        setting && exampleOf(layer, setting),
      );
    },
  };
}

/** `slow:2%`, `docker:memory=1g`: how the setting is written. */
export function exampleOf(layer: string, { name, example, bare }: LayerSetting): string {
  return bare ? `${layer}:${example}` : `${layer}:${name}=${example}`;
}

/** `2%` → 0.02; above 0 and up to `most`. */
export function percentage(most: number) {
  const range = `takes a percentage above 0 and up to ${most * 100}%`;
  return z
    .string()
    .regex(/^\d+(\.\d+)?%$/, range)
    .transform((text) => Number((Number(text.slice(0, -1)) / 100).toPrecision(12)))
    .refine((share) => share > 0 && share <= most, range);
}
