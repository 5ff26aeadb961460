/** The engine firecracker, for the registry. */

import type { Engine } from '../../engine.ts';
import { firecracker as runner } from './runner.ts';

export const engine: Engine = { runner };
