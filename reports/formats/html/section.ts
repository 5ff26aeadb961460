/** A section of a document as a part of a page. */

import type { Chart } from '../../charts/chart.ts';
import type { Document } from '../../documents/document.ts';
import { isEmpty, type Section, type Table } from '../../sections/section.ts';
import { figureOf } from './figure.ts';
import { html, type Markup } from './markup.ts';
import type { Place } from './place.ts';
import { tableMarkup } from './table.ts';
import { textMarkup } from './text.ts';

/** The sections that a page has something to show of; the top is not among them. */
export function pageSections(document: Document): Section[] {
  return [...document.sections, ...(document.reference ?? [])].filter(
    (section) => section.weight !== 'top' && hasContent(section, document),
  );
}

function hasContent(section: Section, document: Document): boolean {
  const { tables = [], notes = [], lead = [], charts = [] } = section;
  if (isEmpty(section)) return false;
  if (tables.some(({ rows }) => rows.length > 0) || notes.length > 0) return true;
  return chartsOf(section, document).length > 0 || (lead.length > 0 && tables.length + charts.length === 0);
}

function chartsOf({ charts = [] }: Section, document: Document): readonly Chart[] {
  return charts.flatMap((name) => document.charts?.(name) ?? []);
}

export function sectionMarkup(section: Section, document: Document, place: Place): Markup {
  const { id, title } = section;
  const { prefix } = place;
  return html`<section id="${prefix}${id}"${prefix === '' ? html` aria-labelledby="${id}-title"` : ''}><h2 id="${prefix}${id}-title">${title}</h2>
${leadMarkup(section)}${figuresMarkup(section, document, place)}${tablesMarkup(section, place)}${notesMarkup(section)}</section>
`;
}

/** The answer, and what belongs to it: charts beside their tables. */
export function topMarkup(document: Document, place: Place): Markup {
  const { prefix } = place;
  const { next = null, warnings = [], lead = [] } = document;
  const top = document.sections.filter((section) => section.weight === 'top' && hasContent(section, document));
  return html`<section class="top"${prefix === '' ? html` aria-labelledby="answer"` : ''}>
${warnings.map((text) => html`<p class="warning" role="note"><strong>Warning.</strong> ${textMarkup(text)}</p>\n`)}<h2 class="answer" id="${prefix}answer">${textMarkup(document.answer ?? document.kind)}</h2>
${lead.map((text, index) => html`<p class="lead${index > 0 ? ' muted' : ''}">${textMarkup(text)}</p>\n`)}${top.map((section) => topSection(section, document, place))}${
  next === null
    ? ''
    : html`<p class="muted">${next.sentence}${next.command === null ? '.' : html`: <code>${next.command}</code>`}</p>\n`
}</section>
`;
}

function topSection(section: Section, document: Document, place: Place): Markup {
  const charts = chartsOf(section, document);
  const text = html`${leadMarkup(section)}${tablesMarkup(section, place)}${notesMarkup(section)}`;
  if (charts.length === 0) return html`<div>${text}</div>\n`;
  return html`<div class="pair">
<div>${charts.map((chart) => figureOf(chart, place, { quiet: true }))}</div>
<div>${text}</div>
</div>
`;
}

function leadMarkup({ lead = [] }: Section): Markup {
  return html`${lead.map((text) => html`<p>${textMarkup(text)}</p>\n`)}`;
}

function figuresMarkup(section: Section, document: Document, place: Place): Markup {
  const charts = chartsOf(section, document);
  const [first] = charts;
  if (first === undefined) return html``;
  const about = section.aboutCharts === undefined ? '' : html`<p>${textMarkup(section.aboutCharts)}</p>\n`;
  if (charts.length === 1) return html`${about}${figureOf(first, place, { quiet: first.title === section.title })}`;
  return html`${about}<div class="grid">${charts.map((chart) => figureOf(chart, place))}</div>\n`;
}

function tablesMarkup({ tables = [] }: Section, place: Place): Markup {
  const filled = tables.filter(({ rows }) => rows.length > 0);
  const isTitled = ({ form }: Table) => form === 'facts' && filled.length > 1;
  return html`${filled.map((table) => {
    const shown = tableMarkup(table, place);
    if (table.folded) return html`<details><summary>${table.caption}</summary>${shown}</details>\n`;
    return isTitled(table) ? html`<h3>${table.caption}</h3>\n${shown}` : shown;
  })}`;
}

function notesMarkup({ notes = [], notesTitle }: Section): Markup {
  if (notes.length === 0) return html``;
  const list = html`<ul>${notes.map((text) => html`<li>${textMarkup(text)}</li>\n`)}</ul>\n`;
  return notesTitle === undefined
    ? list
    : html`<details data-print><summary>${notesTitle}</summary>${list}</details>\n`;
}
