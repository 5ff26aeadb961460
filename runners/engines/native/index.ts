/** The layer native, for the registry. */

import type { Engine } from '../../engine.ts';
import { native as runner } from './runner.ts';

export const engine: Engine = { runner };
