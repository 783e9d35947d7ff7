import { Resvg, type ResvgRenderOptions } from '@resvg/resvg-js';
import { findShipped } from '../config/load.ts';
import { SidecarError } from '../util/errors.ts';

/** The letters of our own charts; those of other scripts are the machine's. */
const FONT = 'configs/dashboards/DejaVuSans.ttf';

/**
 * Fonts for `sans-serif`: the one that ships, then those of the machine, `withMachine`. Throws `SidecarError` (`config`) where
 * the package is not whole.
 */
export function findFonts({ withMachine }: { withMachine: boolean }): ResvgRenderOptions['font'] {
  const shipped = findShipped(FONT);
  if (shipped === undefined)
    throw new SidecarError('config', `${FONT} is missing from the package: install it anew`);
  return { defaultFontFamily: 'DejaVu Sans', fontFiles: [shipped], loadSystemFonts: withMachine };
}

/** An SVG picture as PNG, of two pixels a point. Throws as `findFonts`. */
export function renderPng(svg: string, font = findFonts({ withMachine: true })): Uint8Array {
  const picture = new Resvg(svg, { background: 'white', font: font!, fitTo: { mode: 'zoom', value: 2 } });
  return picture.render().asPng();
}
