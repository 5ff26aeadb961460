/** Rich text of a section as markup. */

import { type Inline, inlines, type Text } from '../../sections/section.ts';
import { printable } from '../../text.ts';
import { html, type Markup, name, tied } from './markup.ts';

export function textMarkup(text: Text): Markup {
  return html`${inlines(text).map(partMarkup)}`;
}

function partMarkup(part: Inline): Markup {
  // A damaged file of a session can have any text in the place of a figure.
  if (typeof part === 'string') return html`${tied(printable(part))}`;
  switch (part.as) {
    case 'name':
      return name(part.text, 400);
    case 'code':
      return html`<code>${part.text}</code>`;
    case 'strong':
      return html`<strong>${tied(part.text)}</strong>`;
    case 'faint':
      return html`<span class="muted">${tied(part.text)}</span>`;
    case 'anchor':
      return html`<a href="#${part.to}">${part.text}</a>`;
    case 'fold':
      return html`<details><summary>${part.text}</summary>${part.whole.map((line) => html`<div>${line}</div>`)}</details>`;
  }
}
