/** The engine cloud-hypervisor, for the registry. */

import type { Engine } from '../../engine.ts';
import { cloudHypervisor as runner } from './runner.ts';

export const engine: Engine = { runner };
