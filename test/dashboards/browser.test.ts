import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { eventually, TestList } from '../helpers.ts';
import { realLines } from '../samples.ts';
import { open, startChromium } from '../services/chromium.ts';
import { redisUrl } from '../services/env.ts';
import { expectedTables } from './expected.ts';
import { filled } from './sample.ts';

const LOOKS = {
  light: { colorScheme: 'light', viewport: { width: 1400, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1400, height: 900 } },
  phone: { colorScheme: 'light', viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true },
} as const;

/** The cells of a chart's table. */
function table(page: Page, chart: string): Promise<string[][]> {
  return page.$$eval(`#chart-${chart} tbody tr`, (rows) =>
    rows.map((row) => [...row.querySelectorAll('td')].map((cell) => cell.textContent ?? '')),
  );
}

/** How many marks of a kind a chart draws, those without extent left out. */
function marks(page: Page, chart: string, kind: 'rect' | 'symbol' | 'line'): Promise<number> {
  return page.$$eval(
    `#chart-${chart} svg .mark-${kind}.role-mark path`,
    (paths) =>
      paths.filter((path) => {
        const { width, height } = (
          path as unknown as { getBBox(): { width: number; height: number } }
        ).getBBox();
        return width > 0 && height > 0;
      }).length,
  );
}

/** What axe, the accessibility checker, has against a page. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
  });
}

async function isWiderThanItsWindow(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}

async function photograph(page: Page, name: string): Promise<void> {
  const folder = process.env.TEST_SCREENSHOTS;
  if (folder) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

async function assertTables(page: Page): Promise<void> {
  for (const [chart, rows] of Object.entries(expectedTables(realLines))) {
    const shown = await table(page, chart);
    // Those that come equally often may stand in any order.
    assert.deepEqual([...shown].sort(), [...rows].sort(), chart);
  }
}

test('the report, from a real Elasticsearch, is right, offline, and fit for every reader', {
  timeout: 180_000,
}, async (t) => {
  const { workspace, env } = await filled(t, realLines);
  const { code, stdout } = await workspace.run(['report'], env);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^report\.html: 14 charts, from 2026-11-24 19:25:11 UTC to 2026-11-24 19:26:39 UTC, in Elasticsearch at /,
  );
  const browser = await startChromium(t);
  const address = pathToFileURL(join(workspace.folder, 'report.html')).href;
  const inks = new Set<unknown>();
  for (const [name, look] of Object.entries(LOOKS)) {
    const { page, complaints, requests } = await open(browser, address, { ...look, offline: true });
    assert.deepEqual(complaints, [], name);
    assert.deepEqual(requests, [address], name);
    assert.equal(await isWiderThanItsWindow(page), false, name);
    await photograph(page, `report-${name}`);
    inks.add(
      await page.evaluate(
        "getComputedStyle(document.querySelector('#chart-levels .role-axis-label text')).fill",
      ),
    );
    if (name === 'light') {
      await assertTables(page);
      const rows = expectedTables(realLines);
      for (const chart of [
        'levels',
        'top-endpoints',
        'predictions',
        'feature-means',
        'top-functions',
        'error-kinds',
      ])
        assert.equal(await marks(page, chart, 'rect'), rows[chart]!.length, chart);
      const notZero = (chart: string): number =>
        rows[chart]!.filter(([, , n]) => n !== '0' && n !== '0.0').length;
      for (const chart of ['probabilities', 'error-rate', 'error-timeline'])
        assert.equal(await marks(page, chart, 'rect'), notZero(chart), chart);
      assert.equal(await marks(page, 'feature-drift', 'rect'), rows['feature-drift']!.length);
      for (const chart of ['latency', 'cpu', 'memory'])
        assert.equal(await marks(page, chart, 'symbol'), rows[chart]!.length, chart);
      assert.equal(await marks(page, 'latency', 'line'), 3);
    }
    await page.context().close();
    // The checker is a script, which the page's own policy would not let run.
    const checked = await open(browser, address, { ...look, bypassCSP: true });
    await checked.page.$$eval('details', (all) => {
      for (const one of all) (one as unknown as { open: boolean }).open = true;
    });
    assert.deepEqual(await violations(checked.page), [], name);
    await checked.page.context().close();
  }
  assert.equal(inks.size, 2, 'pictures are light or dark as the page is');
});

/** A sidecar from a list into files, with its pages, and what it wrote of `lines`. */
async function served(t: TestContext, lines: readonly string[]) {
  const { workspace, env, indices } = await filled(t, []);
  const memory = {
    ...{ label: 'Memory', index: `${indices.prefix}perfs`, window: '500w', value: 'max(memory_mb)' },
    ...{ unit: 'MB', warning: 100, critical: 1024, action: 'Optimise it' },
  };
  workspace.write('configs/alerts.yaml', JSON.stringify({ alerts: { memory } }));
  const list = new TestList(t);
  await list.push(lines);
  const sidecar = workspace.start(['run', '--continuous', '--interval', '0.2', '--listen', '127.0.0.1:0'], {
    ...env,
    REDIS_URL: redisUrl(),
    REDIS_LOGS_KEY: list.key,
  });
  await sidecar.says(/\/metrics are at http/);
  const at = /\/metrics are at (\S+)/.exec(sidecar.stderr)![1]!;
  await eventually('all is stored', async () =>
    /logs_read_total 253/.test(await (await fetch(`${at}/metrics`)).text()),
  );
  await indices.client.indices.refresh({ index: `${indices.prefix}*` });
  return { at, list, sidecar };
}

