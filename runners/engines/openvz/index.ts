/** The engine openvz, for the registry. */

import type { Engine } from '../../engine.ts';
import { openvz as runner } from './runner.ts';

export const engine: Engine = { runner };
