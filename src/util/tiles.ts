import type { Said } from '../terminal/messages.ts';
import { type Html, html } from './html.ts';

/** One figure of a page. */
export interface Tile {
  name: Said;
  value: string;
  /** What it means. */
  note: Said;
  state?: 'good' | 'warning' | 'bad' | undefined;
}

/** Figures side by side. */
export function renderTiles(tiles: readonly Tile[]): Html {
  const items = tiles.map(
    ({ name, value, note, state = '' }) =>
      html`<div class="card"><dt>${name}</dt><dd class="value ${state}">${value}</dd><dd class="faint">${note}</dd></div>`,
  );
  return html`<dl class="tiles">${items}</dl>`;
}
