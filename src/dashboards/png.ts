import { Resvg, type ResvgRenderOptions } from '@resvg/resvg-js';
import { SidecarError } from '../util/errors.ts';

const OPTIONS: ResvgRenderOptions = {
  background: 'white',
  // For `sans-serif`; where it is missing, any font stands in. Without fontconfig, as in the image, resvg looks nowhere.
  font: { defaultFontFamily: 'DejaVu Sans', fontDirs: ['/usr/share/fonts'] },
  // Sharp also on screens of two pixels a point.
  fitTo: { mode: 'zoom', value: 2 },
};
const WORD =
  '<svg xmlns="http://www.w3.org/2000/svg" width="20" height="20"><text y="15" font-family="sans-serif">M</text></svg>';

/** An SVG picture as PNG, in the fonts of the machine. Throws `SidecarError` (`config`) where it has none: all words would be left out. */
export function renderPng(svg: string): Uint8Array {
  if (!hasFonts())
    throw new SidecarError(
      'config',
      'there are no fonts here, so PNG pictures would have no words: install some (fonts-dejavu-core on Debian), or take --format svg',
    );
  return new Resvg(svg, OPTIONS).render().asPng();
}

let found: boolean | undefined;

/** Nothing tells which fonts were found; but without any, a word leaves no trace. */
function hasFonts(): boolean {
  found ??= new Resvg(WORD, { font: OPTIONS.font! }).render().pixels.some((part) => part !== 0);
  return found;
}
