/** What runs in a report's page: draws the charts, sorts and copies tables, switches the colours. Without it all figures are still there as text. */

import { drawCharts, redrawCharts } from './charts.ts';
import { enableCopying } from './copy.ts';
import { enableFolds, openPart } from './folds.ts';
import { enablePrinting } from './print.ts';
import { enableSorting } from './sort.ts';
import { enableTheme } from './theme.ts';
import { unpackParts } from './unpack.ts';

enableSorting(document);
enableCopying(document);
enableTheme(redrawCharts);
enablePrinting(redrawCharts);
// Text is measured by the fonts, which may take a moment to be decoded.
document.fonts.ready.then(start, start);

function start(): void {
  drawCharts();
  enableFolds(drawCharts);
  void unpackParts((part) => {
    enableSorting(part);
    enableCopying(part);
    // It may be open already, or be what the address is about.
    drawCharts();
    const wanted = openPart(location.hash);
    if (part.contains(wanted)) wanted?.scrollIntoView();
  });
}
