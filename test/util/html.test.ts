import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { html, renderPage } from '../../src/util/html.ts';

test('whatever is put into a template is text', () => {
  const nasty = `<script>"&'</script>\0`;
  assert.equal(html`<p title="${nasty}">${nasty}</p>`.text.match(/<script|\0/), null);
  assert.equal(
    html`${'<b>'}${html`<i>${1}</i>`}${['a', html`<br>`]}${undefined}`.text,
    '&lt;b&gt;<i>1</i>a<br>',
  );
});

test('the policy allows the styles and the script that the page holds, and no other', () => {
  const { html: text, policy } = renderPage({
    title: 'T',
    renewSeconds: 5,
    links: [],
    main: html``,
    footer: html``,
  });
  const hashOf = (tag: string): string => {
    const [, inner = ''] = new RegExp(`<${tag}>([^]*)</${tag}>`).exec(text)!;
    return `'sha256-${createHash('sha256').update(inner).digest('base64')}'`;
  };
  assert.match(policy, /^default-src 'none'; /);
  assert.ok(policy.includes(`style-src ${hashOf('style')};`));
  assert.ok(policy.includes(`script-src ${hashOf('script')};`));
  assert.doesNotMatch(policy, /unsafe|http|\*/);
  assert.doesNotMatch(
    renderPage({ title: 'T', links: [], main: html``, footer: html`` }).policy,
    /script-src|connect-src/,
  );
});
