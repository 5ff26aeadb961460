/** Where a page stands, and links from there to the files of a session. */

import type { Source } from '../../sections/section.ts';
import { html, type Markup } from './markup.ts';

export interface Place {
  /** In front of every id, so that several sessions fit into one page. */
  readonly prefix: string;
  /** The session's folder as seen from the page's. */
  readonly base: string;
}

/** `contrasts.csv, rows 2–7 (workload = fft)`, with links to the files. */
export function sourcesOf(sources: readonly Source[], base: string): Markup {
  return html`Computed from ${sources.map(
    (source, index) =>
      html`${index > 0 ? '; ' : ''}${linkTo(base, source.file)}${source.rows ? `, rows ${source.rows}` : ''}${
        source.filter ? ` (${source.filter})` : ''
      }`,
  )}. The header is row 1.`;
}

/** A relative link, whatever the folder is called. */
export function linkTo(base: string, file: string): Markup {
  const parts = [...base.split('/'), file].map(encodeURIComponent);
  const path = base === '.' ? `./${file}` : parts.join('/');
  return html`<a href="${path}">${file}</a>`;
}
