import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installed, type Service, type StartOptions, start } from './service.ts';

/** Little memory and a quick start before top speed. */
const lightJvm = '-Xms512m -Xmx512m -XX:TieredStopAtLevel=1 -XX:-AlwaysPreTouch';

/** An Elasticsearch that install.sh makes ready; those before 8.19 only with `--all`. */
export type ElasticsearchVersion = '7.17.15' | '8.14.1' | '8.19.8' | '9.4.3';

/**
 * Starts a single Elasticsearch node without security. `jvm` replaces the JVM's flags. When we are root it runs
 * as nobody (it refuses root), who must be able to reach `dataDir`, and owns it afterwards.
 */
export async function startElasticsearch(
  options: StartOptions & { jvm?: string; version?: ElasticsearchVersion } = {},
): Promise<Service> {
  const { jvm = lightJvm, version = '9.4.3', ...where } = options;
  const home =
    version === '9.4.3'
      ? installed('elasticsearch', 'TEST_ELASTICSEARCH_HOME')
      : installed(`elasticsearch-${version}`);
  // Until 8.16 or so it needs the security manager, which newer Javas don't have.
  const isOld = version === '7.17.15' || version === '8.14.1';
  const jdk = isOld ? installed('jdk17', 'TEST_JAVA17_HOME') : installed('jdk', 'TEST_ES_JAVA_HOME');
  const java = join(jdk, 'bin/java');
  const user = userOf();
  return start({
    ...where,
    name: 'elasticsearch',
    url: (port) => `http://127.0.0.1:${port}`,
    command: (port, dataDir) => {
      configure(home, dataDir, port, version);
      own(dataDir, user);
      return [java, ...launch(version, { home, dataDir, jvm })];
    },
    env: (_port, dataDir) => ({
      PATH: process.env.PATH,
      HOSTNAME: 'localhost',
      ES_HOME: home,
      ES_PATH_CONF: join(dataDir, 'config'),
      ES_TMPDIR: join(dataDir, 'tmp'),
      LIBFFI_TMPDIR: join(dataDir, 'tmp'),
      ES_JAVA_OPTS: jvm,
      ES_JAVA_HOME: jdk,
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

/** The arguments of java, as the shell scripts of each release have them. */
function launch(
  version: ElasticsearchVersion,
  { home, dataDir, jvm }: { home: string; dataDir: string; jvm: string },
): string[] {
  const launcherJvm = ['-Xms4m', '-Xmx64m', '-XX:+UseSerialGC'];
  const paths = [`-Des.path.home=${home}`, `-Des.path.conf=${dataDir}/config`, '-Des.distribution.type=zip'];
  if (version.startsWith('9.'))
    return [
      ...launcherJvm,
      '-cp',
      join(home, 'lib/tools/server-launcher/*'),
      'org.elasticsearch.server.launcher.ServerLauncher',
    ];
  if (version.startsWith('8.'))
    return [
      ...launcherJvm,
      '-Dcli.name=server',
      `-Dcli.script=${home}/bin/elasticsearch`,
      '-Dcli.libs=lib/tools/server-cli',
      ...paths,
      '-Des.java.type=ES_JAVA_HOME',
      '-cp',
      `${home}/lib/*:${home}/lib/cli-launcher/*`,
      'org.elasticsearch.launcher.CliToolLauncher',
    ];
  return [
    ...jvm.split(' '),
    `-Djava.io.tmpdir=${dataDir}/tmp`,
    ...['-Djava.security.manager=allow', '-Djna.nosys=true', '-Dlog4j2.disable.jmx=true'],
    ...['-Dfile.encoding=UTF-8', '-Djava.locale.providers=SPI,COMPAT', '-Dio.netty.noUnsafe=true'],
    '--add-opens=java.base/java.io=ALL-UNNAMED',
    ...paths,
    '-Des.distribution.flavor=default',
    '-Des.bundled_jdk=false',
    '-cp',
    `${home}/lib/*`,
    'org.elasticsearch.bootstrap.Elasticsearch',
  ];
}

function configure(home: string, dataDir: string, port: number, version: ElasticsearchVersion): void {
  // The 7.17 that can be had carries no security at all, and refuses a setting of it.
  const security = version.startsWith('7.') ? '' : 'xpack.security.enabled: false';
  configureNode(dataDir, port, 'elasticsearch.yml', security);
  // Their own options, less those that write a GC log, heap dumps and crash reports into the home.
  const options = join(home, 'config/jvm.options');
  if (!existsSync(options)) return;
  const dropped = version.startsWith('7.')
    ? /^-Xlog:|^9-:-Xlog|HeapDump|ErrorFile|^8:/
    : /^-Xlog:|HeapDump|^-XX:ErrorFile/;
  const lines = readFileSync(options, 'utf8').split('\n');
  writeFileSync(join(dataDir, 'config/jvm.options'), lines.filter((line) => !dropped.test(line)).join('\n'));
}

/** Writes the configuration of a single node, of Elasticsearch or OpenSearch, into `config/` of its data directory. */
export function configureNode(dataDir: string, port: number, file: string, more = ''): void {
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
cluster.routing.allocation.disk.threshold_enabled: false
${more}
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
  writeFileSync(join(dataDir, 'config', file), settings);
  writeFileSync(join(dataDir, 'config/log4j2.properties'), logging);
}

/** The user that a server which refuses root runs as. */
export function userOf(): string | undefined {
  return process.getuid?.() === 0 ? 'nobody' : undefined;
}

/** Gives a data directory to that user. */
export function own(dataDir: string, user: string | undefined): void {
  if (user) execFileSync('chown', ['-R', `${user}:`, dataDir]);
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
