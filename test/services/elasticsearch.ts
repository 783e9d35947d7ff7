import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installed, type Service, type StartOptions, start } from './service.ts';

/** Little memory and a quick start before top speed. */
const lightJvm = '-Xms512m -Xmx512m -XX:TieredStopAtLevel=1 -XX:-AlwaysPreTouch';

/**
 * Starts a single Elasticsearch node without security. `jvm` replaces the JVM's flags. When we are root it runs
 * as nobody (it refuses root), who must be able to reach `dataDir`, and owns it afterwards.
 */
export async function startElasticsearch(options: StartOptions & { jvm?: string } = {}): Promise<Service> {
  const { jvm = lightJvm, ...where } = options;
  const home = installed('elasticsearch', 'TEST_ELASTICSEARCH_HOME');
  const java = join(installed('jdk', 'TEST_ES_JAVA_HOME'), 'bin/java');
  const user = process.getuid?.() === 0 ? 'nobody' : undefined;
  return start({
    ...where,
    name: 'elasticsearch',
    url: (port) => `http://127.0.0.1:${port}`,
    command: (port, dataDir) => {
      configure(home, dataDir, port);
      if (user) execFileSync('chown', ['-R', `${user}:`, dataDir]);
      const launcher = [
        join(home, 'lib/tools/server-launcher/*'),
        'org.elasticsearch.server.launcher.ServerLauncher',
      ];
      return [java, '-Xms4m', '-Xmx64m', '-XX:+UseSerialGC', '-cp', ...launcher];
    },
    env: (_port, dataDir) => ({
      PATH: process.env.PATH,
      HOSTNAME: 'localhost',
      ES_HOME: home,
      ES_PATH_CONF: join(dataDir, 'config'),
      ES_TMPDIR: join(dataDir, 'tmp'),
      ES_JAVA_OPTS: jvm,
      ES_DISTRIBUTION_TYPE: 'zip',
      JAVA: java,
      JAVA_TYPE: 'ES_JAVA_HOME',
    }),
    // The launcher takes the working directory for Elasticsearch's home.
    cwd: home,
    user,
    timeoutMs: 120_000,
    ready: elasticsearchVersion,
  });
}

function configure(home: string, dataDir: string, port: number): void {
  for (const name of ['config', 'data', 'logs', 'repo', 'tmp'])
    mkdirSync(join(dataDir, name), { recursive: true });
  const settings = `
cluster.name: test
node.name: test-${port}
path.data: ${dataDir}/data
path.logs: ${dataDir}/logs
path.repo: ${dataDir}/repo
network.host: 127.0.0.1
http.port: ${port}
discovery.type: single-node
xpack.security.enabled: false
cluster.routing.allocation.disk.threshold_enabled: false
`;
  const logging = `
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] [%node_name]%marker %m%consoleException%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
`;
  // Their own options, less those that write a GC log, heap dumps and crash reports into the home.
  const jvmOptions = readFileSync(join(home, 'config/jvm.options'), 'utf8')
    .split('\n')
    .filter((line) => !/^-Xlog:|HeapDump|^-XX:ErrorFile/.test(line))
    .join('\n');
  writeFileSync(join(dataDir, 'config/elasticsearch.yml'), settings);
  writeFileSync(join(dataDir, 'config/log4j2.properties'), logging);
  writeFileSync(join(dataDir, 'config/jvm.options'), jvmOptions);
}

/** Rejects while Elasticsearch can't be reached or its cluster has no master. Takes credentials in the URL. */
export async function elasticsearchVersion(url: string): Promise<string> {
  await get(url, '/_cluster/health?wait_for_status=yellow&timeout=2s');
  const { version } = (await get(url, '/')) as { version: { number: string } };
  return version.number;
}

async function get(url: string, path: string): Promise<unknown> {
  const { origin, username, password } = new URL(url);
  const login = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    'base64',
  );
  const response = await fetch(origin + path, {
    headers: username ? { authorization: `Basic ${login}` } : {},
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}
