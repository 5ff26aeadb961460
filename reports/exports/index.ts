/** The registry of exports: one line each. */

import { benchfmt } from './benchfmt.ts';
import type { Export } from './export.ts';
import { githubAction } from './github-action.ts';
import { hyperfine } from './hyperfine.ts';
import { junit } from './junit.ts';
import { openmetrics } from './openmetrics.ts';
import { otava } from './otava.ts';
import { pyperf } from './pyperf.ts';

export const EXPORTS: readonly Export[] = [hyperfine, pyperf, benchfmt, githubAction, openmetrics, junit, otava];
