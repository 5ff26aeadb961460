/** Draws charts to PNG and SVG with chartjs-node-canvas, the same bytes every time. */

import { createRequire } from 'node:module';
import type { ChartConfiguration, Plugin } from 'chart.js';
import type { ChartJSNodeCanvas } from 'chartjs-node-canvas';
import type { Chart } from '../charts/chart.ts';
import { assetPath } from './html/assets.ts';
import { html } from './html/markup.ts';

type Format = 'png' | 'svg';

/** What pictures.cjs gives. */
interface Pictures {
  release(): void;
  readonly ChartJSNodeCanvas: typeof ChartJSNodeCanvas;
  readonly errorBars: typeof import('chartjs-chart-error-bars');
  readonly boxes: typeof import('@sgratzl/chartjs-chart-boxplot');
  readonly annotation: Plugin;
}

const require = createRequire(import.meta.url);
const MIME = { png: 'image/png', svg: 'image/svg+xml' } as const;

/** Twice as many pixels as CSS pixels: sharp on paper and on dense screens. */
const PNG_RATIO = 2;
const TITLE = { display: true, align: 'start', font: { size: 15, weight: 'bold' }, color: '#16191d' } as const;
/** A picture has no page behind it. The library's own is of the size of the first canvas. */
const PAPER: Plugin = {
  id: 'paper',
  beforeDraw: ({ ctx, width, height }) => {
    ctx.save();
    ctx.fillStyle = '#ffffff';
    ctx.fillRect(0, 0, width, height);
    ctx.restore();
  },
};
const CAPTION = { display: true, align: 'start', font: { size: 11 }, color: '#5d6670' } as const;
/** Above and below a title, px: Chart.js's own. */
const TITLE_PADDING = 10;
const CAPTION_HEIGHT = 20;
/** Where a vector picture is opened without Boxmark's fonts. */
const FONTS = 'Inter, Helvetica, Arial, sans-serif';

/** A drawer keeps one canvas for each size. */
export function newDrawer(format: Format): (chart: Chart) => Uint8Array {
  const canvases = new Map<string, ChartJSNodeCanvas>();
  return (chart) => {
    const { width } = chart;
    const height = chart.height + (chart.caption === undefined ? 0 : CAPTION_HEIGHT);
    const key = `${width}x${height}`;
    const canvas = canvases.get(key) ?? newCanvas(format, width, height);
    canvases.set(key, canvas);
    const bytes = canvas.renderToBufferSync(configOf(chart, format), MIME[format]);
    const picture =
      format === 'png' ? new Uint8Array(bytes) : new TextEncoder().encode(finished(bytes.toString('utf8'), chart));
    load().release();
    return picture;
  };
}

/**
 * The library numbers the ids of an SVG through all that a process draws; here each picture has its own, so that the same
 * chart gives the same bytes. And a picture without its page says what it shows.
 */
function finished(svg: string, { heading, description }: Chart): string {
  const ids = new Map(
    [...new Set([...svg.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id))].map((id, at) => [id, `p${at + 1}`]),
  );
  const text = svg
    .replace(/\sid="([^"]+)"/g, (_, id: string) => ` id="${ids.get(id)}"`)
    .replace(/(url\(#|href="#)([^)"]+)/g, (_, before: string, id: string) => before + (ids.get(id) ?? id))
    .replaceAll('font-family="Inter"', `font-family="${FONTS}"`);
  const about = html`<title>${heading}</title><desc>${description}</desc>`.markup;
  // Without it a picture that is placed at another size is cut instead of scaled.
  const box = (attributes: string) =>
    `viewBox="0 0 ${['width', 'height'].map((name) => new RegExp(`${name}="([\\d.]+)"`).exec(attributes)?.[1] ?? 0).join(' ')}"`;
  return text.replace(
    /<svg ([^>]*[^/])>/,
    (_, attributes: string) => `<svg role="img" ${attributes} ${box(attributes)}>${about}`,
  );
}

/** Drawing changes a configuration, so each gets its own; a picture is seen without its page and needs a title. */
function configOf(chart: Chart, format: Format): ChartConfiguration {
  const config = structuredClone(chart.config) as unknown as ChartConfiguration;
  const options = config.options as Record<string, unknown> & { plugins?: Record<string, unknown> };
  options.devicePixelRatio = format === 'png' ? PNG_RATIO : 1;
  // What a chart wants free above itself must be free below the title.
  const { top = 0 } = (options.layout as { padding?: { top?: number } } | undefined)?.padding ?? {};
  const below = TITLE_PADDING + top;
  const caption =
    chart.caption === undefined ? {} : { subtitle: { ...CAPTION, padding: { bottom: below }, text: chart.caption } };
  const padding = { top: TITLE_PADDING, bottom: chart.caption === undefined ? below : 5 };
  options.plugins = { ...options.plugins, title: { ...TITLE, padding, text: chart.heading }, ...caption };
  options.layout = { padding: { left: 12, right: 20, top: 8, bottom: 8 } };
  return config;
}

const load = () => require(assetPath('pictures.cjs')) as Pictures;

function newCanvas(format: Format, width: number, height: number): ChartJSNodeCanvas {
  const { ChartJSNodeCanvas: Canvas, errorBars, boxes, annotation } = load();
  const canvas = new Canvas({
    width,
    height,
    ...(format === 'svg' ? { type: 'svg' as const } : {}),
    chartCallback: (Chart) => {
      Chart.register(
        errorBars.ScatterWithErrorBarsController,
        errorBars.PointWithErrorBar,
        boxes.BoxPlotController,
        boxes.BoxAndWiskers,
        annotation,
        PAPER,
      );
      Chart.defaults.plugins.legend.labels.filter = ({ text }) => text !== '';
      Chart.defaults.font.family = 'Inter';
      Chart.defaults.color = '#3c434b';
      Chart.defaults.borderColor = '#e3e6ea';
    },
  });
  // A bare machine has no fonts, and text without a font vanishes.
  for (const weight of ['400', '700']) {
    canvas.registerFont(assetPath(`inter-latin-${weight}-normal.woff2`), { family: 'Inter', weight });
  }
  return canvas;
}
