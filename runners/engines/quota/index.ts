/** The layer quota, for the registry. */

import type { Engine } from '../../engine.ts';
import { quota as runner } from './runner.ts';

export const engine: Engine = { runner };
