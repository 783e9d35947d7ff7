import { join } from 'node:path';
import { configureNode, elasticsearchVersion, own, userOf } from './elasticsearch.ts';
import { installed, type Service, type StartOptions, start } from './service.ts';

/** An OpenSearch that install.sh makes ready; the older one only with `--all`. */
export type OpenSearchVersion = '2.19.1' | '3.8.0';

/** Starts a single OpenSearch node without its security plugin; as nobody where we are root. */
export async function startOpenSearch({
  version,
  ...where
}: StartOptions & { version: OpenSearchVersion }): Promise<Service> {
  const home = installed(`opensearch-${version}`);
  const java = join(installed('jdk', 'TEST_ES_JAVA_HOME'), 'bin/java');
  const user = userOf();
  return start({
    ...where,
    name: 'opensearch',
    url: (port) => `http://127.0.0.1:${port}`,
    command: (port, dataDir) => {
      configureNode(dataDir, port, 'opensearch.yml');
      own(dataDir, user);
      return [
        java,
        ...['-Xms512m', '-Xmx512m', '-XX:TieredStopAtLevel=1', '-Dfile.encoding=UTF-8'],
        ...[`-Djava.io.tmpdir=${dataDir}/tmp`, '-Dlog4j2.disable.jmx=true', '-Dio.netty.noUnsafe=true'],
        ...['-cp', `${home}/classes:${home}/lib/*`, 'OpenSearchMain', dataDir],
      ];
    },
    user,
    timeoutMs: 120_000,
    ready: elasticsearchVersion,
  });
}
