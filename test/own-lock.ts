/** Tests measure side by side: each file's programs have a lock of the host of their own. */

import { randomUUID } from 'node:crypto';

process.env.BOXMARK_LOCK = randomUUID();