test('/dashboards, over a real Elasticsearch, is right, and can be used with the keyboard alone', {
  timeout: 180_000,
}, async (t) => {
  const { at } = await served(t, realLines);
  const browser = await startChromium(t);
  const { page, complaints, requests } = await open(browser, `${at}/dashboards?from=&to=`, LOOKS.light);
  await assertTables(page);
  await photograph(page, 'dashboards');

  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate('document.activeElement.textContent'), 'Skip to content');
  await page.locator('#chart-latency summary').focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('#chart-latency table').isVisible(), true);
  await page.keyboard.press('Tab');
  assert.equal(
    await page.evaluate("document.activeElement.getAttribute('aria-label')"),
    'Numbers of Latency',
  );

  await page.getByLabel('From, UTC').fill('2026-11-24T19:26:05');
  await page.getByLabel('To, UTC').fill('2026-11-24T19:26:39');
  await page.getByRole('button', { name: 'Show' }).press('Enter');
  await page.waitForURL(/from=2026-11-24T19%3A26%3A05/);
  const within = realLines.filter((line) => line.slice(11, 19) >= '19:26:05');
  assert.deepEqual(await table(page, 'levels'), [['INFO', String(within.length)]]);

  await page.getByRole('link', { name: '15 minutes' }).press('Enter');
  await page.waitForURL(/from=now-15m/);
  assert.equal(await page.getByRole('link', { name: '15 minutes' }).getAttribute('aria-current'), 'page');
  assert.equal(await page.getByText(/^Nothing in .* in this time\.$/).count(), 14);
  assert.deepEqual(complaints, []);
  for (const url of requests) assert.equal(new URL(url).origin, at);
});

test('/ tells the state of the run, and renews itself', { timeout: 180_000 }, async (t) => {
  const { at, list } = await served(t, realLines);
  const browser = await startChromium(t);
  const { page, complaints, requests } = await open(browser, at, LOOKS.light);
  const value = (name: string): Promise<string | null> =>
    page
      .locator('.tiles div', { has: page.getByText(name, { exact: true }) })
      .locator('.value')
      .textContent();
  assert.equal(await page.getByRole('status').textContent(), 'Logs can flow.');
  assert.equal(await value('Logs'), '253');
  assert.equal(await value('Dead letters'), '0');
  assert.match(
    (await page.locator('.servers').textContent())!,
    new RegExp(`reached Redis list "${list.key}"`),
  );
  // Alerts are looked at every 15 s; the scrapes above have done so before the logs could be found.
  await eventually('the alert is told', async () => {
    const told = await page.locator('section[aria-labelledby=alerts] tbody').textContent();
    return told === 'Memorywarning210 MB100 MB, 1024 MBOptimise it';
  });
  await photograph(page, 'status');

  // Too large to be a log: a dead letter, whose entry a caller wrote.
  await list.push([`2026-11-24 19:26:40 - api - INFO - <script>throw 1</script>${'x'.repeat(2 << 20)}`]);
  await eventually('the page has renewed itself', async () => (await value('Dead letters')) === '1');
  assert.match(
    (await page.locator('section[aria-labelledby=letters] tbody').textContent())!,
    /1parsethe entry has \d+ bytes/,
  );
  assert.deepEqual(complaints, []);
  for (const url of requests) assert.equal(new URL(url).origin, at);
  for (const [name, look] of Object.entries(LOOKS)) {
    const checked = await open(browser, at, { ...look, bypassCSP: true });
    assert.equal(await isWiderThanItsWindow(checked.page), false, name);
    assert.deepEqual(await violations(checked.page), [], name);
  }
});

test('what callers write stays text', { timeout: 180_000 }, async (t) => {
  const path = '/<script>throw(1)</script><img/src=x/onerror=throw(2)>"\'&';
  const line = `2026-11-24 19:26:40 - api - INFO - API Call - GET ${path} - Status: 404 - Time: 0.39ms`;
  const { workspace, env } = await filled(t, [...realLines, line]);
  assert.equal((await workspace.run(['report'], env)).code, 0);
  const browser = await startChromium(t);
  const address = pathToFileURL(join(workspace.folder, 'report.html')).href;
  const { page, complaints, requests } = await open(browser, address, { bypassCSP: true });
  assert.deepEqual(
    (await table(page, 'top-endpoints')).find(([name]) => name?.includes('script')),
    [`GET ${path}`, '1'],
  );
  assert.equal(await page.locator('img, script').count(), 0);
  assert.deepEqual([complaints, requests], [[], [address]]);
});
