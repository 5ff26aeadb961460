/** A line of `--json-lines`. */

import { jsonLine } from '../../reports/formats/json-text.ts';
import type { LineType } from '../../reports/formats/lines-schema.ts';
import { stdout } from './streams.ts';

/** As reports/formats/lines-schema.ts describes it. */
export interface Line {
  readonly type: LineType;
  readonly [field: string]: unknown;
}

export function printLine({ type, ...fields }: Line): void {
  stdout.write(jsonLine({ schema: 1, type, at: new Date().toISOString(), ...fields }));
}
