/** The layer slow, for the registry. */

import type { Engine } from '../../engine.ts';
import { slow as runner } from './runner.ts';

export const engine: Engine = { runner };
