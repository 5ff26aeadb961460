/** The program with boxes that only claim to compute: the real main, bundled with the stand-ins loaded before it. */

import './boxes.mjs';
import '../../../cli/main.ts';
