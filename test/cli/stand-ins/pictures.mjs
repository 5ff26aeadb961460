/** Pictures of one point for tests of commands that are not about pictures; loaded before the program by Node.js' own `--import`. */

import { createRequire } from 'node:module';

const POINT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII=';

class ChartJSNodeCanvas {
  registerFont() {}
  renderToBufferSync() {
    return Buffer.from(POINT, 'base64');
  }
}

const require = createRequire(import.meta.url);
const id = require.resolve('../../../dist/report/pictures.cjs');
const exports = { ChartJSNodeCanvas, errorBars: {}, boxes: {}, annotation: {}, release: () => {} };
require.cache[id] = { id, filename: id, loaded: true, exports, children: [], paths: [] };
