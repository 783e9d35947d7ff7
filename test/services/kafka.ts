import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, installed, type Service, type StartOptions, start } from './service.ts';

const VERSION = '4.1.0';

/** How many partitions a topic has, which is made when something is written to it. */
export const PARTITIONS = 4;

/** A single Kafka broker, which is its own controller; `url` is what clients call its bootstrap server, `host:port`. */
export async function startKafka(options: StartOptions = {}): Promise<Service> {
  const controller = await freePort();
  return start({
    ...options,
    name: 'kafka',
    url: (port) => `127.0.0.1:${port}`,
    command: (port, dataDir) => {
      const file = join(dataDir, 'server.properties');
      // A broker that comes back finds its controller where it was.
      if (!existsSync(file)) {
        writeFileSync(file, propertiesOf(dataDir, port, controller));
        run(
          'kafka.tools.StorageTool',
          'format',
          '--cluster-id',
          'dGVzdHMtb2YtdGhlLWJyb2tlcg',
          '--config',
          file,
        );
      }
      return [...java('-Xms256m', '-Xmx256m'), 'kafka.Kafka', file];
    },
    timeoutMs: 60_000,
    ready: async (url) => {
      await new Promise<void>((resolve, reject) => {
        const socket = connect(Number(url.split(':')[1]), '127.0.0.1', () =>
          resolve(socket.destroy() && undefined),
        );
        socket.once('error', reject);
      });
      return VERSION;
    },
  });
}

/** How many partitions each member of a consumer group reads. */
export function partitionsOf({ url }: Service, group: string): number[] {
  const args = ['--bootstrap-server', url, '--describe', '--group', group, '--members'];
  const table = run('org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', ...args);
  return table
    .split('\n')
    .filter((line) => line.startsWith(group))
    .map((line) => Number(line.trim().split(/\s+/).at(-1)));
}

function propertiesOf(dataDir: string, port: number, controller: number): string {
  return `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs=${dataDir}/log
num.partitions=${PARTITIONS}
offsets.topic.num.partitions=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
`;
}

/** Runs one of Kafka's tools; returns what it prints. */
function run(tool: string, ...args: string[]): string {
  const [command = '', ...flags] = java('-Xmx128m', '-XX:TieredStopAtLevel=1');
  return execFileSync(command, [...flags, tool, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

function java(...flags: string[]): string[] {
  const home = installed(`kafka-${VERSION}`, 'TEST_KAFKA_HOME');
  return [join(installed('jdk', 'TEST_ES_JAVA_HOME'), 'bin/java'), ...flags, '-cp', join(home, 'lib/*')];
}
