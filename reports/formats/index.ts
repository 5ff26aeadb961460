/** The registry of formats: one line each. Those for people come first. */

import { sessionDocument } from '../documents/session.ts';
import { clean } from '../text.ts';
import { bencher } from './bencher.ts';
import { benchfmt } from './benchfmt.ts';
import { criterion } from './criterion.ts';
import { csv } from './csv.ts';
import { each, type Format } from './format.ts';
import { githubAction } from './github-action.ts';
import { googleBenchmark } from './google-benchmark.ts';
import { htmlPage } from './html/format.ts';
import { hyperfine } from './hyperfine.ts';
import { json } from './json.ts';
import { junit } from './junit.ts';
import { latexText } from './latex.ts';
import { markdownText } from './markdown.ts';
import { openmetrics } from './openmetrics.ts';
import { otava } from './otava.ts';
import { png, svg } from './pictures.ts';
import { pyperf } from './pyperf.ts';
import { terminalText } from './terminal.ts';

const terminal: Format = {
  name: 'terminal',
  extension: 'txt',
  summary: 'Plain text at 80 columns, the answer first',
  audience: 'people',
  many: false,
  files: each('report.txt', ({ model }) => terminalText(sessionDocument(model))),
};

const markdown: Format = {
  name: 'md',
  extension: 'md',
  summary: "Markdown for a pull request's comment or a job's summary, the verdicts first",
  audience: 'people',
  many: false,
  files: each('report.md', ({ model }) => markdownText(sessionDocument(model))),
};

const latex: Format = {
  name: 'latex',
  extension: 'tex',
  summary: 'Tables and the chart of the answer, to be put into an article in LaTeX',
  audience: 'people',
  many: false,
  files: each('report.tex', ({ model }) =>
    latexText(sessionDocument(model), clean(model.session.id, 60).replace(/[^\w-]/g, '-')),
  ),
};

export const FORMATS: readonly Format[] = [
  terminal,
  json,
  markdown,
  csv,
  htmlPage,
  png,
  svg,
  latex,
  hyperfine,
  pyperf,
  benchfmt,
  githubAction,
  openmetrics,
  junit,
  otava,
  criterion,
  bencher,
  googleBenchmark,
];

export function formatsFor(audience: Format['audience']): readonly Format[] {
  return FORMATS.filter((format) => format.audience === audience);
}
