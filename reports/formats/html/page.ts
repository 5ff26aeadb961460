/** A document as one page, and the documents of several sessions side by side. */

import { deflateRawSync } from 'node:zlib';
import type { Document } from '../../documents/document.ts';
import type { Section } from '../../sections/section.ts';
import { plain } from '../../sections/section.ts';
import { html, type Markup } from './markup.ts';
import type { Place } from './place.ts';
import { pageSections, sectionMarkup, topMarkup } from './section.ts';
import { pageOf } from './shell.ts';
import { textMarkup } from './text.ts';

const ALONE: Place = { prefix: '', base: '.' };

export interface PageOptions {
  /** In the title of the window; the answer unless it is given. */
  readonly title?: string;
  readonly footer: string;
  /** The session's folder as seen from the page's. */
  readonly base?: string;
}

/** Self-contained, no network, the same bytes for the same document. */
export function pageText(document: Document, { title, footer, base }: PageOptions): string {
  const place = { ...ALONE, base: base ?? ALONE.base };
  const sections = pageSections(document);
  return pageOf({
    title: `Boxmark: ${title ?? plain(document.answer ?? document.kind)}`,
    heading: document.kind,
    eyebrow: aboutMarkup(document),
    navigation: [
      { id: 'main', title: 'Answer' },
      ...sections.map(({ id, title: long, short }) => ({ id, title: short ?? long })),
    ],
    body: html`${topMarkup(document, place)}${sections.map((section) => sectionMarkup(section, document, place))}`,
    footer: html`<p>${footer}</p>${sealMarkup(document)}`,
  });
}

/** A document below a common one, closed until it is asked for: a session among several. */
export interface Part {
  readonly document: Document;
  readonly base: string;
  /** What it is called on this page. */
  readonly title: string;
  /** The same in a navigation. */
  readonly short: string;
}

/** What is common first, then each document as it would be alone; what is the same for all once. */
export function partsPage(document: Document, parts: readonly Part[], footer: string): string {
  const sections = pageSections(document);
  const bodies = parts.map(({ document: own, base, title }, index) => {
    const place = { prefix: `s${index + 1}-`, base };
    const ownSections = pageSections(index === 0 ? own : { ...own, reference: [] });
    const shown = (section: Section) => sectionMarkup(section, own, place);
    const heading = html`<strong>${title}</strong> ${textMarkup(own.answer ?? own.kind)}`;
    const body = html`
<p class="eyebrow">${aboutMarkup(own)}</p>${topMarkup(own, place)}${ownSections.map(shown)}${sealMarkup(own)}`;
    return { id: `${place.prefix}session`, title, heading, body };
  });
  const isLong = bodies.reduce((sum, { body }) => sum + body.markup.length, 0) > MOST_UNPACKED;
  const articles = bodies.map(
    ({ id, title, heading, body }) =>
      html`<article id="${id}" aria-label="${title}"><details><summary>${heading}</summary>${isLong ? packed(body) : body}</details></article>\n`,
  );
  return pageOf({
    title: `Boxmark: ${plain(document.answer ?? document.kind)}`,
    heading: document.kind,
    eyebrow: aboutMarkup(document),
    navigation: [
      ...sections.map(({ id, title: long, short }) => ({ id, title: short ?? long })),
      ...parts.map(({ short }, index) => ({ id: `s${index + 1}-session`, title: short })),
    ],
    body: html`${topMarkup(document, ALONE)}${sections.map((section) => sectionMarkup(section, document, ALONE))}<section id="each" aria-labelledby="each-title"><h2 id="each-title">Each session by itself</h2>
${articles}</section>
`,
    footer: html`<p>${footer}</p>`,
  });
}

/** From so many characters of sessions on, a page has them packed: twenty sessions would be six megabytes. */
const MOST_UNPACKED = 1.2e6;

/** Closed until they are asked for, they are unpacked by the page's script. */
function packed({ markup }: Markup): Markup {
  const bytes = deflateRawSync(markup, { level: 9 }).toString('base64');
  return html`<p class="warning" data-until-unpacked>This session is packed, because the page has so many of them, and is unpacked by JavaScript. Where that is off, or the browser is of before 2023: boxmark report with this session alone writes a page that is text.</p><script type="text/plain" data-packed>${bytes}</script>`;
}

function sealMarkup({ seal = null }: Document): Markup {
  return seal === null ? html`` : html`<p>Seal: <code>${seal}</code></p>`;
}

function aboutMarkup({ about }: Document): Markup {
  return html`${about.map((text, index) => html`${index > 0 ? ' · ' : ''}${textMarkup(text)}`)}`;
}
