/** Draws every chart of the page from its configuration, in the page's colours and at the width that there is. */

import { BoxAndWiskers, BoxPlotController } from '@sgratzl/chartjs-chart-boxplot';
import {
  BarController,
  BarElement,
  CategoryScale,
  Chart,
  type ChartConfiguration,
  Filler,
  Legend,
  LinearScale,
  LineController,
  LineElement,
  LogarithmicScale,
  PointElement,
  ScatterController,
  Tooltip,
} from 'chart.js';
import { PointWithErrorBar, ScatterWithErrorBarsController } from 'chartjs-chart-error-bars';
import annotation from 'chartjs-plugin-annotation';
import { percentAt } from '../charts/change-axis.ts';

Chart.register(
  ...[BarController, LineController, ScatterController, ScatterWithErrorBarsController, BoxPlotController],
  ...[BarElement, LineElement, PointElement, PointWithErrorBar, BoxAndWiskers],
  ...[CategoryScale, LinearScale, LogarithmicScale, Legend, Tooltip, Filler, annotation],
);

/** Below this width names on an axis are cut, so that the plot keeps its room. */
const NARROW = 460;
const NARROW_NAME = 14;

const drawn = new Map<HTMLCanvasElement, Chart>();

/** Those in sight: what is closed has no width. */
export function drawCharts(): void {
  for (const canvas of document.querySelectorAll<HTMLCanvasElement>('canvas[data-config]')) {
    if (canvas.closest('details:not([open])') === null) draw(canvas);
  }
  document.documentElement.dataset.drawn = 'true';
}

/** Reads the colours again: a chart can't change those it was made with. */
export function redrawCharts(): void {
  for (const chart of drawn.values()) chart.destroy();
  drawn.clear();
  drawCharts();
}

function draw(canvas: HTMLCanvasElement): void {
  const text = document.getElementById(canvas.dataset.config ?? '')?.textContent;
  if (!text || drawn.has(canvas)) return;
  const frame = canvas.parentElement;
  if (frame !== null) frame.style.height = `${frame.dataset.height}px`;
  const style = getComputedStyle(document.documentElement);
  Chart.defaults.color = style.getPropertyValue('--ink-2').trim();
  Chart.defaults.borderColor = style.getPropertyValue('--grid').trim();
  Chart.defaults.plugins.legend.labels.filter = ({ text }) => text !== '';
  Chart.defaults.font.family = 'Inter, system-ui, sans-serif';
  const config = JSON.parse(text) as ChartConfiguration;
  openMarks(config, style.getPropertyValue('--paper').trim());
  drawn.set(canvas, new Chart(canvas, adapted(config, canvas)));
}

interface Item {
  readonly raw?: { readonly t?: string };
  readonly formattedValue: string;
  readonly label: string;
  readonly dataset: { readonly label?: string };
  readonly parsed: { readonly y: number };
}

/** A point that says nothing itself: of a logarithmic axis its difference, not its place. */
function valueText({ formattedValue, parsed }: Item, scales: { readonly change?: { readonly axis?: string } }): string {
  return scales.change?.axis === 'y' ? `${Number(percentAt(parsed.y).toPrecision(3))} %` : formattedValue;
}

/** A configuration is made for white paper: an open mark is filled with the page's own. */
function openMarks({ data }: ChartConfiguration, paper: string): void {
  const own = (colour: unknown) => (colour === '#ffffff' ? paper : colour);
  for (const set of data.datasets as { backgroundColor?: unknown }[]) {
    const colour = set.backgroundColor;
    set.backgroundColor = Array.isArray(colour) ? colour.map(own) : own(colour);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: options of any kind of chart, read from JSON.
function adapted(config: any, canvas: HTMLCanvasElement): ChartConfiguration {
  const { options } = config;
  const isNarrow = () => (canvas.parentElement?.clientWidth ?? 0) < NARROW;
  options.responsive = true;
  options.maintainAspectRatio = false;
  options.plugins.tooltip = {
    callbacks: {
      title: () => '',
      label: (item: Item) => item.raw?.t ?? `${item.dataset.label || item.label}: ${valueText(item, options.scales)}`,
    },
  };
  const { y } = options.scales;
  if (y?.type === 'category') {
    y.ticks = {
      autoSkip: false,
      callback(this: { getLabelForValue(value: number): string }, value: number) {
        const whole = this.getLabelForValue(value);
        const name = isNarrow() ? whole.replace(/ \(.*\)$/, '') : whole;
        return isNarrow() && name.length > NARROW_NAME ? `${name.slice(0, NARROW_NAME - 1)}…` : name;
      },
    };
  }
  return config;
}
