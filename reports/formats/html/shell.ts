/** The frame of a page: one file without network access, with its script, style and fonts inside and hashes for both. */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { assetPath, assetText } from './assets.ts';
import { html, type Markup, unescaped } from './markup.ts';

export interface Page {
  readonly title: string;
  readonly eyebrow: Markup;
  readonly heading: string;
  readonly navigation: readonly { readonly id: string; readonly title: string }[];
  readonly body: Markup;
  readonly footer: Markup;
}

/** Deterministic: built from the page and the files of the build alone. */
export function pageOf({ title, eyebrow, heading, navigation, body, footer }: Page): string {
  const script = assetText('main.js').trim();
  const style = `${fontFaces()}${assetText('style.css').trim()}`;
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    'font-src data:',
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${unescaped(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the answer</a>
<header class="page"><div class="brand"><span class="mark" aria-hidden="true"></span><h1>${heading}</h1></div>
<p class="eyebrow">${eyebrow}</p>
<button type="button" id="theme" class="quiet" hidden>Colours: auto</button></header>
<nav aria-label="Sections"><ul>${navigation.map(({ id, title: text }) => html`<li><a href="#${id}">${text}</a></li>`)}</ul></nav>
<main id="main" tabindex="-1">
<noscript><p class="warning">Charts need JavaScript, which is off. The figures of each chart are in a table below it.</p></noscript>
${body}</main>
<footer>${footer}</footer>
<p id="status" class="offscreen" role="status"></p>
<script>${unescaped(script)}</script>
</body>
</html>
`.markup;
}

function fontFaces(): string {
  return ['400', '700']
    .map((weight) => {
      const bytes = readFileSync(assetPath(`inter-latin-${weight}-normal.woff2`)).toString('base64');
      return `@font-face{font-family:Inter;font-weight:${weight};font-style:normal;src:url(data:font/woff2;base64,${bytes}) format("woff2")}`;
    })
    .join('');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
